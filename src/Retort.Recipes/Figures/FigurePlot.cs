using ScottPlot;

namespace Retort.Recipes.Figures;

/// <summary>Turns a <see cref="Figure"/> into a ScottPlot plot: data, grid, ticks. Text around it is the renderer's.</summary>
internal static class FigurePlot
{
    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond,
        MarkerShape.FilledTriangleDown,
    ];

    public const float TickSize = 13.5f;

    private const double GroupWidth = 0.74; // of the distance between two places

    public static Color ColorOf(Figure figure, int series) => Color.FromHex(
        Palette.Colors[(figure.Series[series].Color ?? series) % Palette.Colors.Count].Light);

    public static MarkerStyle MarkerOf(Figure figure, int series) => new()
    {
        Shape = Markers[(figure.Series[series].Color ?? series) % Markers.Length],
        Size = 9,
        FillColor = ColorOf(figure, series),
        LineColor = Color.FromHex(Palette.Page.Light),
        LineWidth = 1.5f,
    };

    public static LinePattern PatternOf(Series series) => series.Dashed ? LinePattern.DenselyDashed : LinePattern.Solid;

    /// <summary>The plot, its axis limits and the labels of its vertical ticks (whose width the layout needs).</summary>
    public static (Plot Plot, string[] YLabels) Create(Figure figure)
    {
        FigureFont.Use();
        var plot = new Plot();
        var (x, y) = (Limits(figure, horizontal: true), Limits(figure, horizontal: false));
        var yTicks = SetTicks(plot.Axes.Left, figure.Y, y, 6);
        SetTicks(plot.Axes.Bottom, figure.X, x, 9);
        Style(plot, figure);
        foreach (var line in figure.References)
        {
            AddReference(plot, figure, line, x, y);
        }

        var barSeries = figure.Series.Index().Where(s => s.Item.Kind == SeriesKind.Bars).Select(s => s.Index).ToArray();
        var stackTops = new Dictionary<double, double>();
        for (var i = 0; i < figure.Series.Count; i++)
        {
            if (figure.Series[i].Kind == SeriesKind.Bars)
            {
                AddBars(plot, figure, i, Array.IndexOf(barSeries, i), barSeries.Length, stackTops);
            }
            else if (figure.Series[i].Kind == SeriesKind.Cells)
            {
                AddCells(plot, figure, i);
            }
            else
            {
                AddCurve(plot, figure, i);
            }
        }

        plot.Axes.SetLimits(x.Min, x.Max, y.Min, y.Max);
        return (plot, yTicks);
    }

    private static double Place(double value, Axis axis) => axis.Scale == AxisScale.Linear
        ? value
        : value > 0 ? Math.Log10(value) : throw new ArgumentException($"{value} has no place on the log axis '{axis.Label}'.");

    private static (double Min, double Max) Limits(Figure figure, bool horizontal)
    {
        var axis = horizontal ? figure.X : figure.Y;
        if (axis.Categories is { } categories)
        {
            return (-0.5, categories.Count - 0.5);
        }

        var points = figure.Series.SelectMany(s => s.Points);
        var values = (horizontal
                ? points.Select(p => p.X)
                : points.SelectMany(p => (double[])[p.Y, p.Low ?? p.Y, p.High ?? p.Y]).Concat(StackHeights(figure)))
            .Concat(figure.References.Where(r => r.Vertical == horizontal).Select(r => r.At))
            .Where(double.IsFinite).ToArray();
        var (low, high) = values.Length == 0 ? (axis.Scale == AxisScale.Log ? 1 : 0, 1) : (values.Min(), values.Max());
        var fromZero = !horizontal && axis.Scale == AxisScale.Linear && low >= 0;
        var (min, max) = (Place(axis.Min ?? (fromZero ? 0 : low), axis), Place(axis.Max ?? high, axis));
        if (max <= min)
        {
            max = min + 1;
        }

        var margin = (max - min) * (horizontal ? 0.035 : 0.06);
        return (axis.Min is null && !fromZero ? min - margin : min, axis.Max is null ? max + margin : max);
    }

    private static IEnumerable<double> StackHeights(Figure figure) => figure.Stacked
        ? figure.Series.Where(s => s.Kind == SeriesKind.Bars).SelectMany(s => s.Points)
            .GroupBy(p => p.X).Select(place => place.Sum(p => p.Y))
        : [];

    private static string[] SetTicks(IAxis axis, Axis description, (double Min, double Max) limits, int count)
    {
        double[] places;
        string[] labels;
        if (description.Categories is { } categories)
        {
            places = [.. Enumerable.Range(0, categories.Count).Select(i => (double)i)];
            labels = [.. categories];
        }
        else
        {
            var values = description.Ticks ?? (description.Scale == AxisScale.Log
                ? Ticks.Log(Math.Pow(10, limits.Min), Math.Pow(10, limits.Max), count)
                : Ticks.Linear(limits.Min, limits.Max, count));
            places = [.. values.Select(v => Place(v, description))];
            labels = [.. values.Select(v => Ticks.Label(v, description.Format))];
        }

        axis.TickGenerator = new ScottPlot.TickGenerators.NumericManual(places, labels);
        axis.TickLabelStyle.FontName = FigureFont.Family;
        axis.TickLabelStyle.FontSize = TickSize;
        axis.TickLabelStyle.ForeColor = Color.FromHex(Palette.Muted.Light);
        return labels;
    }

    private static void Style(Plot plot, Figure figure)
    {
        // The renderer has painted the page and writes around the plot.
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Grid.LineColor = Color.FromHex(Palette.Grid.Light);
        plot.Grid.LineWidth = 1;
        plot.Grid.XAxisStyle.IsVisible = figure.X.Categories is null && figure.X.Scale == AxisScale.Log;
        plot.Axes.Right.IsVisible = plot.Axes.Top.IsVisible = false;
        plot.Axes.Left.FrameLineStyle.Width = 0;
        plot.Axes.Bottom.FrameLineStyle.Width = 1;
        plot.Axes.Bottom.FrameLineStyle.Color = Color.FromHex(Palette.Rule.Light);
        plot.Axes.Left.MajorTickStyle.Length = plot.Axes.Left.MinorTickStyle.Length = 0;
        plot.Axes.Left.MajorTickStyle.Color = Color.FromHex(Palette.Rule.Light);
        plot.Axes.Bottom.MajorTickStyle.Length = figure.X.Categories is null ? 5 : 0;
        plot.Axes.Bottom.MajorTickStyle.Color = Color.FromHex(Palette.Rule.Light);
        plot.Axes.Bottom.MinorTickStyle.Length = 0;
        plot.HideLegend();
    }

    private static void AddReference(
        Plot plot, Figure figure, ReferenceLine line, (double Min, double Max) x, (double Min, double Max) y)
    {
        var color = Color.FromHex(Palette.Rule.Light);
        var at = Place(line.At, line.Vertical ? figure.X : figure.Y);
        var axisLine = line.Vertical
            ? (ScottPlot.Plottables.AxisLine)plot.Add.VerticalLine(at, 1.5f, color, LinePattern.Dotted)
            : plot.Add.HorizontalLine(at, 1.5f, color, LinePattern.Dotted);
        axisLine.EnableAutoscale = false;
        plot.Add.Plottable(new EndOfDashes());
        if (line.Label.Length > 0)
        {
            var text = line.Vertical ? plot.Add.Text(line.Label, at, y.Max) : plot.Add.Text(line.Label, x.Min, at);
            text.LabelAlignment = line.Vertical ? Alignment.UpperLeft : Alignment.LowerLeft;
            text.LabelFontName = FigureFont.Family;
            text.LabelFontSize = 12.5f;
            text.LabelBackgroundColor = Color.FromHex(Palette.Page.Light).WithAlpha(0.8);
            text.LabelFontColor = Color.FromHex(Palette.Muted.Light);
            (text.OffsetX, text.OffsetY) = line.Vertical ? (5, 2) : (6, -3);
        }
    }

    private static void AddCurve(Plot plot, Figure figure, int index)
    {
        var series = figure.Series[index];
        var color = ColorOf(figure, index);
        var points = series.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToArray();
        var xs = points.Select(p => Place(p.X, figure.X)).ToArray();
        var ys = points.Select(p => Place(p.Y, figure.Y)).ToArray();
        if (series.Kind == SeriesKind.Band && points.Any(p => p.Low is not null))
        {
            var band = plot.Add.FillY(
                xs, [.. points.Select(p => Place(p.Low ?? p.Y, figure.Y))],
                [.. points.Select(p => Place(p.High ?? p.Y, figure.Y))]);
            band.FillColor = color.WithAlpha(0.16);
            band.LineWidth = 0;
            band.MarkerSize = 0;
        }
        else if (series.Kind != SeriesKind.Band)
        {
            AddErrorBars(plot, figure, xs, points, color);
        }

        var curve = plot.Add.Scatter(xs, ys, color);
        curve.LineWidth = series.Kind == SeriesKind.Scatter ? 0 : 2.2f;
        curve.LinePattern = PatternOf(series);
        if (series.Kind == SeriesKind.Steps)
        {
            curve.ConnectStyle = ConnectStyle.StepHorizontal;
        }

        curve.MarkerSize = 0;
        plot.Add.Plottable(new EndOfDashes());
        if (series.Kind is SeriesKind.Line or SeriesKind.Scatter)
        {
            var marks = plot.Add.ScatterPoints(xs, ys, color);
            marks.MarkerStyle = MarkerOf(figure, index);
            if (series.Kind == SeriesKind.Scatter)
            {
                (marks.MarkerStyle.Size, marks.MarkerStyle.LineWidth) = (7, 0.75f);
            }
        }
    }

    private static void AddBars(
        Plot plot, Figure figure, int index, int place, int count, Dictionary<double, double> stackTops)
    {
        var series = figure.Series[index];
        var color = ColorOf(figure, index);
        var width = figure.Stacked ? GroupWidth : GroupWidth / count;
        var points = series.Points.Where(p => double.IsFinite(p.Y)).ToArray();
        double At(Point p) => p.X + (figure.Stacked ? 0 : (place - (count - 1) / 2.0) * width);
        var bars = new List<Bar>();
        foreach (var point in points)
        {
            var from = figure.Stacked ? stackTops.GetValueOrDefault(point.X) : 0;
            bars.Add(new Bar
            {
                Position = At(point),
                ValueBase = from,
                Value = from + point.Y,
                FillColor = color,
                LineWidth = 0,
                Size = width * (figure.Stacked ? 1 : 0.9),
            });
            stackTops[point.X] = from + point.Y;
        }

        plot.Add.Bars(bars);
        if (!figure.Stacked)
        {
            AddErrorBars(plot, figure, [.. points.Select(At)], points, Color.FromHex(Palette.Ink.Light));
        }
    }

    private static void AddCells(Plot plot, Figure figure, int index)
    {
        foreach (var (point, weight) in figure.Series[index].Points.Zip(figure.Series[index].Weights))
        {
            var cell = plot.Add.Rectangle(point.X - 0.5, point.X + 0.5, point.Y - 0.5, point.Y + 0.5);
            cell.FillColor = ColorOf(figure, index).WithAlpha(weight);
            cell.LineWidth = 0;
        }
    }

    private static void AddErrorBars(Plot plot, Figure figure, double[] xs, Point[] points, Color color)
    {
        for (var i = 0; i < points.Length; i++)
        {
            if (points[i] is { Low: { } low, High: { } high } && double.IsFinite(low) && double.IsFinite(high))
            {
                var whisker = plot.Add.Line(xs[i], Place(low, figure.Y), xs[i], Place(high, figure.Y));
                (whisker.LineWidth, whisker.LineColor, whisker.MarkerSize) = (1.5f, color.WithAlpha(0.75), 0);
            }
        }
    }

    /// <summary>
    /// Ends the dashes of the line before it. The library keeps a line's dash pattern for the shapes drawn next, where
    /// the SVG writer cannot honour it and says so on standard error.
    /// </summary>
    private sealed class EndOfDashes : IPlottable
    {
        public bool IsVisible { get; set; } = true;

        public IAxes Axes { get; set; } = new Axes();

        public IEnumerable<LegendItem> LegendItems => [];

        public AxisLimits GetAxisLimits() => AxisLimits.NoLimits;

        // Null is how Skia says "no effect", whatever the wrapper's annotation says.
        public void Render(RenderPack rp) => rp.Paint.SKPathEffect = null!;
    }
}
