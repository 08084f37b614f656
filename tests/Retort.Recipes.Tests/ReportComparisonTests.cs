using Retort.Core;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

public sealed class ReportComparisonTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retort-compare-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Settings_are_compared_by_path()
    {
        using var left = Run("a", "seed: 1\nmodel:\n  width: 64\n  layers: 2\nseeds: [1, 2]\nonly_left: x\n");
        using var right = Run("b", "seed: 1\nmodel:\n  width: 128\n  layers: 2\nseeds: [1, 3]\nonly_right: y\n");

        Assert.Equal(
            [
                new("model.width", "64", "128"), new("seeds", "[1, 2]", "[1, 3]"), new("only_left", "x", null),
                new("only_right", null, "y"),
            ],
            RunComparison.Of(left, right).Settings);
    }

    [Fact]
    public void Outcomes_are_paired_over_the_problems_both_runs_were_asked()
    {
        using var left = Run("a", "x: 1\n");
        using var right = Run("b", "x: 1\n");
        // Problems 0 to 99 and 20 to 119: 80 shared. Left solves even ones, right all but multiples of 4.
        Write(left, Enumerable.Range(0, 100).Select(i => Sample(i, 0, i % 2 == 0)));
        Write(right, Enumerable.Range(20, 100).Reverse().Select(i => Sample(i, 0, i % 4 != 0)));

        var row = Assert.Single(RunComparison.Of(left, right).Outcomes.Rows);

        Assert.Equal("test", row[0].Text);
        Assert.Equal("direct", row[1].Text);
        Assert.Equal("pass@1", row[3].Text);
        Assert.Equal([0.7, 80, 0.5, 0.75, 0.25], new[] { row[2], row[4], row[5], row[6], row[7] }.Select(c => c.Number!.Value));
        Assert.True(row[8].Number > 0 && row[9].Number < 0.5);
    }

    [Fact]
    public void Several_samples_are_compared_at_one_and_at_all()
    {
        using var left = Run("a", "x: 1\n");
        using var right = Run("b", "x: 1\n");
        Write(left, Enumerable.Range(0, 20).SelectMany(i => new[] { Sample(i, 0, true), Sample(i, 1, false) }));
        Write(right, Enumerable.Range(0, 20).SelectMany(i => new[] { Sample(i, 0, true), Sample(i, 1, true) }));

        var rows = RunComparison.Of(left, right).Outcomes.Rows;

        Assert.Equal(["pass@1", "pass@2"], rows.Select(row => row[3].Text));
        Assert.Equal([0.5, 0.0], rows.Select(row => row[7].Number!.Value));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"problem\":\"p\"}")]
    [InlineData("{\"problem\":\"p\",\"correct\":\"yes\"}")]
    [InlineData("[]")]
    public void A_line_that_is_no_sample_is_named(string line)
    {
        using var left = Run("a", "x: 1\n");
        using var right = Run("b", "x: 1\n");
        Write(left, [Sample(0, 0, true), line]);
        Write(right, [Sample(0, 0, true)]);

        var error = Assert.Throws<UserError>(() => RunComparison.Of(left, right));

        Assert.Contains("test.jsonl:2: is not a graded sample", error.Message, StringComparison.Ordinal);
    }

    private static string Sample(int problem, int sample, bool correct) =>
        $$"""{"id":"{{problem}}/{{sample}}","problem":"test-{{problem}}","model":"direct","temperature":0.7,"sample":{{sample}},"correct":{{(correct ? "true" : "false")}}}""";

    private static void Write(RunFolder run, IEnumerable<string> lines) =>
        AtomicFile.WriteText(run.EvaluationPath("test"), string.Join('\n', lines) + "\n");

    private RunFolder Run(string name, string config) => RunFolder.Create(Path.Combine(root, name), config);
}
