using Retort.Analysis;
using Retort.Analysis.Sampling;

namespace Retort.Recipes.Curves;

/// <summary>What k samples are worth, each a mean over problems with its interval.</summary>
/// <param name="K">Samples.</param>
/// <param name="PassAt">Under a perfect verifier: unbiased pass@k.</param>
/// <param name="MajorityAt">Under a vote; null where no sample has an answer.</param>
/// <param name="BestOf">Whether the first k samples, as drawn, hold a correct one: what happened, not what is expected.</param>
public sealed record CurvePoint(int K, Interval PassAt, Interval? MajorityAt, Interval BestOf);

/// <summary>A model at one temperature.</summary>
/// <param name="Temperature">NaN where it is not told.</param>
/// <param name="Fewest">Fewest samples of a problem: K of both coverages.</param>
/// <param name="Most">Most samples of a problem.</param>
/// <param name="Points">One for each k.</param>
/// <param name="Coverage">Problems with a correct one among K samples; unbiased where a problem has more.</param>
/// <param name="RobustCoverage">Problems with more than <see cref="ModelCurves.RobustLimit"/> correct ones; null with no more samples than that.</param>
/// <param name="Marks">Plan and execution.</param>
/// <param name="Precision">Of every problem, in the order of the problems.</param>
public sealed record TemperatureCurves(
    double Temperature, int Fewest, int Most, IReadOnlyList<CurvePoint> Points, Interval Coverage, Interval? RobustCoverage,
    MarkShares Marks, IReadOnlyList<double> Precision)
{
    /// <summary>Mean precision.</summary>
    public Interval PassAt1 { get; init; }
}

/// <summary>A measure at a model's best temperature.</summary>
/// <param name="Value">The highest mean over temperatures; the choice is made anew in every resample.</param>
/// <param name="Temperature">Where.</param>
public sealed record BestValue(Interval Value, double Temperature);

/// <summary>One model's samples as curves.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Problems">How many.</param>
/// <param name="Temperatures">Ascending.</param>
/// <param name="At">Index of the temperature shown where one is shown.</param>
/// <param name="BestPassAt1">Highest pass@1.</param>
/// <param name="BestCoverage">Highest coverage.</param>
/// <param name="Sensitivity">Mean over problems of highest less lowest precision up to T = 1.2; null with fewer than two temperatures there.</param>
/// <param name="Drop">pass@1 at the lowest temperature less that at 1; null without both.</param>
public sealed record ModelCurves(
    string Model, int Problems, IReadOnlyList<TemperatureCurves> Temperatures, int At, BestValue BestPassAt1, BestValue BestCoverage,
    Interval? Sensitivity, Interval? Drop)
{
    /// <summary>Correct samples that robust coverage wants to see exceeded.</summary>
    public const int RobustLimit = 2;

    /// <summary>What is shown where one temperature is shown.</summary>
    public TemperatureCurves Shown => Temperatures[At];

    /// <summary>Looks at a model's samples.</summary>
    public static ModelCurves Of(SampleSet set, CurvesSettings settings)
    {
        var counts = set.Counts;
        var temperatures = set.Temperatures.Select((_, t) => AtTemperature(set, t, settings)).ToArray();
        return new(
            set.Model, counts.NumProblems, temperatures, settings.IndexIn(set.Temperatures), Best(counts.Precision, row => row.PassAt1),
            Best(t => counts.Coverage(t, counts.FewestSamples(t)), row => row.Coverage), Mean(counts.Sensitivity()), Mean(counts.DropToOne()));

        Interval? Mean(double[]? values) => values is null ? null : Bootstrap.Mean(values, settings.Bootstrap);

        BestValue Best(Func<int, double[]> row, Func<TemperatureCurves, Interval> only)
        {
            var rows = counts.ByTemperature(row);
            return rows.Length == 1 ? new(only(temperatures[0]), set.Temperatures[0]) : new(BestTemperature.Of(rows, settings.Bootstrap), set.Temperatures[BestTemperature.IndexOf(rows)]);
        }
    }

    private static TemperatureCurves AtTemperature(SampleSet set, int t, CurvesSettings settings)
    {
        var (counts, samples, fewest) = (set.Counts, set.Samples[t], set.Counts.FewestSamples(t));
        var ks = settings.KsUpTo(fewest);
        var votes = samples.Any(problem => problem.Any(one => one.Answer is not null));
        double[][] columns =
        [
            counts.Precision(t),
            .. ks.Select(k => counts.PassAt(t, k)),
            .. ks.Select(k => samples.Select(problem => problem.AsSpan(0, k).ToArray().Any(one => one.Correct) ? 1.0 : 0).ToArray()),
            .. votes ? set.MajorityAt(t, ks, settings.Bootstrap.Seed, settings.Bootstrap.Threads) : [],
            counts.Coverage(t, fewest),
            .. fewest > RobustLimit ? [counts.Coverage(t, fewest, RobustLimit)] : (double[][])[],
        ];
        var means = new Queue<Interval>(Bootstrap.Means(columns, settings.Bootstrap));
        var passAt1 = means.Dequeue();
        Interval[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => means.Dequeue())];
        var (pass, best, majority) = (Take(ks.Count), Take(ks.Count), votes ? Take(ks.Count) : null);
        return new(
            set.Temperatures[t], fewest, samples.Max(problem => problem.Length),
            [.. ks.Select((k, i) => new CurvePoint(k, pass[i], majority?[i], best[i]))], means.Dequeue(), means.TryDequeue(out var robust) ? robust : null,
            MarkShares.Of(samples, settings.Bootstrap), columns[0])
        { PassAt1 = passAt1 };
    }
}
