namespace Retort.Analysis.Tests;

public sealed class IntervalTests
{
    [Fact]
    public void Students_t_of_one_two_three_is_the_tables_value()
    {
        var interval = SeedIntervals.StudentT([1, 2, 3]);

        // t(2 degrees, 97.5 %) = 4.302653; s = 1; n = 3.
        Assert.Equal(2, interval.Value, 12);
        Assert.Equal(4.302653 / Math.Sqrt(3), interval.High - 2, 1e-6);
        Assert.Equal(4.302653 / Math.Sqrt(3), 2 - interval.Low, 1e-6);
    }

    [Fact]
    public void One_seed_has_no_t_interval()
    {
        Assert.Throws<ArgumentException>(() => SeedIntervals.StudentT([1]));

        var bootstrap = new Interval(0.5, 0.4, 0.6, 400);
        Assert.Equal(bootstrap, SeedIntervals.WiderOfBootstrapAndT(bootstrap, [0.5]));
    }

    [Fact]
    public void Seeds_that_disagree_widen_the_interval_and_seeds_that_agree_do_not_narrow_it()
    {
        var bootstrap = new Interval(0.5, 0.4, 0.6, 400);

        var wide = SeedIntervals.WiderOfBootstrapAndT(bootstrap, [0.1, 0.5, 0.9]);
        Assert.True(wide.Width > 1);
        Assert.Equal(400, wide.N);
        Assert.Equal(bootstrap, SeedIntervals.WiderOfBootstrapAndT(bootstrap, [0.5, 0.5, 0.5]));
    }

    [Fact]
    public void Seeds_are_averaged_problem_by_problem()
    {
        Assert.Equal([0.5, 1, 0], SeedIntervals.AverageOverSeeds([[0, 1, 0], [1, 1, 0]]));
        Assert.Throws<ArgumentException>(() => SeedIntervals.AverageOverSeeds([[0, 1], [1]]));
    }

    [Fact]
    public void Wilson_of_8_in_10_is_the_textbook_interval()
    {
        var interval = Proportion.Wilson(8, 10);

        Assert.Equal(0.8, interval.Value, 12);
        Assert.Equal(0.490162, interval.Low, 1e-5);
        Assert.Equal(0.943318, interval.High, 1e-5);
    }

    [Fact]
    public void Wilson_stays_inside_zero_and_one()
    {
        for (var trials = 1; trials < 60; trials++)
        {
            for (var successes = 0; successes <= trials; successes++)
            {
                var interval = Proportion.Wilson(successes, trials);
                Assert.InRange(interval.Low, 0, interval.Value);
                Assert.InRange(interval.High, interval.Value, 1);
                Assert.True(interval.Width > 0);
            }
        }
    }

    [Fact]
    public void Scaling_by_a_negative_factor_swaps_the_ends() =>
        Assert.Equal(new Interval(-2, -3, -1, 4), new Interval(2, 1, 3, 4).Scale(-1));
}
