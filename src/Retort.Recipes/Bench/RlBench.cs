using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tensors;
using Retort.Training.Rl;

namespace Retort.Recipes.Bench;

/// <summary>
/// A step of reinforcement learning as small studies take it: GRPO on a model of 1.3 million parameters, 64 problems of 25 tokens
/// completed 8 times with about 35 tokens, one update, without and with the divergence from a reference; and decoding by itself, at
/// the batch that the rollouts have.
/// </summary>
internal static class RlBench
{
    private const int PromptTokens = 25, MaxNewTokens = 40, DecodeSequences = 128, NumWords = 124;

    /// <summary>The step, its rollout, its learning, the step with a reference, and decoding.</summary>
    public static IEnumerable<BenchResult> Run(Device device, BenchClock clock)
    {
        var tokenizer = WordLevelTokenizer.ForWords([.. Enumerable.Range(0, NumWords).Select(i => $"w{i}")]);
        var shape = new BenchShape("rl-1.3m", 160, 4, 5, 96, 0, tokenizer.VocabularySize);
        var config = shape.Model;
        using var model = new Transformer(config, device);
        model.Initialize(EngineBench.Seed);
        var settings = new RlSettings
        {
            Steps = int.MaxValue,
            PromptsPerStep = 64,
            SamplesPerPrompt = 8,
            DecodeSequences = DecodeSequences,
            MaxNewTokens = MaxNewTokens,
            LearningRate = 1e-9,
        };
        var (whole, steps) = Measure(settings);
        yield return Whole("rl", whole, steps);
        yield return Part(whole, "rollout", steps, step => step.RolloutSeconds, step => step.TokensDrawn, step => step.RolloutFlops);
        yield return Part(whole, "learn", steps, step => step.LearnSeconds, step => step.TokensLearned, step => step.LearnFlops);
        var (withReference, stepsWithReference) = Measure(settings with { KlCoefficient = 0.001 });
        yield return Whole("rl+kl", withReference, stepsWithReference);
        yield return EngineBench.Decode(model, clock, shape, DecodeSequences, KvFormat.Float32);

        (BenchResult Whole, List<RlStep> Steps) Measure(RlSettings chosen)
        {
            using var trainer = new RlTrainer(model, tokenizer, ProblemFeed.Endless(Problem), new LengthReward(), chosen, EngineBench.Seed);
            var taken = new List<RlStep>();
            var copies = chosen.KlCoefficient > 0 ? 5L : 4L;
            return (clock.Measure(
                "rl", shape.Name, chosen.Completions, PromptTokens + MaxNewTokens, 1, 1, copies * sizeof(float) * config.ParameterCount.Total,
                () => { }, () => taken.Add(trainer.Step())), taken);
        }
    }

    private static BenchResult Whole(string what, BenchResult whole, List<RlStep> steps) => Part(
        whole, what, steps, step => step.RolloutSeconds + step.LearnSeconds, step => step.TokensLearned,
        step => step.RolloutFlops + step.LearnFlops);

    /// <summary>Medians over the steps of one part of them.</summary>
    private static BenchResult Part(
        BenchResult whole, string what, List<RlStep> steps, Func<RlStep, double> seconds, Func<RlStep, long> tokens, Func<RlStep, long> flops)
    {
        // The first steps are the compiler's.
        var warm = steps.Skip(Math.Min(2, steps.Count / 2)).ToArray();
        var time = Median(warm.Select(seconds));
        var gflops = Median(warm.Select(step => flops(step) / seconds(step))) / 1e9;
        return whole with
        {
            What = what,
            TokensPerSecond = Median(warm.Select(step => tokens(step) / seconds(step))),
            MicrosecondsPerStep = 1e6 * time,
            Gflops = gflops,
            FractionOfPeak = gflops / whole.PeakGflops,
            FractionOfRoofline = null,
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static TaskItem Problem(long number)
    {
        var random = CounterRandom.For(EngineBench.Seed, "bench/rl", (ulong)number);
        // The begin token is one of the prompt's.
        var words = new string[PromptTokens - 1];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = $"w{random.NextInt32(NumWords)}";
        }

        return new TaskItem($"{number}", string.Join(' ', words), "");
    }

    /// <summary>Something that differs between completions.</summary>
    private sealed class LengthReward : IReward
    {
        public double Of(in RewardInput input) => input.Text.Length % 2;
    }
}
