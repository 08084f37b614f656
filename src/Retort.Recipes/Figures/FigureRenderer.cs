using System.Text;
using ScottPlot;
using SkiaSharp;

namespace Retort.Recipes.Figures;

/// <summary>
/// Draws figures: title and legend on top, the vertical axis' name written level above it, the plot, the horizontal
/// axis' name below. Equal figures give equal bytes. SVG and PNG come from the same strokes.
/// </summary>
public static class FigureRenderer
{
    private const float Margin = 14, TitleSize = 19, LabelSize = 14, LegendSize = 14, LineHeight = 1.32f;
    private const float SwatchWidth = 26, SwatchGap = 7, LegendGap = 22, TickRow = 27;

    /// <summary>The figure as SVG with its text as text, its font inside and its caption as description.</summary>
    public static string Svg(Figure figure) => SvgDocument.Standalone(RawSvg(figure), figure);

    /// <summary>The figure as an SVG element for a page that brings <see cref="FigureFont.Css"/> itself.</summary>
    public static string InlineSvg(Figure figure) => SvgDocument.Inline(RawSvg(figure), figure);

    /// <summary>The figure as PNG, <paramref name="scale"/> device pixels a CSS pixel.</summary>
    public static byte[] Png(Figure figure, int scale = 2)
    {
        using var surface = SKSurface.Create(new SKImageInfo(
            figure.Width * scale, figure.Height * scale, SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.Scale(scale);
        Draw(surface.Canvas, figure);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static string RawSvg(Figure figure)
    {
        using var stream = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, figure.Width, figure.Height), stream))
        {
            Draw(canvas, figure);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Draw(SKCanvas canvas, Figure figure)
    {
        using var page = new SKPaint { Color = SKColor.Parse(Palette.Page.Light) };
        canvas.DrawRect(0, 0, figure.Width, figure.Height, page);

        using var title = Font(FigureFont.SemiBold, TitleSize);
        using var label = Font(FigureFont.Regular, LabelSize);
        var titleLines = Wrap(figure.Title, title, figure.Width - 2 * Margin).ToArray();
        var legendTop = Margin + titleLines.Length * TitleSize * LineHeight + 5;
        var legend = PlaceLegend(figure);
        var labelTop = legendTop + (legend.Count > 0 ? legend[^1].Y + LegendSize * LineHeight + 10 : 0);
        var plotTop = labelTop + LabelSize * LineHeight + 6;

        var (plot, yLabels) = FigurePlot.Create(figure);
        using var tick = Font(FigureFont.Regular, FigurePlot.TickSize);
        var left = Margin + yLabels.Select(text => tick.MeasureText(text)).DefaultIfEmpty(0).Max() + 8;
        var bottom = figure.Height - Margin - LabelSize * LineHeight;
        plot.Layout.Fixed(new PixelPadding(left, Margin + 4, TickRow, 0));
        plot.Render(canvas, new PixelRect(0, figure.Width, bottom, plotTop));

        for (var i = 0; i < titleLines.Length; i++)
        {
            DrawText(canvas, titleLines[i], Margin, Margin + TitleSize + i * TitleSize * LineHeight, title, Palette.Ink);
        }

        using var legendFont = Font(FigureFont.Regular, LegendSize);
        foreach (var (index, x, y) in legend)
        {
            DrawSwatch(canvas, figure, index, x, legendTop + y + LegendSize * 0.66f);
            DrawText(
                canvas, figure.Series[index].Label, x + WidthOfSwatch(figure.Series[index]) + SwatchGap,
                legendTop + y + LegendSize, legendFont, Palette.Ink);
        }

        DrawText(canvas, figure.Y.Label, Margin, labelTop + LabelSize, label, Palette.Muted);
        var centre = left + (figure.Width - left - Margin - label.MeasureText(figure.X.Label)) / 2;
        DrawText(canvas, figure.X.Label, centre, bottom + LabelSize, label, Palette.Muted);
    }

    /// <summary>Where each named series stands in the legend's rows, from the legend's own top.</summary>
    private static List<(int Series, float X, float Y)> PlaceLegend(Figure figure)
    {
        using var font = Font(FigureFont.Regular, LegendSize);
        var places = new List<(int, float, float)>();
        var (x, y) = (Margin, 0f);
        foreach (var (i, series) in figure.Series.Index().Where(s => s.Item.Label.Length > 0))
        {
            var width = WidthOfSwatch(series) + SwatchGap + font.MeasureText(series.Label);
            if (x > Margin && x + width > figure.Width - Margin)
            {
                (x, y) = (Margin, y + LegendSize * LineHeight + 3);
            }

            places.Add((i, x, y));
            x += width + LegendGap;
        }

        return places;
    }

    private static float WidthOfSwatch(Series series) =>
        series.Kind is SeriesKind.Bars or SeriesKind.Scatter ? 13 : SwatchWidth;

    private static void DrawSwatch(SKCanvas canvas, Figure figure, int index, float x, float y)
    {
        var series = figure.Series[index];
        using var stroke = new SKPaint
        {
            Color = FigurePlot.ColorOf(figure, index).ToSKColor(),
            StrokeWidth = 2.2f,
            IsAntialias = true,
        };
        if (series.Kind == SeriesKind.Bars)
        {
            canvas.DrawRect(x, y - 6.5f, 13, 13, stroke);
            return;
        }

        if (series.Kind != SeriesKind.Scatter)
        {
            if (series.Dashed)
            {
                foreach (var dash in (float[])[0, 9.5f, 19])
                {
                    canvas.DrawLine(x + dash, y, x + dash + 7, y, stroke);
                }
            }
            else
            {
                canvas.DrawLine(x, y, x + SwatchWidth, y, stroke);
            }
        }

        if (series.Kind is SeriesKind.Line or SeriesKind.Scatter)
        {
            using var paint = ScottPlot.Paint.NewDisposablePaint();
            FigurePlot.MarkerOf(figure, index).Render(canvas, new Pixel(x + WidthOfSwatch(series) / 2, y), paint);
        }
    }

    private static IEnumerable<string> Wrap(string text, SKFont font, float width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            var longer = line.Length == 0 ? word : line + " " + word;
            if (line.Length > 0 && font.MeasureText(longer) > width)
            {
                yield return line;
                longer = word;
            }

            line = longer;
        }

        yield return line;
    }

    private static void DrawText(SKCanvas canvas, string text, float x, float baseline, SKFont font, PageColor color)
    {
        using var paint = new SKPaint { Color = SKColor.Parse(color.Light), IsAntialias = true };
        canvas.DrawText(text, x, baseline, font, paint);
    }

    // Unhinted, so that text is as wide in a large PNG as in the SVG.
    private static SKFont Font(SKTypeface typeface, float size) =>
        new(typeface, size) { Subpixel = true, LinearMetrics = true, Hinting = SKFontHinting.None };
}
