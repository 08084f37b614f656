using Retort.Inference;

namespace Retort.Recipes.Trail;

/// <summary>One live run.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Load">Share of the saturated throughput; infinite in a burst, written as 0.</param>
/// <param name="FirstToken">Seconds from when each request was due to its first token, in order of arrival.</param>
/// <param name="EndToEnd">To its last token.</param>
/// <param name="Preemptions">Places lost, a request.</param>
/// <param name="Recomputed">Tokens fed again, a request.</param>
/// <param name="Seconds">Duration.</param>
internal sealed record LiveRun(
    string Policy, double Load, double[] FirstToken, double[] EndToEnd, double Preemptions, double Recomputed, double Seconds)
{
    /// <summary>In numbers, what is not steady counted whole.</summary>
    public RunSummary Summary()
    {
        var isSteady = Load is > 0 and < 1;
        return new(
            RunSummary.Of(FirstToken, isSteady), RunSummary.Of(EndToEnd, isSteady),
            Preemptions, Recomputed, 0, 0);
    }
}

/// <summary>Open-loop clients and the engine on one thread, by the wall clock: requests enter between steps, as in a server.</summary>
internal static class LiveServer
{
    /// <summary>Serves requests that are due at the given seconds after the start.</summary>
    public static (double[] FirstToken, double[] EndToEnd, double Seconds) Serve(
        GenerationEngine engine, IReadOnlyList<GenerationRequest> requests, IReadOnlyList<double> due, TimeProvider time, CancellationToken cancellation)
    {
        var (first, end) = (new double[requests.Count], new double[requests.Count]);
        var (next, start) = (0, time.GetTimestamp());
        engine.Drawn = token =>
        {
            if (first[token.Request] == 0)
            {
                first[token.Request] = Now() - due[token.Request];
            }
        };
        engine.Completed = completion => end[completion.Request] = Now() - due[completion.Request];
        while (next < requests.Count || engine.IsBusy)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var now = Now(); next < requests.Count && due[next] <= now; next++)
            {
                engine.Submit(requests[next]);
            }

            if (engine.IsBusy)
            {
                engine.Step();
            }
            else
            {
                Thread.SpinWait(20);
            }
        }

        return (first, end, Now());

        double Now() => time.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Tokens drawn a second while requests always wait.</summary>
    public static double SaturatedTokensPerSecond(
        GenerationEngine engine, IReadOnlyList<GenerationRequest> requests, double seconds, TimeProvider time, CancellationToken cancellation)
    {
        const int FullQueue = 64, WarmUpSteps = 200;
        var next = 0;
        for (var step = 0; step < WarmUpSteps; step++)
        {
            Refill();
            engine.Step();
        }

        var (before, start) = (engine.NumDrawn, time.GetTimestamp());
        double elapsed;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            Refill();
            engine.Step();
            elapsed = time.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < seconds);
        return (engine.NumDrawn - before) / elapsed;

        void Refill()
        {
            while (engine.Scheduler.Waiting.Length < FullQueue)
            {
                engine.Submit(requests[next++ % requests.Count]);
            }
        }
    }
}
