using System.Xml.Linq;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Tests;

public sealed class FiguresTests
{
    public static TheoryData<string> Names => [.. ReportSample.Figures.Select(figure => figure.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_figures_are_equal_bytes(string name)
    {
        var figure = ReportSample.Figures.Single(f => f.Name == name);

        Assert.Equal(FigureRenderer.Svg(figure), FigureRenderer.Svg(figure));
        Assert.Equal(FigureRenderer.Png(figure), FigureRenderer.Png(figure));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_figure_is_sound_xml_with_its_title_its_caption_and_only_the_embedded_font(string name)
    {
        var figure = ReportSample.Figures.Single(f => f.Name == name);

        var svg = XDocument.Parse(FigureRenderer.Svg(figure)).Root!;

        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Equal(figure.Title, svg.Element(ns + "title")!.Value);
        Assert.Equal(figure.Caption, svg.Element(ns + "desc")!.Value);
        Assert.Equal("0 0 900 500", svg.Attribute("viewBox")!.Value);
        var texts = svg.Descendants(ns + "text").ToArray();
        Assert.All(texts, text => Assert.Equal("Inter", text.Attribute("font-family")!.Value));
        var words = texts.Select(text => text.Value.Trim()).ToArray();
        Assert.Contains(figure.Title, words);
        Assert.Contains(figure.X.Label, words);
        Assert.Contains(figure.Y.Label, words);
        Assert.All(figure.Series, series => Assert.Contains(series.Label, words));
        Assert.Contains("font/woff2;base64,", svg.Element(ns + "style")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_on_one_page_share_no_identifier()
    {
        var ids = ReportSample.Figures
            .Select(figure => XDocument.Parse(FigureRenderer.InlineSvg(figure)))
            .SelectMany(svg => svg.Descendants().Attributes("id").Select(id => id.Value)).ToArray();

        Assert.NotEmpty(ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Every_colour_of_a_figure_has_its_counterpart_on_a_dark_page()
    {
        var known = Palette.All.Select(color => color.Light).ToHashSet();
        var used = ReportSample.Figures.Select(figure => XDocument.Parse(FigureRenderer.InlineSvg(figure)))
            .SelectMany(svg => svg.Descendants().Attributes().Where(a => a.Name.LocalName is "fill" or "stroke"))
            .Select(a => a.Value).Where(value => value != "none").Distinct();

        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void The_embedded_font_has_every_character_figures_write()
    {
        const string characters = "0123456789.,%+−-–—×·≤≥≈±αβγλμσΔ ABCXYZabcxyz()[]/<>=#&'\"“”éüß²³";

        foreach (var typeface in (SkiaSharp.SKTypeface[])[FigureFont.Regular, FigureFont.SemiBold])
        {
            Assert.StartsWith("Inter", typeface.FamilyName, StringComparison.Ordinal);
            Assert.DoesNotContain((ushort)0, typeface.GetGlyphs(characters));
        }
    }

    [Theory]
    [InlineData("Arial")]
    [InlineData("a font nobody has")]
    public void Whatever_font_is_asked_for_the_embedded_one_is_given(string family)
    {
        FigureFont.Use();

        Assert.Equal("Inter", ScottPlot.Fonts.GetTypeface(family, bold: false, italic: false).FamilyName);
    }

    [Fact]
    public void The_title_is_really_drawn()
    {
        var with = ReportSample.Figures[0];

        Assert.True(InkOfTop(with) > 1_000);
        Assert.Equal(0, InkOfTop(with with { Title = "" }));
    }

    [Fact]
    public void A_value_without_a_place_on_a_log_axis_is_an_error_not_a_picture()
    {
        var figure = ReportSample.Figures[0] with
        {
            Series = [new("bad", SeriesKind.Line, [new(0, 0.5), new(10, 0.5)])],
        };

        Assert.Throws<ArgumentException>(() => FigureRenderer.Svg(figure));
    }

    [Fact]
    public void A_figure_without_any_value_still_draws()
    {
        Series[] empty = [new("nothing", SeriesKind.Line, []), new("not a number", SeriesKind.Line, [new(1, double.NaN)])];

        Assert.Contains("nothing", FigureRenderer.Svg(ReportSample.Figures[0] with { Series = empty }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.25, NumberFormat.Percent, "25%")]
    [InlineData(-0.1, NumberFormat.Percent, "−10%")]
    [InlineData(1500, NumberFormat.Si, "1.5k")]
    [InlineData(2e9, NumberFormat.Si, "2G")]
    [InlineData(1000, NumberFormat.Plain, "1000")]
    [InlineData(0.30000000000000004, NumberFormat.Si, "0.3")]
    [InlineData(-0.0, NumberFormat.Si, "0")]
    public void Ticks_are_written_for_people(double value, NumberFormat format, string expected) =>
        Assert.Equal(expected, Ticks.Label(value, format));

    [Fact]
    public void Ticks_are_round_numbers_inside_the_axis()
    {
        Assert.Equal([0, 20, 40, 60], Ticks.Linear(0, 65, 5));
        Assert.Equal([-0.2, -0.1, 0, 0.1], Ticks.Linear(-0.25, 0.15, 5).Select(t => Math.Round(t, 12)));
        Assert.Equal([200, 500, 1000, 2000], Ticks.Log(150, 3000, 9).Select(t => Math.Round(t, 6)));
        Assert.Equal([2, 2.5, 3], Ticks.Log(1.6, 3.4, 9).Select(t => Math.Round(t, 6)));
        Assert.Equal([1, 10, 100, 1000, 10000, 100000], Ticks.Log(1, 1e5, 6).Select(t => Math.Round(t, 6)));
    }

    [Fact]
    public void Histograms_count_each_value_once_and_close_the_last_bin()
    {
        var series = Series.Histogram("x", [0, 10, 20], [0, 9.9, 10, 20, 21, -1]);

        Assert.Equal([2, 2], series.Points.Select(p => p.Y));
        Assert.Equal([3, 1], Series.Histogram("x", [0, 10, 20], [0, 9.9, 10, 20, 21, -1], includeUpper: true).Points.Select(p => p.Y));
        Assert.Equal(["0–10", "10–20"], Series.BinLabels([0, 10, 20]));
    }

    private static int InkOfTop(Figure figure)
    {
        using var bitmap = SkiaSharp.SKBitmap.Decode(FigureRenderer.Png(figure));
        var dark = 0;
        for (var y = 0; y < 68; y++)
        {
            for (var x = 0; x < bitmap.Width; x++)
            {
                dark += bitmap.GetPixel(x, y).Red < 128 ? 1 : 0;
            }
        }

        return dark;
    }
}
