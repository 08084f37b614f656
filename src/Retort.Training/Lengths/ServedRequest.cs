using Retort.Core;
using Retort.Inference;
using Retort.Models;

namespace Retort.Training.Lengths;

/// <summary>What a request is for. Requests with equal prompts are for the same.</summary>
internal enum RequestPart
{
    /// <summary>Eight tenths: learned from.</summary>
    Training,

    /// <summary>One tenth: chooses epoch and layer.</summary>
    Validation,

    /// <summary>One tenth: judged on.</summary>
    HeldOut,
}

/// <summary>A request and its completion.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Prompt">Token ids.</param>
/// <param name="Completion">The tokens that were drawn; at least one.</param>
/// <param name="MaxNewTokens">Its limit: the settings', or what the context leaves.</param>
/// <param name="IsCutOff">It ended at the limit.</param>
internal sealed record ServedRequest(int Index, int[] Prompt, int[] Completion, int MaxNewTokens, bool IsCutOff)
{
    /// <summary>Tokens of the completion, N. After t of them N - t remain.</summary>
    public int Length => Completion.Length;

    /// <summary>Tokens the model was fed: all but the last.</summary>
    public int NumFed => Prompt.Length + Length - 1;

    /// <summary>Decided by a hash of the prompt.</summary>
    public RequestPart Part { get; } = PartOf(Prompt);

    /// <summary>The token fed at a position.</summary>
    public int TokenAt(int position) => position < Prompt.Length ? Prompt[position] : Completion[position - Prompt.Length];

    /// <summary>
    /// Completes the prompts; request i is prompt i modulo their number and draws from the stream (seed, i).
    /// </summary>
    public static ServedRequest[] Serve(
        Transformer model, IReadOnlyList<int[]> prompts, IReadOnlyList<int> stopTokens, PredictorSettings settings,
        IProgressReporter progress, CancellationToken cancellation)
    {
        var requests = new ServedRequest[Count(prompts.Count, settings)];
        using var engine = new GenerationEngine(model, EngineFor(model.Config, prompts, stopTokens, settings));
        using var phase = progress.Begin("generate", requests.Length, "requests");
        var finished = 0L;
        engine.Completed = completion =>
        {
            var prompt = prompts[completion.Request % prompts.Count];
            requests[completion.Request] = new ServedRequest(
                completion.Request, prompt, completion.Tokens, Math.Min(settings.MaxLength, engine.MaxLength - prompt.Length),
                completion.FinishReason == FinishReason.Length);
            phase.Report(++finished);
        };
        for (var i = 0; i < requests.Length; i++)
        {
            var random = CounterRandom.For(settings.Seed, "predictor/completion", (ulong)i);
            engine.Submit(new GenerationRequest(
                prompts[i % prompts.Count], settings.Sampling with { MaxNewTokens = settings.MaxLength }, random.NextUInt64()));
        }

        engine.Run(cancellation);
        return requests;
    }

    /// <summary>Requests that the settings ask for.</summary>
    public static int Count(int prompts, PredictorSettings settings) => settings.Requests == 0 ? prompts : settings.Requests;

    /// <summary>An engine for these prompts.</summary>
    public static EngineSettings EngineFor(
        ModelConfig config, IReadOnlyList<int[]> prompts, IReadOnlyList<int> stopTokens, PredictorSettings settings) => new()
        {
            MaxSequences = Math.Min(settings.BatchSequences, Count(prompts.Count, settings)),
            MaxLength = EngineSettings.LengthFor(config, prompts, settings.MaxLength),
            StopTokens = stopTokens,
        };

    /// <summary>By the last digit of a hash of the tokens.</summary>
    internal static RequestPart PartOf(int[] prompt)
    {
        var hash = CounterRandom.For(0, CounterRandom.Hash("predictor/part"), 0).NextUInt64();
        foreach (var token in prompt)
        {
            hash = CounterRandom.For(hash, 0UL, (ulong)token).NextUInt64();
        }

        return (hash % 10) switch { 0 => RequestPart.HeldOut, 1 => RequestPart.Validation, _ => RequestPart.Training };
    }
}
