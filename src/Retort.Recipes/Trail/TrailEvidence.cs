using Retort.Analysis;
using Retort.Inference.Lengths;
using Retort.Training.Lengths;

namespace Retort.Recipes.Trail;

/// <summary>Everything measured, and the quantities that claims, tables and figures are made of.</summary>
internal sealed record TrailEvidence(
    TrailSettings Settings, PredictorRecord Predictor, HeldOutErrors Errors, RecordedRequest[] Recorded, Calibration Calibration,
    IReadOnlyList<LiveBlock> Live, CountedResult[] Counted, QueuePoint[] Queues)
{
    /// <summary>Mean absolute error with its bootstrap interval over held-out requests.</summary>
    public Interval Mae(double[] errors) => OverRequests(chosen => Sum(errors, chosen) / Steps(chosen));

    /// <summary>Difference of two mean absolute errors, paired by request.</summary>
    public Interval MaeDifference(double[] a, double[] b) => OverRequests(chosen => (Sum(a, chosen) - Sum(b, chosen)) / Steps(chosen));

    /// <summary>Ratio of two mean absolute errors, paired by request.</summary>
    public Interval MaeRatio(double[] a, double[] b) => OverRequests(chosen => Sum(a, chosen) / Sum(b, chosen));

    /// <summary>The best layer's place strictly inside the stack, by the validation requests; null if there is none.</summary>
    public int? BestInner => Predictor.Layers.Count < 3 ? null
        : Enumerable.Range(1, Predictor.Layers.Count - 2).MinBy(layer => Predictor.Layers[layer].Validation);

    /// <summary>Bounds of section 7.1 that the recorded lengths keep, of three.</summary>
    public double LengthBoundsMet
    {
        get
        {
            var (mean, variation, cutOff) = LengthLaw;
            return (mean is >= 50 and <= 70 ? 1 : 0) + (variation is >= 1 and <= 2 ? 1 : 0) + (cutOff < 0.03 ? 1 : 0);
        }
    }

    /// <summary>Mean, squared coefficient of variation and share cut off of the recorded lengths.</summary>
    public (double Mean, double Variation, double CutOff) LengthLaw
    {
        get
        {
            var mean = Recorded.Average(one => one.OutputTokens);
            var variance = Recorded.Average(one => (one.OutputTokens - mean) * (one.OutputTokens - mean));
            return (mean, variance / (mean * mean), Recorded.Average(one => one.IsCutOff ? 1.0 : 0.0));
        }
    }

    /// <summary>A quantity of a live policy at a load, a value a seed.</summary>
    public double[] LiveValues(string policy, double load, Func<RunSummary, double> quantity) =>
        [.. Live.Where(block => block.Load == load).Select(block => quantity(block.Runs.First(run => run.Policy == policy).Summary()))];

    /// <summary>Ratio of two live policies, paired by seed.</summary>
    public Interval LiveRatio(string a, string b, double load, Func<RunSummary, double> quantity) =>
        RatioOverSeeds(LiveValues(a, load, quantity), LiveValues(b, load, quantity));

    /// <summary>A quantity of a policy at a load on the counted clock, a value a seed.</summary>
    public double[] LoadValues(string policy, double load, Func<RunSummary, double> quantity) =>
        [.. Runs(CountedStudy.AtLoad(Settings, policy, load)).Select(quantity)];

    /// <summary>Ratio of two policies at a load on the counted clock, paired by seed.</summary>
    public Interval LoadRatio(string a, string b, double load, Func<RunSummary, double> quantity) =>
        RatioOverSeeds(LoadValues(a, load, quantity), LoadValues(b, load, quantity));

    /// <summary>Runs of a counted case, a seed each.</summary>
    public RunSummary[] Runs(CountedCase which) => Counted.First(result => result.Case == which).Runs;

    /// <summary>Ratio of two counted cases, paired by seed.</summary>
    public Interval CountedRatio(CountedCase a, CountedCase b, Func<RunSummary, double> quantity) =>
        RatioOverSeeds([.. Runs(a).Select(quantity)], [.. Runs(b).Select(quantity)]);

    /// <summary>A trail run of the C study.</summary>
    public CountedCase CStudy(double c, bool isTight, bool discards = false, string regime = CountedStudy.Judged, double? load = null) =>
        new("c", regime, "trail", c, load ?? Settings.Counted.Loads[^1], isTight, discards);

    /// <summary>Mean of the seeds' values with Student's t interval.</summary>
    public static Interval OverSeeds(double[] values) => SeedIntervals.StudentT(values);

    /// <summary>Geometric mean of the seeds' ratios, Student's t on their logarithms.</summary>
    public static Interval RatioOverSeeds(double[] a, double[] b)
    {
        var log = SeedIntervals.StudentT([.. a.Zip(b, (x, y) => Math.Log(x / y))]);
        return new(Math.Exp(log.Value), Math.Exp(log.Low), Math.Exp(log.High), log.N);
    }

    private Interval OverRequests(Bootstrap.Statistic statistic) => Bootstrap.Of(Errors.Steps.Length, statistic);

    private double Steps(ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var i in chosen)
        {
            sum += Errors.Steps[i];
        }

        return sum;
    }

    private static double Sum(double[] values, ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var i in chosen)
        {
            sum += values[i];
        }

        return sum;
    }
}
