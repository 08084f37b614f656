namespace Retort.Recipes.Figures;

/// <summary>A figure as data: what is drawn, not how. <see cref="FigureRenderer"/> draws every figure in one style.</summary>
/// <param name="Name">File name without extension, e.g. "countdown-accuracy".</param>
/// <param name="Title">The one thing to see, as a short sentence.</param>
/// <param name="X">Horizontal axis.</param>
/// <param name="Y">Vertical axis.</param>
/// <param name="Series">Drawn in order; colours and markers follow the order unless a series names its own.</param>
public sealed record Figure(string Name, string Title, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    /// <summary>What is shown, on which data, and what the bars are. Stands under the figure and is its alternative text.</summary>
    public string Caption { get; init; } = "";

    /// <summary>Lines to compare with: a threshold, zero, a published value.</summary>
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <summary>Bars of one place stand on each other instead of side by side.</summary>
    public bool Stacked { get; init; }

    /// <summary>Width in CSS pixels.</summary>
    public int Width { get; init; } = 900;

    /// <summary>Height in CSS pixels.</summary>
    public int Height { get; init; } = 500;
}

/// <summary>How numbers become positions along an axis.</summary>
public enum AxisScale
{
    /// <summary>Equal distances are equal differences.</summary>
    Linear,

    /// <summary>Equal distances are equal ratios; values must be positive.</summary>
    Log,
}

/// <summary>How an axis writes its numbers.</summary>
public enum NumberFormat
{
    /// <summary>1500 as 1.5k, 2e9 as 2G.</summary>
    Si,

    /// <summary>0.25 as 25%.</summary>
    Percent,

    /// <summary>1500 as 1500.</summary>
    Plain,
}

/// <summary>One axis.</summary>
/// <param name="Label">What is measured, with its unit: "generation cost (FLOPs per problem)".</param>
public sealed record Axis(string Label)
{
    /// <summary>Linear or log.</summary>
    public AxisScale Scale { get; init; }

    /// <summary>How tick labels are written.</summary>
    public NumberFormat Format { get; init; }

    /// <summary>Least value shown; null: the data's, or 0 where a linear vertical axis has no negative values.</summary>
    public double? Min { get; init; }

    /// <summary>Greatest value shown; null: the data's.</summary>
    public double? Max { get; init; }

    /// <summary>Values to mark; null: round numbers.</summary>
    public IReadOnlyList<double>? Ticks { get; init; }

    /// <summary>Names of the places 0, 1, 2, ... of bars; null for a numeric axis.</summary>
    public IReadOnlyList<string>? Categories { get; init; }
}

/// <summary>How a series is drawn.</summary>
public enum SeriesKind
{
    /// <summary>Points joined by lines, with error bars where points have them.</summary>
    Line,

    /// <summary>A line without markers, with a shaded band where points have ends.</summary>
    Band,

    /// <summary>Points alone.</summary>
    Scatter,

    /// <summary>Bars from zero, grouped (or stacked) by x, with error bars where points have them.</summary>
    Bars,

    /// <summary>Stairs: a step line, for many sorted values.</summary>
    Steps,

    /// <summary>Squares one unit wide around each point, the darker the higher its weight: a heat map.</summary>
    Cells,
}

/// <summary>One point; <paramref name="Low"/> and <paramref name="High"/> are its interval's ends, if it has one.</summary>
public readonly record struct Point(double X, double Y, double? Low = null, double? High = null);

/// <summary>One series and its name in the legend.</summary>
public sealed record Series(string Label, SeriesKind Kind, IReadOnlyList<Point> Points)
{
    /// <summary>Place in <see cref="Palette.Colors"/>; null: the series' own place in the figure.</summary>
    public int? Color { get; init; }

    /// <summary>Of <see cref="SeriesKind.Cells"/>: how dark each point's square is, 0 to 1.</summary>
    public IReadOnlyList<double> Weights { get; init; } = [];

    /// <summary>Dashed lines tell a variant from its base, or a bound from a result.</summary>
    public bool Dashed { get; init; }

    /// <summary>
    /// Counts of values in bins, as bars: bin b is [edges[b], edges[b+1]), the last closed; or, with <paramref name="includeUpper"/>,
    /// (edges[b], edges[b+1]], the first closed. Values outside are left out. The points' x is the bin's number;
    /// <see cref="BinLabels"/> names them.
    /// </summary>
    public static Series Histogram(string label, IReadOnlyList<double> edges, IEnumerable<double> values, bool includeUpper = false)
    {
        var counts = new int[edges.Count - 1];
        foreach (var value in values)
        {
            for (var b = 0; b < counts.Length; b++)
            {
                var (low, high) = (edges[b], edges[b + 1]);
                if ((value > low && value < high) || (value == low && (!includeUpper || b == 0)) || (value == high && (includeUpper || b == counts.Length - 1)))
                {
                    counts[b]++;
                    break;
                }
            }
        }

        return new(label, SeriesKind.Bars, [.. counts.Select((count, b) => new Point(b, count))]);
    }

    /// <summary>Names for the bins of <see cref="Histogram"/>: "0-100", "100-200", ...</summary>
    public static string[] BinLabels(IReadOnlyList<double> edges) =>
        [.. Enumerable.Range(0, edges.Count - 1)
            .Select(b => $"{Ticks.Label(edges[b], NumberFormat.Plain)}–{Ticks.Label(edges[b + 1], NumberFormat.Plain)}")];
}

/// <summary>A line across the figure.</summary>
/// <param name="At">The value, on the vertical axis unless <paramref name="Vertical"/>.</param>
/// <param name="Label">Written beside the line; empty for none.</param>
/// <param name="Vertical">The line stands at x = <paramref name="At"/>.</param>
public sealed record ReferenceLine(double At, string Label = "", bool Vertical = false);
