using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.Trail;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class TrailJudge
{
    /// <summary>Judges a claim.</summary>
    public static ClaimResult Judge(Claim claim, TrailEvidence evidence)
    {
        var errors = evidence.Errors;
        var knows = errors.Mean(errors.ConstantMean) / errors.Mean(errors.Smoothed);
        var (lengths, loads) = (evidence.LengthBoundsMet, evidence.Settings.Loads);
        return claim.Id switch
        {
            "C1" => claim.Judge([evidence.MaeRatio(errors.PromptOnly, errors.Smoothed)], [knows, lengths]),
            "C2" => evidence.BestInner is { } inner
                ? claim.Judge(
                    [
                        evidence.MaeDifference(errors.LayerProbes[^1], errors.LayerProbes[inner]),
                        evidence.MaeDifference(errors.LayerProbes[0], errors.LayerProbes[inner]),
                    ],
                    [knows])
                : claim.NotRun("the model has no inner layer"),
            "C3" => claim.Judge([evidence.MaeDifference(errors.Probe, errors.Published)], [knows]),
            "C4" => claim.Judge([evidence.Calibration.Overhead[^1].Share()], []),
            "C5" => claim.Judge(
                [.. new[] { loads[^1], loads[1], evidence.Settings.Live.Overloads[0] }.Select(at => evidence.LoadRatio("fcfs", "trail", at, EndToEnd))],
                [knows, lengths]),
            "C6" => claim.Judge(FirstTokenGains(evidence), [knows, lengths]),
            "C7" => claim.Judge(
                [
                    Less1(evidence.CountedRatio(Tight(1), Tight(0.8), EndToEnd)), Less1(evidence.CountedRatio(Tight(0.5), Tight(0.8), EndToEnd)),
                    Less1(evidence.CountedRatio(Tight(0.2), Tight(0.5), EndToEnd)),
                ],
                [knows, lengths]),
            "C8" => claim.Judge(
                [
                    PartOfGain(evidence), evidence.LoadRatio("sjf", "l-sprpt", loads[^1], EndToEnd),
                    evidence.LoadRatio("l-sprpt", "trail", loads[^1], EndToEnd),
                ],
                [knows, lengths]),
            "C9" => claim.Judge(Burst(evidence), [knows, lengths]),
            "C10" => claim.Judge(Queues(evidence.Queues), [0.01 / evidence.Queues.Max(point => point.StandardError / point.Simulated)]),
            _ => throw new ArgumentException($"no rule for {claim.Id}", nameof(claim)),
        };

        CountedCase Tight(double c) => evidence.CStudy(c, isTight: true);
    }

    /// <summary>Mean end-to-end latency.</summary>
    public static double EndToEnd(RunSummary run) => run.EndToEnd.Mean;

    /// <summary>Mean time to first token.</summary>
    public static double FirstToken(RunSummary run) => run.FirstToken.Mean;

    private static Interval Less1(Interval ratio) => ratio with { Value = ratio.Value - 1, Low = ratio.Low - 1, High = ratio.High - 1 };

    private static Interval[] FirstTokenGains(TrailEvidence evidence)
    {
        var (low, high) = (evidence.Settings.Loads[0], evidence.Settings.Loads[^1]);
        return
        [
            evidence.LoadRatio("fcfs", "trail", high, FirstToken),
            TrailEvidence.OverSeeds([.. Ratios(high).Zip(Ratios(low), (a, b) => a - b)]),
        ];

        IEnumerable<double> Ratios(double load) =>
            evidence.LoadValues("fcfs", load, FirstToken).Zip(evidence.LoadValues("trail", load, FirstToken), (a, b) => a / b);
    }

    private static Interval PartOfGain(TrailEvidence evidence)
    {
        var load = evidence.Settings.Loads[^1];
        var (fcfs, sjf, trail) = (Values("fcfs"), Values("sjf"), Values("trail"));
        return TrailEvidence.OverSeeds([.. Enumerable.Range(0, fcfs.Length).Select(i => (fcfs[i] - sjf[i]) / (fcfs[i] - trail[i]))]);

        double[] Values(string policy) => evidence.LoadValues(policy, load, EndToEnd);
    }

    private static Interval[] Burst(TrailEvidence evidence)
    {
        CountedCase Case(string policy, double c) => new("burst", CountedStudy.Judged, policy, c, 0);
        var difference = Less1(evidence.CountedRatio(Case("trail", 0.8), Case("trail", 1), EndToEnd));
        return [difference, difference, evidence.CountedRatio(Case("fcfs", evidence.Settings.C), Case("trail", 0.8), EndToEnd)];
    }

    private static Interval[] Queues(QueuePoint[] points)
    {
        double beyond = points.Count(point => point.Distance() > 3);
        var most = points.Max(point => point.Distance());
        return [new(beyond, beyond, beyond, points.Length), new(most, most, most, points.Length)];
    }
}
