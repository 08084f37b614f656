using System.Collections.Concurrent;
using Retort.Analysis.Scaling;
using Retort.Inference;
using Retort.Models;
using Retort.Recipes.Scaling;

namespace Retort.Cli.Scaling;

/// <summary>What a sweep looks at: samples, lists, costs and words for the report.</summary>
/// <param name="Subject">For the report.</param>
/// <param name="Pool">The samples.</param>
/// <param name="Budgets">S.</param>
/// <param name="Samples">N.</param>
/// <param name="Cost">Costs; null where they are not known.</param>
internal sealed record ScalingWork(
    ScalingSubject Subject, IScalingPool Pool, IReadOnlyList<int> Budgets, IReadOnlyList<int> Samples, ScalingCost? Cost)
{
    /// <summary>Of samples as they are.</summary>
    public static ScalingWork Of(
        ScalingSamples samples, string source, IReadOnlyList<int> budgets, IReadOnlyList<int> numbers, ModelConfig? config, IReadOnlyList<string> notes) => new(
            new ScalingSubject(
                samples.Model, source, samples.Temperature, HasVerifier: true, samples.TokensDrawn,
                [
                    samples.HasProofs
                        ? "S counts the tokens of the chain, without its frame. A chain verifies if it is a proof of at most S tokens; best of N is "
                            + $"e + {samples.Guess:0.##} (1 - e), a guess where none verifies. A sample votes if it ended with a chain of at most S tokens."
                        : "S counts all tokens of a completion, its end token included. A sample verifies, and votes, if it ended within S.",
                    .. notes,
                ]),
            samples, budgets, numbers, config is null ? null : CostOf(config, samples));

    /// <summary>By the engine's counters; lengths come again and again.</summary>
    private static ScalingCost CostOf(ModelConfig config, ScalingSamples samples)
    {
        var counted = new ConcurrentDictionary<int, double>();
        double Flops(int tokens) => counted.GetOrAdd(tokens, length => length == 0 ? 0 : GenerationCost.Flops(config, length));
        return new(
            problem => Flops(samples.Samples[problem][0].PromptTokens),
            (problem, written) => Flops(samples.Samples[problem][0].PromptTokens + written) - Flops(samples.Samples[problem][0].PromptTokens));
    }
}
