using Retort.Analysis;
using Retort.Analysis.Sampling;

namespace Retort.Recipes.Curves;

/// <summary>A measure of two models on the same problems; the gain is after less before, paired by problem.</summary>
public sealed record BeforeAfter(Interval Before, Interval After, Interval Gain);

/// <summary>Two models at one temperature.</summary>
/// <param name="Temperature">NaN where it is not told.</param>
/// <param name="Samples">K of both coverages: the fewest samples a problem has of either model here.</param>
/// <param name="PassAt1">Mean precision.</param>
/// <param name="Coverage">Problems with a correct one among K samples.</param>
/// <param name="RobustCoverage">Problems with more than two; null with no more samples than that.</param>
public sealed record WallRow(double Temperature, int Samples, BeforeAfter PassAt1, BeforeAfter Coverage, BeforeAfter? RobustCoverage);

/// <summary>A measure of two models, each at its own best temperature, chosen anew in every resample.</summary>
public sealed record BestRow(string Measure, BeforeAfter Values, double TemperatureBefore, double TemperatureAfter);

/// <summary>pass@k of two models.</summary>
public sealed record PassRow(int K, BeforeAfter PassAt);

/// <summary>
/// Did training bring new problems within reach, or only make reached ones surer? One model before and after, on shared problems and
/// temperatures (Qin et al. 2025, "RL wall", section 5).
/// </summary>
/// <param name="Before">The model before.</param>
/// <param name="After">The model after.</param>
/// <param name="Problems">Shared problems.</param>
/// <param name="Rows">One for each shared temperature.</param>
/// <param name="Best">pass@1, coverage and robust coverage at the best temperatures.</param>
/// <param name="NewlySolved">Over all temperatures together.</param>
/// <param name="At">Index of the temperature of <paramref name="Bins"/>, <paramref name="PassAt"/>, orders and marks.</param>
/// <param name="Bins">Gain of precision by precision before.</param>
/// <param name="PassAt">pass@k for each k.</param>
/// <param name="Sensitivity">Temperature sensitivity; null with fewer than two temperatures up to 1.2.</param>
/// <param name="Drop">Drop of pass@1 to T = 1; null without both temperatures.</param>
/// <param name="MarksBefore">Plan and execution before.</param>
/// <param name="MarksAfter">Plan and execution after.</param>
public sealed record WallComparison(
    SampleSet Before, SampleSet After, int Problems, IReadOnlyList<WallRow> Rows, IReadOnlyList<BestRow> Best, NewlySolved NewlySolved,
    int At, IReadOnlyList<GainBin> Bins, IReadOnlyList<PassRow> PassAt, BeforeAfter? Sensitivity, BeforeAfter? Drop,
    MarkShares MarksBefore, MarkShares MarksAfter)
{
    /// <summary>The smallest k looked at where the model after is behind, if it is not at k = 1; null where there is none.</summary>
    public PassRow? Crossing => PassAt[0].PassAt.Gain.Value < 0 ? null : PassAt.FirstOrDefault(row => row.PassAt.Gain.Value < 0);

    /// <summary>Compares two sets with the same problems and temperatures (<see cref="SampleSet.Restrict"/>).</summary>
    public static WallComparison Of(SampleSet before, SampleSet after, CurvesSettings settings)
    {
        var (a, b, bootstrap) = (before.Counts, after.Counts, settings.Bootstrap);
        var at = settings.IndexIn(before.Temperatures);
        var common = Enumerable.Range(0, a.Temperatures.Count).Select(t => Math.Min(a.FewestSamples(t), b.FewestSamples(t))).ToArray();
        var hasRobust = common.All(k => k > ModelCurves.RobustLimit);
        var ks = settings.KsUpTo(common[at]);
        var pairs = new List<(double[] Before, double[] After)>();
        for (var t = 0; t < common.Length; t++)
        {
            pairs.Add((a.Precision(t), b.Precision(t)));
            pairs.Add((a.Coverage(t, common[t]), b.Coverage(t, common[t])));
            if (hasRobust)
            {
                pairs.Add((a.Coverage(t, common[t], ModelCurves.RobustLimit), b.Coverage(t, common[t], ModelCurves.RobustLimit)));
            }
        }

        pairs.AddRange(ks.Select(k => (a.PassAt(at, k), b.PassAt(at, k))));
        AddIfThere(a.Sensitivity(), b.Sensitivity());
        AddIfThere(a.DropToOne(), b.DropToOne());
        var found = new Queue<BeforeAfter>(Paired(pairs, bootstrap));
        var rows = common.Select((k, t) => new WallRow(
            a.Temperatures[t], k, found.Dequeue(), found.Dequeue(), hasRobust ? found.Dequeue() : null)).ToArray();
        return new(
            before, after, a.NumProblems, rows,
            [
                Best("pass@1", (counts, t) => counts.Precision(t)),
                Best("coverage", (counts, t) => counts.Coverage(t, common[t])),
                .. hasRobust ? [Best("robust coverage", (counts, t) => counts.Coverage(t, common[t], ModelCurves.RobustLimit))] : (BestRow[])[],
            ],
            NewlySolved.Of(a, b, bootstrap), at, GainBins.Of(a.Precision(at), b.Precision(at), bootstrap),
            [.. ks.Select(k => new PassRow(k, found.Dequeue()))],
            a.Sensitivity() is null ? null : found.Dequeue(), a.DropToOne() is null ? null : found.Dequeue(),
            MarkShares.Of(before.Samples[at], bootstrap), MarkShares.Of(after.Samples[at], bootstrap));

        void AddIfThere(double[]? one, double[]? other)
        {
            if (one is not null && other is not null)
            {
                pairs.Add((one, other));
            }
        }

        BestRow Best(string measure, Func<SampleCounts, int, double[]> row)
        {
            var (left, right) = (a.ByTemperature(t => row(a, t)), b.ByTemperature(t => row(b, t)));
            return new(
                measure,
                new(BestTemperature.Of(left, bootstrap), BestTemperature.Of(right, bootstrap), BestTemperature.Gain(left, right, bootstrap)),
                a.Temperatures[BestTemperature.IndexOf(left)], a.Temperatures[BestTemperature.IndexOf(right)]);
        }
    }

    /// <summary>pass@1 of a model and of another on the same problems, temperature by temperature: what a verifier's choice adds, say.</summary>
    internal static BeforeAfter PassAt1(SampleSet before, SampleSet after, BootstrapSettings bootstrap) =>
        Paired([(before.Counts.Precision(0), after.Counts.Precision(0))], bootstrap)[0];

    private static BeforeAfter[] Paired(IReadOnlyList<(double[] Before, double[] After)> pairs, BootstrapSettings bootstrap) =>
        [.. Bootstrap.Means([.. pairs.SelectMany(pair => (double[][])
            [pair.Before, pair.After, [.. pair.After.Zip(pair.Before, (after, before) => after - before)]])], bootstrap)
            .Chunk(3).Select(three => new BeforeAfter(three[0], three[1], three[2]))];
}
