using Retort.Analysis;
using Retort.Analysis.Sampling;
using Retort.Recipes.Figures;
using static Retort.Recipes.Curves.CurvesWords;

namespace Retort.Recipes.Curves;

/// <summary>Figures of graded samples.</summary>
internal static class CurvesFigures
{
    // A model takes two of the eight colours.
    private const int MostModels = 4, MostLines = 6, MeaningfulSamples = 4;
    private const string Bars = "Bars and bands: 95 % bootstrap intervals over problems.";

    // A little room at the top keeps points at 100 % whole.
    private static readonly Axis Share = new("share of the problems")
    {
        Format = NumberFormat.Percent,
        Min = 0,
        Max = 1.04,
        Ticks = [0, 0.2, 0.4, 0.6, 0.8, 1],
    };

    private static readonly Axis PassAt1 = new("pass@1") { Format = NumberFormat.Percent };

    public static IReadOnlyList<Figure> Of(IReadOnlyList<ModelCurves> models, IReadOnlyList<VerifierGain> verifiers)
    {
        var figures = new List<Figure>();
        var sampled = Sampled(models);
        if (sampled.Length > 0)
        {
            figures.Add(PassAtK(sampled[..Math.Min(sampled.Length, MostModels)]));
        }

        if (models.Count > 1)
        {
            figures.Add(new(
                "pass-at-1", "pass@1 by model", Names(models), PassAt1,
                [new("", SeriesKind.Bars, [.. models.Select((model, i) => At(i, model.Shown.PassAt1))])])
            { Caption = "Mean share of correct samples of a problem. " + Bars });
        }

        foreach (var (i, model) in models.Index().Where(one => one.Item.Shown.Fewest >= MeaningfulSamples))
        {
            figures.Add(Precision(
                models.Count == 1 ? "precision" : $"precision-{i + 1}", $"Precision of every problem: {model.Model}",
                [.. model.Temperatures.Select(row => (row.Temperature, row.Precision))]));
        }

        foreach (var (i, model) in models.Index().Where(one => one.Item.Temperatures.Count > 1))
        {
            figures.Add(new(
                models.Count == 1 ? "temperature" : $"temperature-{i + 1}", $"pass@1 and coverage by temperature: {model.Model}",
                new Axis("temperature") { Format = NumberFormat.Plain }, Share,
                [
                    new("coverage", SeriesKind.Line, [.. model.Temperatures.Select(row => At(row.Temperature, row.Coverage))]),
                    new("pass@1", SeriesKind.Line, [.. model.Temperatures.Select(row => At(row.Temperature, row.PassAt1))]),
                ])
            { Caption = $"Coverage: a correct one among {Samples(model)} samples. " + Bars });
        }

        var marked = models.Where(model => model.Shown.Marks is { Plan: not null, Execute: not null }).ToArray();
        if (marked.Length > 0)
        {
            figures.Add(new(
                "plan-execute", "Plan and execution of single samples", Names(marked), Share with { Label = "share of the samples" },
                [
                    new("plan", SeriesKind.Bars, [.. marked.Select((model, i) => At(i, model.Shown.Marks.Plan))]),
                    new("execute", SeriesKind.Bars, [.. marked.Select((model, i) => At(i, model.Shown.Marks.Execute))]),
                    new("execute if planned", SeriesKind.Bars, [.. marked.Select((model, i) => At(i, model.Shown.Marks.ExecuteGivenPlan))]),
                ])
            { Caption = "Plan: the right steps. Execute: steps carried out rightly. " + Bars });
        }

        if (verifiers.Count > 0)
        {
            figures.Add(new(
                "verify", "What a verifier's choice adds to pass@1",
                new Axis("model") { Categories = [.. verifiers.Select(one => Short(one.Name))] }, PassAt1,
                [
                    new("without", SeriesKind.Bars, [.. verifiers.Select((one, i) => At(i, one.PassAt1.Before))]),
                    new("with", SeriesKind.Bars, [.. verifiers.Select((one, i) => At(i, one.PassAt1.After))]),
                ])
            { Caption = "One answer a problem: the model's own, and the one its verifier prefers among many samples. " + Bars });
        }

        return figures;
    }

    /// <summary>Models that the figure of pass@k has no room for.</summary>
    public static IReadOnlyList<string> LeftOut(IReadOnlyList<ModelCurves> models) => [.. Sampled(models).Skip(MostModels).Select(model => model.Model)];

    private static ModelCurves[] Sampled(IReadOnlyList<ModelCurves> models) => [.. models.Where(model => model.Shown.Fewest > 1)];

    public static IReadOnlyList<Figure> Of(WallComparison wall)
    {
        var figures = new List<Figure>();
        var shown = wall.Rows[wall.At];
        if (shown.Samples >= MeaningfulSamples)
        {
            figures.Add(Precision("precision-before", $"Precision of every problem before: {wall.Before.Model}", Rows(wall.Before)));
            figures.Add(Precision("precision-after", $"Precision of every problem after: {wall.After.Model}", Rows(wall.After)));
            figures.Add(SameOrder(wall));
        }

        figures.Add(wall.Rows.Count > 1 ? ByTemperature(wall) : AtOneTemperature(shown));
        if (wall.PassAt.Count > 1)
        {
            figures.Add(new(
                "pass-at-k", $"pass@k before and after{AtTemperature(shown.Temperature)}", KAxis(wall.PassAt.Select(row => row.K)), Share with { Label = "pass@k" },
                [
                    new("before", SeriesKind.Band, [.. wall.PassAt.Select(row => At(row.K, row.PassAt.Before))]),
                    new("after", SeriesKind.Band, [.. wall.PassAt.Select(row => At(row.K, row.PassAt.After))]),
                ])
            { Caption = "Where the lines cross, more samples of the model before solve more problems than those of the model after. " + Bars });
        }

        figures.Add(new(
            "gain-bins", "Gain by precision before" + AtTemperature(shown.Temperature),
            new Axis("precision before") { Categories = [.. wall.Bins.Select(bin => $"{bin.Name}  n={bin.Problems}")] },
            new Axis("gain of precision") { Format = NumberFormat.Percent },
            [new("", SeriesKind.Bars, [.. wall.Bins.Select((bin, i) => At(i, bin.Gain))])])
        { Caption = "Mean precision after less before of the problems of each bin. " + Bars });
        var marks = CurvesTables.Marks(wall).ToArray();
        if (marks.Length > 0)
        {
            figures.Add(new(
                "plan-execute", "Plan and execution before and after" + AtTemperature(shown.Temperature),
                new Axis("mark") { Categories = [.. marks.Select(mark => mark.Name)] }, Share with { Label = "share of the samples" },
                [
                    new("before", SeriesKind.Bars, [.. marks.Select((mark, i) => At(i, mark.Before))]),
                    new("after", SeriesKind.Bars, [.. marks.Select((mark, i) => At(i, mark.After))]),
                ])
            { Caption = "Plan: the right steps. Execute: steps carried out rightly. " + Bars });
        }

        return figures;

        static (double, IReadOnlyList<double>)[] Rows(SampleSet set) =>
            [.. set.Temperatures.Select((temperature, t) => (temperature, (IReadOnlyList<double>)set.Counts.Precision(t)))];
    }

    private static Figure PassAtK(ModelCurves[] models)
    {
        var series = new List<Series>();
        foreach (var (i, model) in models.Index())
        {
            var name = models.Length == 1 ? "" : $"{Short(model.Model)}, ";
            series.Add(new($"{name}pass@k", SeriesKind.Band, [.. model.Shown.Points.Select(point => At(point.K, point.PassAt))]) { Color = 2 * i });
            if (model.Shown.Points.All(point => point.MajorityAt is not null))
            {
                series.Add(new($"{name}majority@k", SeriesKind.Band, [.. model.Shown.Points.Select(point => At(point.K, point.MajorityAt))])
                { Color = models.Length == 1 ? 1 : 2 * i, Dashed = true });
            }
        }

        var one = models[0];
        return new(
            "pass-at-k", "What k samples are worth" + (models.Length == 1 ? $": {one.Model}{AtTemperature(one.Shown.Temperature)}" : ""),
            KAxis(models.SelectMany(model => model.Shown.Points).Select(point => point.K)), Share, series)
        { Caption = "pass@k: a perfect verifier chooses. majority@k: the most frequent answer. " + Bars };
    }

    private static Figure Precision(string name, string title, (double Temperature, IReadOnlyList<double> Precision)[] rows)
    {
        var chosen = rows.Length <= MostLines ? rows : [.. Enumerable.Range(0, MostLines).Select(i => rows[i * (rows.Length - 1) / (MostLines - 1)])];
        return new(
            name, title, new Axis(rows.Length == 1 ? "problems, sorted by precision" : "problems, each line sorted by itself") { Format = NumberFormat.Plain, Min = 0 },
            Share with { Label = "precision: share of correct samples" },
            [.. chosen.Select(row => new Series(
                double.IsNaN(row.Temperature) ? "" : $"T = {Temperature(row.Temperature)}", SeriesKind.Steps,
                [.. Steps(PrecisionCurve.SelfSorted(row.Precision))]))])
        {
            Caption = (rows.Length == 1 ? "The problems" : "Self-sorted: every temperature has its own order of the problems,") + " from the surest to those never solved.",
        };
    }

    private static Figure SameOrder(WallComparison wall)
    {
        const int groups = 24;
        var (before, after) = (wall.Before.Counts.Precision(wall.At), wall.After.Counts.Precision(wall.At));
        return new(
            "same-order", $"Where precision was gained{AtTemperature(wall.Rows[wall.At].Temperature)}",
            new Axis("problems, sorted by precision before") { Format = NumberFormat.Plain, Min = 0 },
            Share with { Label = "precision: share of correct samples", Min = -0.03 },
            [
                new("before", SeriesKind.Steps, [.. Steps(PrecisionCurve.SelfSorted(before))]),
                new("after, each problem", SeriesKind.Scatter, [.. PrecisionCurve.InOrderOf(before, after).Select((p, rank) => new Point(rank + 0.5, p))])
                { Color = 6 },
                new("after, means of neighbours", SeriesKind.Line,
                    [.. PrecisionCurve.Smoothed(PrecisionCurve.InOrderOf(before, after), groups).Select(point => new Point(point.Rank + 0.5, point.Mean))])
                { Color = 1 },
            ])
        { Caption = $"Same order: both models in the order of the model before. Means are of {Math.Min(groups, before.Length)} runs of neighbours." };
    }

    private static Figure ByTemperature(WallComparison wall) => new(
        "temperature", "pass@1 and coverage by temperature", new Axis("temperature") { Format = NumberFormat.Plain }, Share,
        [
            new("coverage before", SeriesKind.Line, [.. wall.Rows.Select(row => At(row.Temperature, row.Coverage.Before))]) { Color = 0, Dashed = true },
            new("coverage after", SeriesKind.Line, [.. wall.Rows.Select(row => At(row.Temperature, row.Coverage.After))]) { Color = 0 },
            new("pass@1 before", SeriesKind.Line, [.. wall.Rows.Select(row => At(row.Temperature, row.PassAt1.Before))]) { Color = 1, Dashed = true },
            new("pass@1 after", SeriesKind.Line, [.. wall.Rows.Select(row => At(row.Temperature, row.PassAt1.After))]) { Color = 1 },
        ])
    { Caption = $"Coverage: a correct one among {Range([.. wall.Rows.Select(row => row.Samples)])} samples. " + Bars };

    private static Figure AtOneTemperature(WallRow row) => new(
        "temperature", "pass@1 and coverage" + AtTemperature(row.Temperature), new Axis("") { Categories = ["pass@1", "coverage"] }, Share,
        [
            new("before", SeriesKind.Bars, [At(0, row.PassAt1.Before), At(1, row.Coverage.Before)]),
            new("after", SeriesKind.Bars, [At(0, row.PassAt1.After), At(1, row.Coverage.After)]),
        ])
    { Caption = $"Coverage: a correct one among {row.Samples} samples. " + Bars };

    /// <summary>Rank r holds from r to r + 1.</summary>
    private static IEnumerable<Point> Steps(double[] curve) => [.. curve.Select((p, rank) => new Point(rank, p)), new Point(curve.Length, curve[^1])];

    private static Axis Names(IReadOnlyList<ModelCurves> models) => new("model") { Categories = [.. models.Select(model => Short(model.Model))] };

    private static Axis KAxis(IEnumerable<int> ks) => new("k samples")
    {
        Scale = AxisScale.Log,
        Format = NumberFormat.Plain,
        Ticks = [.. ks.Distinct().Order().Select(k => (double)k)],
    };

    private static string Samples(ModelCurves model) => Range([.. model.Temperatures.Select(row => row.Fewest)]);

    private static string Range(int[] samples) => samples.Min() == samples.Max() ? $"{samples[0]}" : $"{samples.Min()} to {samples.Max()}";

    private static Point At(double x, Interval? interval) => interval is not { } some ? new(x, double.NaN)
        : double.IsNaN(some.Low) ? new(x, some.Value)
        : new(x, some.Value, some.Low, some.High);
}
