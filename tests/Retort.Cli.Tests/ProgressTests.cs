using Retort.Cli.Progress;

namespace Retort.Cli.Tests;

public sealed class ProgressTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly StringWriter error = new();

    public void Dispose() => error.Dispose();

    [Fact]
    public void Plain_progress_is_a_line_at_intervals_and_one_at_the_end()
    {
        var progress = new PlainProgress(error, time);
        using (var phase = progress.Begin("train", 1000, "steps"))
        {
            for (var step = 1; step <= 1000; step++)
            {
                time.Advance(0.025);
                phase.Report(step, () => $"loss {step}");
            }
        }

        Assert.Equal(
            """
            train: 400/1,000 steps  40 %  40.0 steps/s  15 s left  loss 400
            train: 800/1,000 steps  80 %  40.0 steps/s  5.0 s left  loss 800
            train: 1,000 steps in 25 s  loss 1000

            """, error.ToString());
    }

    [Fact]
    public void A_resumed_phase_counts_its_rate_from_where_it_began()
    {
        using var phase = new PlainProgress(error, time).Begin("train", 1000, "steps");
        phase.Report(500);
        time.Advance(10);
        phase.Report(510);
        Assert.Equal("train: 510/1,000 steps  51 %  1.00 steps/s  8 min 10 s left" + Environment.NewLine, error.ToString());
    }

    [Fact]
    public void Inner_phases_are_named_with_the_outer_one_and_end_silently()
    {
        var progress = new PlainProgress(error, time);
        using (progress.Begin("train", 10, "steps"))
        using (var inner = progress.Begin("evaluate", 0, "problems"))
        {
            time.Advance(11);
            inner.Report(5);
        }

        Assert.Equal($"train > evaluate: 5 problems{Environment.NewLine}train: 0 steps in 11 s{Environment.NewLine}", error.ToString());
    }

    [Fact]
    public void A_report_that_is_not_drawn_allocates_nothing_and_never_composes_its_metrics()
    {
        using var phase = new PlainProgress(error, time).Begin("train", 1000, "steps");
        static string Metrics() => throw new InvalidOperationException("composed for nobody");
        Func<string> metrics = Metrics;
        phase.Report(0, metrics);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 1; step < 1000; step++)
        {
            phase.Report(step, metrics);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_terminal_line_is_redrawn_and_never_wraps(bool colors)
    {
        var progress = new TerminalProgress(error, 41, colors, time);
        using (var phase = progress.Begin("train a model with a long name", 100, "steps"))
        {
            time.Advance(1);
            phase.Report(50, () => "loss 1.5 [not markup]");
            time.Advance(1);
            phase.Report(75);
        }

        var frames = error.ToString().Split("\r\u001b[2K");
        Assert.Equal(4, frames.Length);
        var visible = System.Text.RegularExpressions.Regex.Replace(frames[1], "\u001b\\[[0-9;]*m", "");
        Assert.Equal("━━━━━━────── train a model with a long n", visible);
        Assert.Equal(colors, frames[1].Contains("\u001b[", StringComparison.Ordinal));
        Assert.Equal("train a model with a long name: 75 steps in 2.0 s" + Environment.NewLine, frames[3]);
    }

    [Theory]
    [InlineData(0.5, "0.50")]
    [InlineData(9.996, "10.0")]
    [InlineData(341.2, "341")]
    [InlineData(9_999, "9999")]
    [InlineData(41_230, "41.2 k")]
    [InlineData(1.5e9, "1.50 G")]
    [InlineData(0, "0.00")]
    public void Amounts_have_three_digits(double value, string text) => Assert.Equal(text, Amounts.Of(value));

    [Theory]
    [InlineData(0.44, "0.4 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.6, "1 min 00 s")]
    [InlineData(245, "4 min 05 s")]
    [InlineData(3599, "1 h 00 min")]
    [InlineData(7500, "2 h 05 min")]
    public void Times_read_well(double seconds, string text) => Assert.Equal(text, Amounts.Of(TimeSpan.FromSeconds(seconds)));
}
