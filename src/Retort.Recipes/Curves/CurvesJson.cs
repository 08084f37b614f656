using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Sampling;

namespace Retort.Recipes.Curves;

/// <summary>Results as objects for JSON; what is not a number becomes null.</summary>
internal static class CurvesJson
{
    public static object Of(ModelCurves model, TemperatureCurves row) => new
    {
        model.Model,
        Temperature = Finite(row.Temperature),
        model.Problems,
        Samples = new { row.Fewest, row.Most },
        PassAt = ByK(row.Points, point => point.PassAt),
        MajorityAt = row.Points.All(point => point.MajorityAt is not null) ? ByK(row.Points, point => point.MajorityAt) : null,
        BestOf = ByK(row.Points, point => point.BestOf),
        Coverage = Of(row.Coverage),
        RobustCoverage = Of(row.RobustCoverage),
        Marks = Of(row.Marks),
        PrecisionSelfSorted = PrecisionCurve.SelfSorted(row.Precision),
    };

    public static object Of(ModelCurves model) => new
    {
        model.Model,
        best_pass_at_1 = Of(model.BestPassAt1),
        BestCoverage = Of(model.BestCoverage),
        TemperatureSensitivity = Of(model.Sensitivity),
        drop_to_temperature_1 = Of(model.Drop),
    };

    public static object Of(WallComparison wall) => new
    {
        Before = wall.Before.Model,
        After = wall.After.Model,
        wall.Problems,
        Temperatures = wall.Rows.Select(row => new
        {
            Temperature = Finite(row.Temperature),
            row.Samples,
            pass_at_1 = Of(row.PassAt1),
            Coverage = Of(row.Coverage),
            RobustCoverage = row.RobustCoverage is { } robust ? Of(robust) : null,
        }),
        Best = wall.Best.Select(best => new
        {
            best.Measure,
            Before = Of(best.Values.Before),
            After = Of(best.Values.After),
            Gain = Of(best.Values.Gain),
            TemperatureBefore = Finite(best.TemperatureBefore),
            TemperatureAfter = Finite(best.TemperatureAfter),
        }),
        NewlySolved = new
        {
            wall.NewlySolved.Unsolved,
            wall.NewlySolved.Gained,
            wall.NewlySolved.Lost,
            wall.NewlySolved.SignTest,
            Half = Of(wall.NewlySolved.Half),
            HalfNull = Of(wall.NewlySolved.HalfNull),
            Excess = Of(wall.NewlySolved.Excess),
        },
        At = Finite(wall.Rows[wall.At].Temperature),
        GainByPrecisionBefore = wall.Bins.Select(bin => new { Bin = bin.Name, bin.Problems, Gain = Of(bin.Gain) }),
        PassAt = wall.PassAt.ToDictionary(row => row.K.ToString(CultureInfo.InvariantCulture), row => Of(row.PassAt)),
        Crossing = wall.Crossing?.K,
        TemperatureSensitivity = wall.Sensitivity is { } sensitivity ? Of(sensitivity) : null,
        drop_to_temperature_1 = wall.Drop is { } drop ? Of(drop) : null,
        MarksBefore = Of(wall.MarksBefore),
        MarksAfter = Of(wall.MarksAfter),
        SameOrder = new
        {
            Before = PrecisionCurve.SelfSorted(wall.Before.Counts.Precision(wall.At)),
            After = PrecisionCurve.InOrderOf(wall.Before.Counts.Precision(wall.At), wall.After.Counts.Precision(wall.At)),
        },
    };

    public static object Of(BeforeAfter values) => new { Before = Of(values.Before), After = Of(values.After), Gain = Of(values.Gain) };

    public static object Of(BootstrapSettings settings) => new { settings.Resamples, settings.Level, settings.Seed };

    private static object? Of(MarkShares marks) => marks is { Plan: null, Execute: null } ? null : new
    {
        Plan = Of(marks.Plan),
        Execute = Of(marks.Execute),
        ExecuteGivenPlan = Of(marks.ExecuteGivenPlan),
        CorrectGivenBoth = Of(marks.CorrectGivenBoth),
    };

    private static object Of(BestValue best) => new { best.Value.Value, best.Value.Low, best.Value.High, best.Value.N, Temperature = Finite(best.Temperature) };

    public static object? Of(Interval? interval) => interval is { } some
        ? new { Value = Finite(some.Value), Low = Finite(some.Low), High = Finite(some.High), some.N }
        : null;

    private static Dictionary<string, object?> ByK(IReadOnlyList<CurvePoint> points, Func<CurvePoint, Interval?> interval) =>
        points.ToDictionary(point => point.K.ToString(CultureInfo.InvariantCulture), point => Of(interval(point)));

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
