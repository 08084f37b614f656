namespace Retort.Analysis.Tests;

public sealed class ControlVariatesTests
{
    [Fact]
    public void Without_controls_it_is_the_mean_and_its_usual_error()
    {
        double[] outcomes = [1, 4, 2, 9, 3];
        var estimate = ControlVariates.Mean(outcomes);
        Assert.Equal(3.8, estimate.Mean, 12);
        Assert.Equal(Descriptive.StandardDeviation(outcomes) / Math.Sqrt(5), estimate.StandardError, 12);
        // What does not vary explains nothing.
        Assert.Equal(estimate, ControlVariates.Mean(outcomes, [7, 7, 7, 7, 7]));
    }

    [Fact]
    public void What_controls_explain_is_taken_out()
    {
        double[] a = [1, -2, 3, 5, -1, 2], b = [2, 2, -1, 0, 4, 1];
        var exact = ControlVariates.Mean(Array.ConvertAll([0, 1, 2, 3, 4, 5], i => 10 + 3 * a[i] - 2 * b[i]), a, b, Array.ConvertAll(a, x => -2 * x));
        Assert.Equal(10, exact.Mean, 12);
        Assert.Equal(0, exact.StandardError, 12);
    }

    [Fact]
    public void One_control_is_a_straight_line_read_at_its_expectation()
    {
        var estimate = ControlVariates.Mean([1, 2, 3, 5.2], [0, 1, 2, 3]);
        var slope = (-1.5 * 1 - 0.5 * 2 + 0.5 * 3 + 1.5 * 5.2) / 5;
        Assert.Equal(2.8 - 1.5 * slope, estimate.Mean, 12);
        var squares = new[] { 1, 2, 3, 5.2 }.Select((y, i) => y - estimate.Mean - slope * i).Sum(r => r * r);
        Assert.Equal(Math.Sqrt(squares / 2 * (0.25 + 1.5 * 1.5 / 5)), estimate.StandardError, 12);
    }

    [Fact]
    public void Too_few_replications_are_refused() =>
        Assert.Throws<ArgumentException>(() => ControlVariates.Mean([1, 2, 3], [1, 2, 3]));
}
