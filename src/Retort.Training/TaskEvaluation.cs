using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;

namespace Retort.Training;

/// <summary>One completion and what the task's verifier says of it.</summary>
/// <param name="Problem">Index of the problem in the evaluated list.</param>
/// <param name="Sample">Which of its samples.</param>
/// <param name="PromptTokens">Tokens of the prompt, the begin token included.</param>
/// <param name="Completion">The engine's completion.</param>
/// <param name="Text">The completion's text.</param>
/// <param name="Verdict">The verifier's word.</param>
public sealed record GradedCompletion(
    int Problem, int Sample, int PromptTokens, Completion Completion, string Text, Verdict Verdict)
{
    /// <summary>Prompt and completion, the end token included: what a token budget is compared with.</summary>
    public int TotalTokens => PromptTokens + Completion.Tokens.Length;
}

/// <summary>Generates completions of a task's problems and grades them.</summary>
public static class TaskEvaluation
{
    /// <summary>
    /// <paramref name="samples"/> completions of every item, in the order (problem, sample). Problem number p draws from the seed stream
    /// (seed, p), so its samples do not depend on the other problems. The engine is as long as the longest prompt and completion, unless
    /// <paramref name="engineSettings"/> say how long. With <paramref name="positions"/> tokens have the task's ids.
    /// </summary>
    public static IReadOnlyList<GradedCompletion> Run(
        Transformer model, ITokenizer tokenizer, ITask task, IReadOnlyList<TaskItem> items, int samples,
        SamplingSettings sampling, EngineSettings engineSettings, ulong seed, IProgressReporter? progress = null,
        string name = "sample", TaskPositions? positions = null, CancellationToken cancellation = default)
    {
        if (tokenizer.EosId is { } end)
        {
            engineSettings = engineSettings with { StopTokens = [.. engineSettings.StopTokens, end] };
        }

        var wanted = new GenerationRequest[items.Count];
        for (var problem = 0; problem < wanted.Length; problem++)
        {
            var random = CounterRandom.For(seed, "evaluation", (ulong)problem);
            var prompt = tokenizer.Encode(items[problem].Prompt);
            wanted[problem] = new GenerationRequest(prompt, sampling, random.NextUInt64(), samples)
            {
                PositionIds = positions?.OfRequest(items[problem], prompt.Length, model.Config.PredictsPositions),
            };
        }

        if (engineSettings.MaxLength == 0)
        {
            engineSettings = engineSettings with
            {
                MaxLength = EngineSettings.LengthFor(model.Config, wanted.Select(request => request.Prompt), sampling.MaxNewTokens),
            };
        }

        using var engine = new GenerationEngine(model, engineSettings);
        using var phase = (progress ?? SilentProgress.Instance).Begin(name, items.Count * samples, "samples");

        var completions = engine.Complete(wanted, finished => phase.Report(finished), cancellation);
        var graded = new GradedCompletion[completions.Length];
        for (var i = 0; i < graded.Length; i++)
        {
            var (problem, text) = (i / samples, tokenizer.Decode(completions[i].TextTokens));
            graded[i] = new GradedCompletion(
                problem, i % samples, wanted[problem].Prompt.Length, completions[i], text, task.Verify(items[problem], text));
        }

        return graded;
    }
}
