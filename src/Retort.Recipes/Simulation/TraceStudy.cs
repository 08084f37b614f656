using Retort.Analysis;
using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Recipes.Simulation;

/// <summary>A request as recorded; null is what was not. Lengths are in tokens.</summary>
public readonly record struct TracedRequest(
    double OutputTokens, int? PromptTokens = null, double? ArrivalSeconds = null, double? PredictedTokens = null);

/// <summary>A server, a trace of what it is asked and the policies to compare on it.</summary>
public sealed record TraceStudySettings
{
    /// <summary>Lengths to serve, whole numbers of tokens; arrivals in ascending order.</summary>
    public required IReadOnlyList<TracedRequest> Trace { get; init; }

    /// <summary>What is compared; the first is the baseline.</summary>
    public required IReadOnlyList<NamedScheduler> Policies { get; init; }

    /// <summary>The server; its policy and predictions are the study's to set.</summary>
    public required VirtualEngineSettings Engine { get; init; }

    /// <summary>What becomes of a preempted request's keys.</summary>
    public KvMode KvMode { get; init; }

    /// <summary>Arrivals a second as a share of what the server completes with work always waiting, first come, first served.</summary>
    public double Load { get; init; } = 0.95;

    /// <summary>Arrivals a second; 0: what <see cref="Load"/> says.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Predictions at arrival; null: the trace's own.</summary>
    public PredictionModel? Predictions { get; init; }

    /// <summary>Predictions from hidden states, for the policies that use them; the seed is the study's to set.</summary>
    public RefinedLengths Refined { get; init; } = new(0.3, 0.95, 0);

    /// <summary>The trace's own arrivals, scaled to the rate; else requests are drawn from it and arrive as a Poisson stream.</summary>
    public bool RecordedArrivals { get; init; }

    /// <summary>Requests of a run with Poisson arrivals.</summary>
    public int Requests { get; init; } = 6000;

    /// <summary>Runs a policy; all policies see the same requests, arrivals and predictions.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>Names the runs.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>One policy, averaged over the seeds.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="TimeToFirstToken">From arrival, over the requests of a run, in seconds.</param>
/// <param name="EndToEnd">From arrival to the last token.</param>
/// <param name="Queued">From arrival to the first step.</param>
/// <param name="RequestsPerSecond">Completed.</param>
/// <param name="PreemptionsPerRequest">Places or pages lost.</param>
/// <param name="EvictionsPerRequest">Of those, because pages ran out.</param>
/// <param name="RecomputedPerRequest">Tokens fed again.</param>
/// <param name="MeanKvTokens">In the cache, over time.</param>
/// <param name="PeakKvTokens">In the cache, the most of any seed.</param>
/// <param name="FirstTokenMean">Mean of <paramref name="TimeToFirstToken"/> with its 95 % interval over the seeds (Student's t).</param>
/// <param name="EndToEndMean">The same for the end-to-end time.</param>
/// <param name="FirstTokenGain">Baseline's mean over this policy's, a ratio for each seed: mean and 95 % interval (Student's t).</param>
/// <param name="EndToEndGain">The same for the end-to-end time.</param>
/// <param name="FirstTokenDifference">This policy's mean less the baseline's, paired by seed, in seconds.</param>
/// <param name="EndToEndDifference">The same for the end-to-end time.</param>
public sealed record PolicyOutcome(
    string Policy, Spread TimeToFirstToken, Spread EndToEnd, Spread Queued, double RequestsPerSecond, double PreemptionsPerRequest,
    double EvictionsPerRequest, double RecomputedPerRequest, double MeanKvTokens, double PeakKvTokens, Interval FirstTokenMean, Interval EndToEndMean,
    Interval FirstTokenGain, Interval EndToEndGain, Interval FirstTokenDifference, Interval EndToEndDifference);

/// <summary>What a study found.</summary>
/// <param name="SaturatedPerSecond">Requests completed a second with work always waiting, first come, first served.</param>
/// <param name="RequestsPerSecond">Requests that arrived a second.</param>
/// <param name="Kappa">Cost of a prompt token over that of a decoded one.</param>
/// <param name="Policies">In the order asked for.</param>
public sealed record TraceOutcome(
    double SaturatedPerSecond, double RequestsPerSecond, double Kappa, IReadOnlyList<PolicyOutcome> Policies);

/// <summary>What policies would do on recorded lengths, by the engine's scheduler and a cost for its steps.</summary>
public static class TraceStudy
{
    /// <summary>Prompt tokens of requests recorded without.</summary>
    public const int DefaultPromptTokens = 16;

    /// <summary>Serves the trace under every policy and seed.</summary>
    public static TraceOutcome Run(TraceStudySettings settings, int threads, CancellationToken cancellation = default)
    {
        var saturated = Saturated(settings, cancellation);
        var rate = settings.RequestsPerSecond > 0 ? settings.RequestsPerSecond : settings.Load * saturated;
        var arrivals = new VirtualRequest[settings.Seeds][];
        for (var seed = 0; seed < settings.Seeds; seed++)
        {
            arrivals[seed] = Requests(settings, rate, (ulong)seed);
        }

        var runs = ParallelItems.Make(
            settings.Policies.Count * settings.Seeds, threads,
            i =>
            {
                var (policy, seed) = Math.DivRem(i, settings.Seeds);
                return Measured.Of(VirtualEngine.Run(EngineFor(settings, settings.Policies[policy], seed), arrivals[seed], cancellation));
            },
            cancellation);
        var policies = new PolicyOutcome[settings.Policies.Count];
        for (var i = 0; i < policies.Length; i++)
        {
            var first = i * settings.Seeds;
            policies[i] = Outcome(settings.Policies[i].Name, runs[first..(first + settings.Seeds)], runs[..settings.Seeds]);
        }

        return new(saturated, rate, settings.Engine.Cost.Kappa(settings.Engine.Places), policies);
    }

    private static VirtualEngineSettings EngineFor(TraceStudySettings settings, NamedScheduler policy, int seed) => settings.Engine with
    {
        Policy = policy.Policy with { KvMode = settings.KvMode },
        Lengths = policy.Lengths,
        Refined = settings.Refined with { Seed = CounterRandom.For(settings.Seed, "simulate/refined", (ulong)seed).NextUInt64() },
    };

    /// <summary>Everything arrives at once; the rate between the first and the last tenth of the completions.</summary>
    private static double Saturated(TraceStudySettings settings, CancellationToken cancellation)
    {
        var requests = Array.ConvertAll(Requests(settings, 1, 0), request => request with { ArrivalSeconds = 0 });
        var engine = settings.Engine with { Policy = new SchedulerPolicy { KvMode = settings.KvMode } };
        var ends = VirtualEngine.Run(engine, requests, cancellation).Completions;
        var (first, last) = (ends.Count / 10, ends.Count - 1 - ends.Count / 10);
        return ends[last] > ends[first] ? (last - first) / (ends[last] - ends[first]) : ends.Count / ends[^1];
    }

    private static VirtualRequest[] Requests(TraceStudySettings settings, double rate, ulong seed)
    {
        var trace = settings.Trace;
        var predictions = CounterRandom.For(settings.Seed, "simulate/predicted", seed);
        var requests = new VirtualRequest[settings.RecordedArrivals ? trace.Count : settings.Requests];
        var choices = CounterRandom.For(settings.Seed, "simulate/requests", seed);
        var gaps = CounterRandom.For(settings.Seed, "simulate/arrivals", seed);
        var (now, scale) = (0.0, 0.0);
        if (settings.RecordedArrivals)
        {
            scale = (trace.Count - 1) / (rate * (trace[^1].ArrivalSeconds!.Value - trace[0].ArrivalSeconds!.Value));
        }

        for (var i = 0; i < requests.Length; i++)
        {
            var traced = trace[settings.RecordedArrivals ? i : choices.NextInt32(trace.Count)];
            now = settings.RecordedArrivals
                ? scale * (traced.ArrivalSeconds!.Value - trace[0].ArrivalSeconds!.Value)
                : now - ExactMath.Log(1 - gaps.NextDouble()) / rate;
            var predicted = settings.Predictions?.Sample(traced.OutputTokens, ref predictions) ?? traced.PredictedTokens!.Value;
            requests[i] = new(now, traced.PromptTokens ?? DefaultPromptTokens, (int)traced.OutputTokens, Math.Max(1, predicted));
        }

        return requests;
    }

    private static PolicyOutcome Outcome(string name, Measured[] runs, Measured[] baseline) => new(
        name, Average(runs, run => run.FirstToken), Average(runs, run => run.EndToEnd), Average(runs, run => run.Queued),
        runs.Average(run => run.PerSecond), runs.Average(run => run.Preemptions), runs.Average(run => run.Evictions),
        runs.Average(run => run.Recomputed), runs.Average(run => run.MeanKv), runs.Max(run => run.PeakKv),
        Paired(runs, baseline, (one, _) => one.FirstToken.Mean), Paired(runs, baseline, (one, _) => one.EndToEnd.Mean),
        Paired(runs, baseline, (one, first) => first.FirstToken.Mean / one.FirstToken.Mean),
        Paired(runs, baseline, (one, first) => first.EndToEnd.Mean / one.EndToEnd.Mean),
        Paired(runs, baseline, (one, first) => one.FirstToken.Mean - first.FirstToken.Mean),
        Paired(runs, baseline, (one, first) => one.EndToEnd.Mean - first.EndToEnd.Mean));

    private static Spread Average(Measured[] runs, Converter<Measured, Spread> time) => Spread.Average(Array.ConvertAll(runs, time));

    private static Interval Paired(Measured[] runs, Measured[] baseline, Func<Measured, Measured, double> value) =>
        SeedIntervals.StudentT([.. runs.Zip(baseline, value)]);

    /// <summary>One run in numbers.</summary>
    private sealed record Measured(
        Spread FirstToken, Spread EndToEnd, Spread Queued, double PerSecond, double Preemptions, double Evictions, double Recomputed,
        double MeanKv, double PeakKv)
    {
        public static Measured Of(VirtualRun run)
        {
            var count = (double)run.Outcomes.Count;
            var (first, last) = (WarmUp.Of(run.Completions.Count), run.Completions.Count - 1);
            var span = run.Completions[last] - run.Completions[first];
            return new(
                Times(outcome => outcome.FirstTokenSeconds), Times(outcome => outcome.EndSeconds), Times(outcome => outcome.QueueSeconds),
                span > 0 ? (last - first) / span : 0,
                run.Outcomes.Sum(outcome => outcome.NumPreemptions) / count, run.NumEvictions / count,
                run.Outcomes.Sum(outcome => (double)outcome.NumRecomputed) / count, run.MeanKvTokens, run.PeakKvTokens);

            Spread Times(Func<VirtualOutcome, double> time) => Spread.Of(WarmUp.Drop([.. run.Outcomes.Select(time)]));
        }
    }
}
