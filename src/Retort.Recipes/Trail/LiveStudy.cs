using Retort.Inference;
using Retort.Inference.Scheduling;
using Retort.Recipes.Experiment;

namespace Retort.Recipes.Trail;

/// <summary>All policies at one load with one seed, one after the other, between two measurements of the engine's speed.</summary>
/// <param name="Seed">Of the arrivals.</param>
/// <param name="Load">Share of the saturated throughput; 0: a burst.</param>
/// <param name="TokensPerSecondBefore">Saturated, from which the rate was made.</param>
/// <param name="TokensPerSecondAfter">Saturated, after the runs.</param>
/// <param name="RequestsPerSecond">Rate of arrivals; 0: a burst.</param>
/// <param name="Runs">A run a policy.</param>
internal sealed record LiveBlock(
    ulong Seed, double Load, double TokensPerSecondBefore, double TokensPerSecondAfter, double RequestsPerSecond, LiveRun[] Runs)
{
    /// <summary>The load by the mean of both speeds.</summary>
    public double LoadKept => 2 * Load * TokensPerSecondBefore / (TokensPerSecondBefore + TokensPerSecondAfter);
}

/// <summary>Policies on the wall clock, engine in process, roomy cache (section 7.3 of the specification).</summary>
internal sealed class LiveStudy(
    TrailSettings settings, RecipeContext context, ServedModel served, GenerationRequest[] requests, RecordedRequest[] recorded)
{
    /// <summary>What is compared, the oracle last.</summary>
    public static readonly IReadOnlyList<string> Policies = ["fcfs", "sjf", "l-sprpt", "trail", "srpt"];

    /// <summary>Loads of the blocks, a burst as 0.</summary>
    public static double[] Loads(TrailSettings settings) =>
        [.. settings.Loads, .. settings.Live.Overloads, .. settings.Live.BurstRequests > 0 ? (double[])[0] : []];

    /// <summary>Requests of a run at a load.</summary>
    public static int Count(TrailSettings settings, double load) =>
        load == 0 ? settings.Live.BurstRequests : load < 1 ? settings.Live.Requests : settings.Live.OverloadRequests;

    /// <summary>Every block, seed by seed, so that a stretch of a slow machine is shared by the loads.</summary>
    public IReadOnlyList<LiveBlock> Run(Stages stages)
    {
        var loads = Loads(settings);
        using var phase = context.Progress.Begin("serve", (long)settings.Seeds.Count * loads.Length, "blocks");
        var blocks = new List<LiveBlock>();
        foreach (var (s, seed) in settings.Seeds.Index())
        {
            foreach (var (l, load) in loads.Index())
            {
                blocks.Add(stages.Once(FormattableString.Invariant($"live/seed{seed}-load{load}"), () => Block(seed, load, turn: s + l)));
                phase.Report(blocks.Count);
            }
        }

        return blocks;
    }

    private LiveBlock Block(ulong seed, double load, int turn)
    {
        var workload = Workload.Draw(seed, recorded.Length, Count(settings, load));
        var mine = Array.ConvertAll(workload.Requests, i => requests[i] with { KnownLength = recorded[i].OutputTokens });
        var before = Saturated(mine);
        var rate = load * before / workload.MeanOutput(recorded);
        double[] due = load == 0 ? workload.AtOnce().Arrivals : [.. workload.Arrivals.Select(arrival => arrival / rate)];
        // Who goes first changes from block to block.
        var runs = Enumerable.Range(0, Policies.Count).Select(i => Serve(Policies[(i + turn) % Policies.Count], load, mine, due));
        LiveRun[] inOrder = [.. runs.OrderBy(run => Policies.Index().First(policy => policy.Item == run.Policy).Index)];
        return new(seed, load, before, Saturated(mine), rate, inOrder);
    }

    private LiveRun Serve(string policy, double load, GenerationRequest[] mine, double[] due)
    {
        var scheduler = NamedScheduler.Get(policy, settings.C, settings.Margin);
        using var engine = served.Engine(scheduler, settings.RoomyKvTokens, context.Time);
        var (first, end, seconds) = LiveServer.Serve(engine, mine, due, context.Time, context.Cancellation);
        return new(
            policy, load, Rounded(first), Rounded(end), (double)engine.Scheduler.NumPlacesLost / mine.Length,
            (double)engine.NumRecomputed / mine.Length, seconds);
    }

    private double Saturated(GenerationRequest[] mine)
    {
        using var engine = served.Engine(NamedScheduler.Get("fcfs"), settings.RoomyKvTokens, context.Time);
        return LiveServer.SaturatedTokensPerSecond(engine, mine, settings.Live.CalibrationSeconds, context.Time, context.Cancellation);
    }

    /// <summary>To a tenth of a microsecond: the file need not hold more.</summary>
    private static double[] Rounded(double[] seconds) => Array.ConvertAll(seconds, value => Math.Round(value, 7));
}
