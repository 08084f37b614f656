using Retort.Core;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

public sealed class ReportRunFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retort-run-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_run_is_continued_with_its_own_settings_and_refused_with_others()
    {
        RunFolder.Create(At("a"), "seed: 1\nsteps: 10\n").Dispose();
        RunFolder.Create(At("a"), "seed: 1\nsteps: 10\n").Dispose();

        var error = Assert.Throws<UserError>(() => RunFolder.Create(At("a"), "seed: 1\nsteps: 20\n"));

        Assert.Equal(2, error.ExitCode);
        Assert.Contains("steps is 10 there and 20 here", error.Message, StringComparison.Ordinal);
        Assert.Equal("seed: 1\nsteps: 10\n", File.ReadAllText(At("a/config.yaml")));
    }

    [Fact]
    public void A_folder_in_use_is_refused_until_its_run_ends()
    {
        using (RunFolder.Create(At("a"), "seed: 1\n"))
        {
            var error = Assert.Throws<UserError>(() => RunFolder.Create(At("a"), "seed: 1\n"));
            Assert.Equal((2, $"{At("a")}: in use by another process; expected wait for it, or another --out"), (error.ExitCode, error.Message));
            RunFolder.Open(At("a")).Dispose();
        }

        RunFolder.Create(At("a"), "seed: 1\n").Dispose();
    }

    [Fact]
    public void A_folder_that_is_no_run_is_said_to_be_none() =>
        Assert.Equal(2, Assert.Throws<UserError>(() => RunFolder.Open(At("nothing"))).ExitCode);

    [Fact]
    public void Metrics_are_lines_of_numbers_in_the_order_given()
    {
        using (var run = RunFolder.Create(At("a"), "x: 1\n"))
        {
            run.AppendMetrics("train/direct", 1, [new("loss", 2.5), new("gradient_norm", 0.1)]);
            run.AppendMetrics("train/direct", 2, [new("loss", double.NaN)]);
        }

        Assert.Equal(
            """
            {"phase":"train/direct","step":1,"loss":2.5,"gradient_norm":0.1}
            {"phase":"train/direct","step":2,"loss":null}

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(At("a/metrics.jsonl")));
    }

    [Fact]
    public void A_run_killed_and_resumed_writes_the_bytes_of_one_that_never_stopped()
    {
        static void Steps(RunFolder run, string phase, int from, int to)
        {
            for (var step = from; step <= to; step++)
            {
                run.AppendMetrics(phase, step, [new("loss", 1.0 / step)]);
            }
        }

        using (var unbroken = RunFolder.Create(At("a"), "x: 1\n"))
        {
            Steps(unbroken, "first", 1, 9);
            Steps(unbroken, "second", 1, 9);
        }

        using (var broken = RunFolder.Create(At("b"), "x: 1\n"))
        {
            Steps(broken, "first", 1, 9);
            Steps(broken, "second", 1, 7);
        }

        // Killed in the middle of a line; the last checkpoint is step 4 of the second phase.
        File.AppendAllText(At("b/metrics.jsonl"), "{\"phase\":\"second\",\"st");
        using (var resumed = RunFolder.Create(At("b"), "x: 1\n"))
        {
            resumed.TruncateMetrics("second", 4);
            Steps(resumed, "second", 5, 9);
        }

        Assert.Equal(File.ReadAllBytes(At("a/metrics.jsonl")), File.ReadAllBytes(At("b/metrics.jsonl")));
    }

    [Fact]
    public void A_torn_line_is_dropped_when_the_file_is_opened_again()
    {
        Directory.CreateDirectory(At("a"));
        File.WriteAllText(At("a/metrics.jsonl"), new string(' ', 5000) + "\n{\"torn");
        using (var run = RunFolder.Create(At("a"), "x: 1\n"))
        {
            run.AppendMetrics("p", 1, []);
        }

        Assert.Equal(new string(' ', 5000) + "\n{\"phase\":\"p\",\"step\":1}\n", File.ReadAllText(At("a/metrics.jsonl")));
    }

    [Fact]
    public void Appending_a_step_allocates_nothing_once_warm()
    {
        using var run = RunFolder.Create(At("a"), "x: 1\n");
        ReadOnlySpan<Metric> values = [new("loss", 2.5), new("gradient_norm", 0.123456789)];
        run.AppendMetrics("train", 1, values);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 2; step < 50; step++)
        {
            run.AppendMetrics("train", step, values);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Figures_and_reports_land_where_the_contract_says()
    {
        using var run = RunFolder.Create(At("a"), ReportSample.ConfigYaml);

        Assert.Equal("figures/gap.svg", run.WriteFigure(ReportSample.Figures[1]));
        run.WriteReport(ReportSample.Report, ReportSample.Page);
        run.Log("done");

        foreach (var file in new[] { "figures/gap.svg", "figures/gap.png", "report.json", "report.html", "log.txt" })
        {
            Assert.True(new FileInfo(At("a/" + file)).Length > 0, file);
        }

        Assert.Equal(ReportSample.Report.ToJson(), run.ReadReport().ToJson());
        Assert.Equal(64, run.ConfigSha256.Length);
    }

    [Fact]
    public void A_place_where_nothing_can_be_written_is_a_wrong_request()
    {
        File.WriteAllText(At("file"), "");
        foreach (var place in new[] { "file", "file/run" })
        {
            var error = Assert.Throws<UserError>(() => RunFolder.Create(At(place), "x: 1\n"));
            Assert.Equal(2, error.ExitCode);
            Assert.StartsWith($"{At(place)}: cannot be created (", error.Message, StringComparison.Ordinal);
            Assert.EndsWith("; expected a writable folder", error.Message, StringComparison.Ordinal);
        }
    }

    private string At(string path) => Path.Combine(root, path);
}
