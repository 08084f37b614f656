using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Scaling;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Scaling;

/// <summary>A sweep as figures (sections 5.3, 5.4 and 5.6 of the study of long chains of thought).</summary>
internal static class ScalingFigures
{
    private const int MostLines = 7, MostLabels = 16;
    private const string Bars = "Bars: 95 % bootstrap intervals over problems.";

    private static readonly double[] Levels = [0.55, 0.6, 0.7, 0.8, 0.9];

    // Lines on cells of the first colour.
    private static readonly int[] LevelColors = [5, 3, 2, 4, 1];

    /// <summary>Names of all figures there may be.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. ((string[])["best-of-n", "majority"]).SelectMany(name => (string[])
            [$"heat-map-{name}", $"by-chain-{name}", $"by-samples-{name}", $"by-tokens-{name}", $"by-flops-{name}"]),
        "first-verified",
    ];

    public static IReadOnlyList<Figure> Of(string model, ScalingGrid grid, IReadOnlyList<Aggregator> aggregators, bool hasVerifier, double floor)
    {
        var figures = new List<Figure>();
        foreach (var aggregator in aggregators)
        {
            var name = aggregator.Name.Replace(' ', '-').ToLowerInvariant();
            if (grid.Budgets.Count > 1 && grid.Samples.Count > 1)
            {
                figures.Add(HeatMap(model, grid, aggregator, $"heat-map-{name}", floor));
            }

            figures.Add(Frontier(
                grid, aggregator, $"by-tokens-{name}", $"Equal tokens: one long chain or several short ones, {aggregator.Name}",
                "S * N: chain tokens a problem may take", cell => cell.TotalBudget));
            if (grid.Cells[0].Flops is not null)
            {
                figures.Add(Frontier(
                    grid, aggregator, $"by-flops-{name}", $"Equal work: one long chain or several short ones, {aggregator.Name}",
                    "FLOPs a problem takes, as the engine counts them", cell => cell.Flops!.Value.Value));
            }

            figures.Add(Lines(
                $"by-chain-{name}", $"Longer chains: {aggregator.Name}", new Axis("S: tokens a chain may have") { Format = NumberFormat.Plain },
                Chosen(grid.Samples.Count).Select(n => ($"N = {grid.Samples[n]}", grid.Budgets.Select((budget, s) => At(budget, aggregator.Of(grid[s, n])))))));
            figures.Add(Lines(
                $"by-samples-{name}", $"More samples: {aggregator.Name}", LogAxis("N: samples", grid.Samples.Select(n => (double)n)),
                Chosen(grid.Budgets.Count).Select(s => ($"S = {grid.Budgets[s]}", grid.Samples.Select((n, i) => At(n, aggregator.Of(grid[s, i])))))));
        }

        if (hasVerifier)
        {
            figures.Add(Lines(
                "first-verified", "Stopping at the first sample that verifies", new Axis("mean tokens spent on a problem"),
                Chosen(grid.Budgets.Count).Select(s => (
                    $"S = {grid.Budgets[s]}", grid.Samples.Select((_, n) => At(grid[s, n].StopTokens.Value, grid[s, n].BestOf))))));
        }

        return figures;
    }

    private static Figure HeatMap(string model, ScalingGrid grid, Aggregator aggregator, string name, double floor)
    {
        var values = new double[grid.Budgets.Count, grid.Samples.Count];
        var (points, weights) = (new List<Point>(), new List<double>());
        for (var s = 0; s < grid.Budgets.Count; s++)
        {
            for (var n = 0; n < grid.Samples.Count; n++)
            {
                values[s, n] = aggregator.Of(grid[s, n]).Value;
                points.Add(new(s, n));
                weights.Add(0.04 + 0.8 * Math.Clamp((values[s, n] - floor) / (1 - floor), 0, 1));
            }
        }

        var series = new List<Series> { new("", SeriesKind.Cells, points) { Weights = weights, Color = 0 } };
        foreach (var (i, level) in Levels.Index())
        {
            series.AddRange(Contours.Of(values, level).Select((line, part) => new Series(
                part == 0 ? level.ToString(CultureInfo.InvariantCulture) : "", SeriesKind.Band, line)
            { Color = LevelColors[i] }));
        }

        return new(
            name, $"Accuracy of {aggregator.Name}: {model}",
            new Axis("S: tokens a chain may have") { Categories = Labels(grid.Budgets) }, new Axis("N: samples") { Categories = Labels(grid.Samples) }, series)
        {
            Height = 560,
            Caption = string.Create(CultureInfo.InvariantCulture, $"The darker, the more accurate: from {100 * floor:0} % to 100 %. ")
                + "Lines: contours of the accuracy, interpolated between the cells' middles.",
        };
    }

    private static Figure Frontier(
        ScalingGrid grid, Aggregator aggregator, string name, string title, string axis, Func<ScalingCell, double> cost)
    {
        var steps = FrontierStep.Of(grid, aggregator, cost);
        var lines = Chosen(grid.Samples.Count).Select((n, i) => new Series(
            $"N = {grid.Samples[n]}", SeriesKind.Line, [.. Enumerable.Range(0, grid.Budgets.Count).Where(s => cost(grid[s, n]) > 0)
                .Select(s => At(cost(grid[s, n]), aggregator.Of(grid[s, n])))])
        { Color = i });
        return new(
            name, title, new Axis(axis) { Scale = AxisScale.Log }, Accuracy,
            [
                .. lines,
                new("best so far", SeriesKind.Steps, [.. Held(steps.Where(step => step.Cost > 0).ToArray(), grid.Cells.Max(cost))]) { Color = 7, Dashed = true },
            ])
        { Caption = "One line for each number of samples, S growing along it. Best so far: the frontier of all cells. " + Bars };
    }

    /// <summary>A frontier holds to the right until something better comes.</summary>
    private static IEnumerable<Point> Held(FrontierStep[] steps, double end) => steps.Length == 0 ? []
        : [.. steps.Select(step => new Point(step.Cost, step.Accuracy.Value)), new Point(end, steps[^1].Accuracy.Value)];

    private static Figure Lines(string name, string title, Axis x, IEnumerable<(string Label, IEnumerable<Point> Points)> lines) => new(
        name, title, x, Accuracy, [.. lines.Select(line => new Series(line.Label, SeriesKind.Line, [.. line.Points]))])
    { Caption = Bars };

    private static Axis Accuracy { get; } = new("accuracy: share of the problems") { Format = NumberFormat.Percent, Min = 0, Max = 1.04, Ticks = [0, 0.2, 0.4, 0.6, 0.8, 1] };

    private static Axis LogAxis(string label, IEnumerable<double> ticks) => new(label) { Scale = AxisScale.Log, Format = NumberFormat.Plain, Ticks = [.. ticks] };

    /// <summary>As many indices as a figure has room for, the first and the last among them.</summary>
    private static IEnumerable<int> Chosen(int count) => count <= MostLines
        ? Enumerable.Range(0, count)
        : Enumerable.Range(0, MostLines).Select(i => i * (count - 1) / (MostLines - 1));

    /// <summary>Every label where there is room, else some of them.</summary>
    private static string[] Labels(IReadOnlyList<int> numbers)
    {
        var step = (numbers.Count + MostLabels - 1) / MostLabels;
        return [.. numbers.Select((number, i) => i % step == 0 ? number.ToString(CultureInfo.InvariantCulture) : "")];
    }

    private static Point At(double x, Interval interval) => new(x, interval.Value, interval.Low, interval.High);
}
