using Retort.Core;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Models;

namespace Retort.Recipes.Trail;

/// <summary>One request of the workload as the engine served it. Lengths are in tokens.</summary>
/// <param name="PromptTokens">Of its prompt.</param>
/// <param name="OutputTokens">Drawn, the end token counted.</param>
/// <param name="IsCutOff">It ended at the limit.</param>
/// <param name="Initial">r, predicted from the prompt.</param>
/// <param name="Remaining">L, believed after 1, 2, ... tokens; the last token ends it.</param>
internal sealed record RecordedRequest(int PromptTokens, int OutputTokens, bool IsCutOff, double Initial, double[] Remaining);

/// <summary>
/// Serves the workload once and keeps what a replay needs. Tokens are a request's own, whatever the policy does (law 1), and so are beliefs for as
/// long as a policy looks at them: one recording of all of them replays every policy exactly.
/// </summary>
internal static class Recording
{
    /// <summary>First come, first served with nobody protected: every belief is refined to the end.</summary>
    public static SchedulerPolicy InOrder { get; } = new() { Preemption = PreemptionRule.Always };

    /// <summary>Runs the requests through an engine of <paramref name="settings"/>, whose policy is <see cref="InOrder"/>, with <paramref name="predictor"/>.</summary>
    public static RecordedRequest[] Of(
        Transformer model, EngineSettings settings, ILengthPredictor predictor, IReadOnlyList<GenerationRequest> requests,
        IProgressReporter progress, CancellationToken cancellation)
    {
        var recorded = new RecordedRequest[requests.Count];
        var initial = new double[requests.Count];
        var beliefs = new List<double>[requests.Count];
        var finished = 0;
        using var phase = progress.Begin("record the workload", requests.Count, "requests");
        using var engine = new GenerationEngine(model, settings with { Policy = InOrder }, predictor);
        engine.Completed = completion =>
        {
            var i = completion.Request;
            recorded[i] = new(
                requests[i].Prompt.Length, completion.Tokens.Length, completion.FinishReason == FinishReason.Length, initial[i], [.. beliefs[i]]);
            phase.Report(++finished);
        };
        for (var i = 0; i < requests.Count; i++)
        {
            beliefs[i] = [];
            engine.Submit(requests[i]);
        }

        foreach (var sequence in engine.Scheduler.Waiting)
        {
            initial[IndexOf(sequence)] = sequence.PredictedLength;
        }

        while (engine.IsBusy)
        {
            cancellation.ThrowIfCancellationRequested();
            engine.Step();
            // Who drew a token is still running, or has ended and needs no belief any more.
            foreach (var sequence in engine.Scheduler.Running)
            {
                var known = beliefs[IndexOf(sequence)];
                if (sequence.NumGenerated > known.Count)
                {
                    known.Add(sequence.PredictedRemaining);
                }
            }
        }

        return recorded;
    }

    /// <summary>The request's index; it has one sample.</summary>
    private static int IndexOf(ScheduledSequence sequence) => (int)(sequence.Order >> 32);
}
