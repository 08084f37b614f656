using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;

namespace Retort.Recipes.Trail;

/// <summary>What a counted run was.</summary>
/// <param name="Study">"load", "c", "burst" or "noise".</param>
/// <param name="Regime">Name of the cost of a step.</param>
/// <param name="Policy">A scheduler's name.</param>
/// <param name="C">Limit of preemption.</param>
/// <param name="Load">Share of the saturated throughput; 0: a burst.</param>
/// <param name="IsTight">The tight cache.</param>
/// <param name="Discards">Preempted requests give their keys up at once.</param>
/// <param name="Noise">Mean absolute error of an oracle, in tokens.</param>
internal sealed record CountedCase(
    string Study, string Regime, string Policy, double C, double Load, bool IsTight = false, bool Discards = false, double Noise = 0);

/// <summary>A case with a run for each seed; the runs of a study are paired by seed.</summary>
internal sealed record CountedResult(CountedCase Case, RunSummary[] Runs);

/// <summary>A cost of steps and its name.</summary>
/// <param name="Name">By which cases name it.</param>
/// <param name="Cost">Of a step.</param>
/// <param name="Prediction">What prediction adds to it.</param>
internal sealed record CountedRegime(string Name, StepCost Cost, PredictionCost Prediction);

/// <summary>
/// The recording replayed under a cost model: the engine's scheduler and pages, the engine's own beliefs, a clock that counts. Equal settings give
/// equal bits, so small differences can be judged.
/// </summary>
internal sealed class CountedStudy(TrailSettings settings, RecordedRequest[] recorded, IReadOnlyList<CountedRegime> regimes)
{
    /// <summary>The regime that claims are judged by.</summary>
    public const string Judged = "fixed";

    /// <summary>This machine's own.</summary>
    public const string Measured = "measured";

    private const string OverheadBound = "overhead-bound", ComputeBound = "compute-bound";

    /// <summary>Names of <see cref="Regimes"/>, known before anything is measured.</summary>
    public static readonly IReadOnlyList<string> RegimeNames = [Judged, Measured, OverheadBound, ComputeBound];

    /// <summary>Costs: the settings', this machine's, and the two of section 7.4 of the specification.</summary>
    public static IReadOnlyList<CountedRegime> Regimes(TrailSettings settings, Calibration calibration) =>
    [
        new(Judged, settings.Counted.Cost.Steps, settings.Counted.Cost.Prediction),
        new(Measured, calibration.Cost(), calibration.Prediction),
        new(OverheadBound, new(12e-3, 0.2e-3, 0.02e-3, 0), new(0, 0, 0)),
        new(ComputeBound, new(2e-3, 0.5e-3, 0.5e-3, 0), new(0, 0, 0)),
    ];

    /// <summary>A policy at a load.</summary>
    public static CountedCase AtLoad(TrailSettings settings, string policy, double load) => new("load", Judged, policy, settings.C, load);

    /// <summary>Every case that is run.</summary>
    public static IReadOnlyList<CountedCase> Cases(TrailSettings settings, IEnumerable<string> regimes)
    {
        var (cases, counted) = (new List<CountedCase>(), settings.Counted);
        foreach (var load in LiveStudy.Loads(settings).Where(load => load > 0))
        {
            cases.AddRange(LiveStudy.Policies.Select(policy => AtLoad(settings, policy, load)));
        }

        foreach (var regime in regimes)
        {
            foreach (var load in counted.Loads)
            {
                foreach (var (tight, discards) in new[] { (false, false), (false, true), (true, false), (true, true) })
                {
                    cases.Add(new("c", regime, "fcfs", settings.C, load, tight, discards));
                    cases.AddRange(settings.CValues.Select(c => new CountedCase("c", regime, "trail", c, load, tight, discards)));
                }
            }
        }

        cases.AddRange(LiveStudy.Policies.Select(policy => new CountedCase("burst", Judged, policy, policy == "trail" ? 0.8 : settings.C, 0)));
        cases.Add(new("burst", Judged, "trail", 1, 0));
        cases.AddRange(counted.NoiseErrors.Select(noise => new CountedCase("noise", Judged, "trail+", settings.C, counted.Loads[^1], Noise: noise)));
        return cases;
    }

    /// <summary>Runs them on so many threads; the result does not depend on their number.</summary>
    public CountedResult[] Run(int threads, IProgressReporter progress, CancellationToken cancellation)
    {
        var cases = Cases(settings, regimes.Select(regime => regime.Name));
        var seeds = settings.Counted.Seeds;
        using var phase = progress.Begin("replay", (long)cases.Count * seeds, "runs");
        var (done, gate) = (0L, new Lock());
        var workloads = ParallelItems.Make(seeds, threads, seed => Draw(seed, settings.Counted.Requests), cancellation);
        var overloads = ParallelItems.Make(seeds, threads, seed => Draw(seed, settings.Counted.OverloadRequests), cancellation);
        var bursts = ParallelItems.Make(seeds, threads, seed => Draw(seed, settings.Counted.BurstRequests), cancellation);
        var runs = ParallelItems.Make(cases.Count * seeds, threads, i =>
        {
            var (which, seed) = (cases[i / seeds], i % seeds);
            var regime = regimes.First(regime => regime.Name == which.Regime);
            var workload = (which.Load switch { 0 => bursts, > 1 => overloads, _ => workloads })[seed];
            var summary = Serve(which, regime, workload, (ulong)seed, cancellation);
            lock (gate)
            {
                phase.Report(++done);
            }

            return summary;
        }, cancellation);
        return [.. cases.Select((which, i) => new CountedResult(which, runs[(i * seeds)..((i + 1) * seeds)]))];
    }

    /// <summary>The requests of a workload under a policy, due at some times.</summary>
    public static VirtualRequest[] Requests(
        RecordedRequest[] recorded, Workload workload, Func<double, double> due, LengthSource lengths, double noise, ulong seed)
    {
        var (oracle, longest) = (new OracleLengthPredictor(noise, seed), recorded.Max(one => one.OutputTokens));
        return [.. workload.Requests.Select((place, i) =>
        {
            var one = recorded[place];
            var predicted = lengths == LengthSource.Oracle && noise > 0
                ? oracle.Begin([], longest, (ulong)i, one.OutputTokens).Initial
                : one.Initial;
            return new VirtualRequest(due(workload.Arrivals[i]), one.PromptTokens, one.OutputTokens, predicted, one.Remaining);
        })];
    }

    /// <summary>The engine of a case.</summary>
    public static VirtualEngineSettings Engine(TrailSettings settings, CountedCase which, StepCost cost)
    {
        var scheduler = NamedScheduler.Get(which.Policy, which.C, settings.Margin);
        return new()
        {
            Policy = scheduler.Policy with { KvMode = which.Discards ? KvMode.Discard : KvMode.Resident },
            // A noisy oracle is wrong at arrival and counts down.
            Lengths = which.Noise > 0 ? LengthSource.Prompt : scheduler.Lengths,
            Places = settings.Places,
            PrefillTokens = settings.PrefillTokens,
            KvTokens = which.IsTight ? settings.TightKvTokens : settings.RoomyKvTokens,
            Cost = cost,
        };
    }

    private Workload Draw(int seed, int count) =>
        Workload.Draw(CounterRandom.For(settings.ModelSeed, "trail/counted", (ulong)seed).NextUInt64(), recorded.Length, count);

    /// <summary>
    /// Requests served a second with all places always busy: a request is in as many steps as it has tokens, shares each with the other places,
    /// and reads its prompt in the first.
    /// </summary>
    internal static double SaturatedPerSecond(RecordedRequest[] recorded, Workload workload, StepCost cost, int places) =>
        1 / workload.Requests.Average(i => recorded[i].OutputTokens * cost.Fixed / places + (recorded[i].OutputTokens - 1) * cost.DecodeRow
            + recorded[i].PromptTokens * cost.PrefillToken);

    private RunSummary Serve(CountedCase which, CountedRegime regime, Workload workload, ulong seed, CancellationToken cancellation)
    {
        // Load is a share of what can be served without a predictor: what it costs must come out of its own gain.
        var rate = which.Load * SaturatedPerSecond(recorded, workload, regime.Cost, settings.Places);
        var lengths = NamedScheduler.Get(which.Policy).Lengths;
        var requests = Requests(recorded, workload, arrival => which.Load == 0 ? 0 : arrival / rate, lengths, which.Noise, seed);
        var run = VirtualEngine.Run(Engine(settings, which, regime.Prediction.AddTo(regime.Cost, lengths)), requests, cancellation);
        var isSteady = which.Load is > 0 and < 1;
        return new(
            RunSummary.Of([.. run.Outcomes.Select(outcome => outcome.FirstTokenSeconds)], isSteady),
            RunSummary.Of([.. run.Outcomes.Select(outcome => outcome.EndSeconds)], isSteady),
            run.Outcomes.Average(outcome => (double)outcome.NumPreemptions), run.Outcomes.Average(outcome => (double)outcome.NumRecomputed),
            run.MeanKvTokens, run.PeakKvTokens);
    }
}
