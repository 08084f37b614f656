using System.Text.Json;
using Retort.Analysis;
using Retort.Analysis.Sampling;
using Retort.Recipes.Curves;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Tests.Curves;

public sealed class CurvesTests : IDisposable
{
    private static readonly CurvesSettings Settings = new() { Bootstrap = new BootstrapSettings(Resamples: 200) };

    private readonly string folder = Directory.CreateTempSubdirectory("retort-curves-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Rows are temperatures; of each problem's samples so many are correct, in alternation with wrong ones.</summary>
    private static SampleSet Set(string model, double[] temperatures, int samples, params int[][] correct) => new(
        model, [.. correct[0].Select((_, i) => $"p{i}")], temperatures,
        [.. correct.Select(row => row.Select(count => Enumerable.Range(0, samples)
            .Select(i => new GradedSample(i * count / samples != (i + 1) * count / samples, $"{i % 3}", i % 2 == 0, i % 4 == 0)).ToArray()).ToArray())]);

    [Fact]
    public void Ks_double_up_to_the_fewest_samples()
    {
        var curves = ModelCurves.Of(Set("m", [1], 12, [3, 4]), Settings);

        Assert.Equal([1, 2, 4, 8, 12], curves.Shown.Points.Select(point => point.K));
        Assert.Equal(7 / 24.0, curves.Shown.PassAt1.Value, 12);
        Assert.Equal(curves.Shown.PassAt1, curves.Shown.Points[0].PassAt);
        Assert.Equal(curves.Shown.Coverage, curves.Shown.Points[^1].PassAt);
        Assert.Equal((curves.Shown.PassAt1, 1), (curves.BestPassAt1.Value, curves.BestPassAt1.Temperature));
    }

    [Theory]
    [InlineData(new[] { 0.2, 0.8, 1.4 }, 0.8)]
    [InlineData(new[] { 0.2, 1, 1.4 }, 1.0)]
    [InlineData(new[] { 0.9, 1.1 }, 0.9)]
    [InlineData(new[] { 1.5 }, 1.5)]
    public void The_temperature_shown_is_the_one_nearest_1(double[] temperatures, double shown)
    {
        var rows = temperatures.Select(_ => (int[])[1, 2]).ToArray();

        Assert.Equal(shown, ModelCurves.Of(Set("m", temperatures, 4, rows), Settings).Shown.Temperature);
        Assert.Equal(temperatures[^1], ModelCurves.Of(Set("m", temperatures, 4, rows), Settings with { At = temperatures[^1] }).Shown.Temperature);
    }

    [Fact]
    public void Coverages_of_unequal_samplings_are_those_of_as_many_samples()
    {
        // Six of 12 samples and three of 6 have the same precision; with all samples the larger would cover more.
        var wall = WallComparison.Of(Set("a", [1], 6, [1, 3]), Set("b", [1], 12, [2, 6]), Settings);

        Assert.Equal(6, wall.Rows[0].Samples);
        var after = (PassAtK.Estimate(12, 2, 6) + PassAtK.Estimate(12, 6, 6)) / 2;
        Assert.Equal(after, wall.Rows[0].Coverage.After.Value, 12);
        Assert.Equal(after - 1, wall.Rows[0].Coverage.Gain.Value, 12);
        Assert.Equal([1, 2, 4, 6], wall.PassAt.Select(row => row.K));
        var report = CurvesReport.Of("x", [wall], [], Settings);
        Assert.Contains(report.Notes, note => note.Contains("numbers of samples differ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_gains_nothing_over_itself()
    {
        var set = Set("a", [0.2, 1], 8, [8, 4, 0], [5, 3, 1]);

        var wall = WallComparison.Of(set, set, Settings);

        Assert.All(wall.Rows, row => Assert.Equal(new Interval(0, 0, 0, 3), row.PassAt1.Gain));
        Assert.All(wall.Best, best => Assert.Equal(0, best.Values.Gain.Width));
        Assert.Equal((0, 0), (wall.NewlySolved.Gained, wall.NewlySolved.Lost));
        Assert.Null(wall.Crossing);
        Assert.Equal(new Interval(0, 0, 0, 3), wall.Sensitivity!.Gain);
    }

    [Fact]
    public void A_report_is_whole_and_the_same_every_time()
    {
        var (before, after) = (Set("a <b>", [0.2, 1], 8, [8, 4, 0], [5, 3, 1]), Set("c", [0.2, 1], 8, [8, 8, 0], [6, 6, 1]));
        var wall = CurvesReport.Of("files", [WallComparison.Of(before, after, Settings)], ["a note"], Settings);
        var models = CurvesReport.Of("file", [ModelCurves.Of(before, Settings), ModelCurves.Of(after, Settings)], [], [], Settings);

        foreach (var (name, report) in (ReadOnlySpan<(string, CurvesReport)>)[("wall", wall), ("models", models)])
        {
            report.Write(Path.Combine(folder, name));
            var html = File.ReadAllText(Path.Combine(folder, name, "report.html"));
            Assert.All(report.Figures, figure => Assert.True(new FileInfo(Path.Combine(folder, name, "figures", figure.Name + ".png")).Length > 1000));
            Assert.Equal(report.Figures.Count, report.Figures.Select(figure => figure.Name).Distinct().Count());
            Assert.All(report.Figures, figure => Assert.NotEmpty(figure.Caption));
            Assert.Contains("a &lt;b&gt;", html, StringComparison.Ordinal);
            Assert.DoesNotContain("a <b>", html, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(report.Json);
            Assert.Equal(report.Json + "\n", File.ReadAllText(Path.Combine(folder, name, "report.json")));
        }

        Assert.Equal(wall.Html(), CurvesReport.Of("files", [WallComparison.Of(before, after, Settings)], ["a note"], Settings).Html());
        Assert.Contains("<li>a note</li>", wall.Html(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_temperatures_six_are_drawn_the_first_and_the_last_among_them()
    {
        var temperatures = Enumerable.Range(1, 13).Select(i => i / 10.0).ToArray();
        var set = Set("m", temperatures, 4, [.. temperatures.Select(_ => (int[])[1, 2])]);

        var figure = CurvesReport.Of("x", [ModelCurves.Of(set, Settings)], [], [], Settings).Figures.Single(one => one.Name == "precision");

        Assert.Equal(["T = 0.1", "T = 0.3", "T = 0.5", "T = 0.8", "T = 1", "T = 1.3"], figure.Series.Select(series => series.Label));
        Assert.All(figure.Series, series => Assert.Equal(SeriesKind.Steps, series.Kind));
    }

    [Fact]
    public void One_sample_of_each_problem_makes_no_curves()
    {
        var report = CurvesReport.Of("x", [ModelCurves.Of(Set("m", [double.NaN], 1, [1, 0, 1]), Settings)], [], [], Settings);

        Assert.DoesNotContain(report.Figures, figure => figure.Name is "pass-at-k" or "precision");
        Assert.Equal("66.7 [0.0, 100]", report.Tables[0].Rows[0][3].Text);
        Assert.DoesNotContain("NaN", report.Json, StringComparison.Ordinal);
    }
}
