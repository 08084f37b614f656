using CsCheck;
using Retort.Analysis.Sampling;

namespace Retort.Analysis.Tests.Sampling;

public sealed class SampleCountsTests
{
    private static readonly BootstrapSettings Few = new(Resamples: 500);

    /// <summary>Rows are temperatures; numbers are correct samples of ten.</summary>
    private static SampleCounts OfTen(double[] temperatures, params int[][] correct) =>
        new(temperatures, [.. correct.Select(row => row.Select(c => new ProblemCount(10, c)).ToArray())]);

    [Fact]
    public void Means_over_problems_are_pass_at_1_and_coverage()
    {
        var counts = OfTen([0.2, 1], [10, 0, 5], [8, 2, 3]);

        Assert.Equal([1, 0, 0.5], counts.Precision(0));
        Assert.Equal([1, 0, 1], counts.Solved(0));
        Assert.Equal([1, 0, 1], counts.Solved(1, moreThan: 2));
        Assert.Equal([1, 1, 1], counts.SolvedAnywhere());
        Assert.Equal(PassAtK.Estimate(10, 3, 4), counts.PassAt(1, 4)[2]);
        Assert.Equal(counts.Solved(1, 2), counts.Coverage(1, 10, 2), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Pass_at_all_samples_is_coverage() =>
        Gen.Int[0, 6].Array[1, 8].Sample(correct =>
        {
            var counts = new SampleCounts([1], [correct.Select(c => new ProblemCount(6, c)).ToArray()]);
            Assert.Equal(counts.Solved(0), counts.PassAt(0, counts.FewestSamples(0)));
        });

    [Fact]
    public void Problems_may_have_different_numbers_of_samples()
    {
        var counts = SampleCounts.Of([1], [[[true, false], [false, false, true]]]);

        Assert.Equal(2, counts.FewestSamples(0));
        Assert.Equal([0.5, 1.0 / 3], counts.Precision(0));
        Assert.Equal([1, 2.0 / 3], counts.PassAt(0, 2));
    }

    [Fact]
    public void Sensitivity_looks_at_low_temperatures_only()
    {
        var counts = OfTen([0.2, 1, 1.4], [9, 2], [5, 4], [0, 0]);

        Assert.Equal([0.4, 0.2], counts.Sensitivity()!, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0.9, 0.4], counts.Sensitivity(2)!, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0.4, -0.2], counts.DropToOne()!, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void One_temperature_has_no_sensitivity()
    {
        var one = OfTen([double.NaN], [3, 4]);

        Assert.Null(one.Sensitivity());
        Assert.Null(one.DropToOne());
        Assert.Null(OfTen([0.5, 0.8], [1], [2]).DropToOne());
        Assert.Null(OfTen([1, 1.4], [1], [2]).Sensitivity());
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        ProblemCount[] two = [new(4, 1), new(4, 2)];

        Assert.Throws<ArgumentException>(() => new SampleCounts([0.5, 1], [two]));
        Assert.Throws<ArgumentException>(() => new SampleCounts([0.5, 1], [two, [new(4, 1)]]));
        Assert.Throws<ArgumentException>(() => new SampleCounts([1, 0.5], [two, two]));
        Assert.Throws<ArgumentException>(() => new SampleCounts([1, double.NaN], [two, two]));
        Assert.Throws<ArgumentException>(() => new SampleCounts([1], [[new(0, 0)]]));
        Assert.Throws<ArgumentException>(() => new SampleCounts([1], [[new(3, 4)]]));
    }

    [Fact]
    public void The_best_temperature_is_found_and_its_choice_widens_nothing_below_the_value()
    {
        var before = OfTen([0.2, 1], [10, 0, 0, 0], [1, 1, 1, 0]).ByTemperature(t => OfTen([0.2, 1], [10, 0, 0, 0], [1, 1, 1, 0]).Solved(t));

        Assert.Equal(1, BestTemperature.IndexOf(before));
        var best = BestTemperature.Of(before, Few);
        Assert.Equal(0.75, best.Value);
        Assert.True(best.Low is > 0 and <= 0.75 && best.High >= 0.75);
    }

    [Fact]
    public void A_model_gains_nothing_over_itself_in_any_resample()
    {
        var counts = OfTen([0.2, 1], [10, 0, 4, 0], [1, 1, 1, 0]);
        var rows = counts.ByTemperature(counts.Precision);

        Assert.Equal(new Interval(0, 0, 0, 4), BestTemperature.Gain(rows, rows, Few));
    }

    [Fact]
    public void Each_side_has_its_own_best_temperature()
    {
        var (before, after) = (OfTen([0.2, 1], [5, 5], [1, 1]), OfTen([0.2, 1], [0, 0], [6, 6]));

        var gain = BestTemperature.Gain(before.ByTemperature(before.Precision), after.ByTemperature(after.Precision), Few);

        Assert.Equal(0.1, gain.Value, 12);
        Assert.Equal(0.1, gain.Low, 12);
    }

    [Fact]
    public void Curves_are_sorted_by_themselves_or_by_another()
    {
        Assert.Equal([0.9, 0.5, 0.1], PrecisionCurve.SelfSorted([0.5, 0.1, 0.9]));
        Assert.Equal([3, 1, 2], PrecisionCurve.InOrderOf([0.5, 0.5, 0.9], [1, 2, 3]));
        Assert.Throws<ArgumentException>(() => PrecisionCurve.InOrderOf([1], [1, 2]));
        Assert.Equal([(0.5, 1.5), (3, 4)], PrecisionCurve.Smoothed([1, 2, 3, 4, 5], 2));
        Assert.Equal([(0, 1), (1, 2)], PrecisionCurve.Smoothed([1, 2], 10));
    }

    [Fact]
    public void Every_problem_falls_into_the_bin_of_its_precision_before()
    {
        double[] before = [0, 0.2, 0.21, 0.6, 0.99, 1, 1], after = [0.5, 0.3, 0.21, 0.5, 1, 1, 0.5];

        var bins = GainBins.Of(before, after, Few);

        Assert.Equal(["0", "(0,0.2]", "(0.2,0.4]", "(0.4,0.6]", "(0.6,0.8]", "(0.8,1)", "1"], bins.Select(bin => bin.Name));
        Assert.Equal([1, 1, 1, 1, 0, 1, 2], bins.Select(bin => bin.Problems));
        Assert.Equal(0.5, bins[0].Gain!.Value.Value);
        Assert.Null(bins[4].Gain);
        Assert.Equal(-0.25, bins[6].Gain!.Value.Value);
        Assert.Equal((-0.5, 0), (bins[6].Gain!.Value.Low, bins[6].Gain!.Value.High));
    }

    [Fact]
    public void Newly_solved_looks_at_all_temperatures_together()
    {
        var before = OfTen([0.2, 1], [0, 0, 5, 0], [0, 1, 0, 0]);
        var after = OfTen([0.2, 1], [0, 3, 0, 1], [2, 0, 0, 0]);

        var newly = NewlySolved.Of(before, after, Few);

        Assert.Equal((2, 2, 1), (newly.Unsolved, newly.Gained, newly.Lost));
        Assert.Throws<ArgumentException>(() => NewlySolved.Of(before, OfTen([0.2, 1.2], [0, 0, 0, 0], [0, 0, 0, 0])));
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(3, 0, 0.125)]
    [InlineData(0, 3, 1)]
    [InlineData(2, 1, 0.5)]
    [InlineData(8, 2, 0.0546875)]
    public void Gains_and_losses_are_weighed_like_coins(int gained, int lost, double chance) =>
        Assert.Equal(chance, new NewlySolved(10, gained, lost, default, default, default).SignTest, 12);

    [Fact]
    public void The_null_is_what_halves_of_one_sampling_do()
    {
        // All splits of a problem's samples into halves at two temperatures, counted one by one.
        bool[][] problem = [[true, false, false, false], [false, false, true, false]];
        var (newly, total) = (0, 0);
        foreach (var first in Pairs())
        {
            foreach (var second in Pairs())
            {
                bool In(int temperature, int[] half) => half.Any(i => problem[temperature][i]);
                var (own, rest) = (In(0, first) || In(1, second), In(0, Rest(first)) || In(1, Rest(second)));
                newly += !own && rest ? 1 : 0;
                total++;
            }
        }

        var counts = SampleCounts.Of([0.5, 1], [[problem[0]], [problem[1]]]);
        Assert.Equal((double)newly / total, NewlySolved.Of(counts, counts, Few).HalfNull.Value, 12);

        static IEnumerable<int[]> Pairs() => from a in Enumerable.Range(0, 4) from b in Enumerable.Range(a + 1, 3 - a) select (int[])[a, b];
        static int[] Rest(int[] half) => [.. Enumerable.Range(0, 4).Except(half)];
    }

    [Fact]
    public void Problems_that_stay_as_they_are_add_nothing_to_the_excess()
    {
        var before = OfTen([1], [0, 0, 0, 0, 10, 10, 0, 0]);
        var after = OfTen([1], [10, 10, 10, 10, 10, 10, 0, 0]);

        var newly = NewlySolved.Of(before, after, Few);

        Assert.Equal((4, 0, 4), (newly.Half.Value, newly.HalfNull.Value, newly.Excess.Value));
        Assert.True(newly.Excess.Low > 0);
        Assert.Equal(new Interval(0, 0, 0, 8), NewlySolved.Of(before, before, Few).Excess);
    }

    [Fact]
    public void Marks_are_shares_of_samples_and_execution_is_also_told_of_planned_ones()
    {
        GradedSample[][] problems =
        [
            [new(true, "1", true, true), new(false, "2", true, false)],
            [new(false, "3", false, true), new(true, "4", true, true)],
        ];

        var shares = MarkShares.Of(problems, Few);

        Assert.Equal(0.75, shares.Plan!.Value.Value);
        Assert.Equal(0.75, shares.Execute!.Value.Value);
        Assert.Equal(2.0 / 3, shares.ExecuteGivenPlan!.Value.Value, 12);
        Assert.Equal(1, shares.CorrectGivenBoth!.Value.Value);
        Assert.Null(MarkShares.Of([[new(true, "1", Plan: true)]], Few).Execute);
        Assert.Null(MarkShares.Of([[new(true, "1", false, true)]], Few).ExecuteGivenPlan);
    }

    [Fact]
    public void Samples_without_a_mark_do_not_count()
    {
        GradedSample[][] problems = [[new(true, "1", true), new(false)], [new(true), new(true)], [new(false, "2", false), new(true, "1", false)]];

        var plan = MarkShares.Of(problems, Few).Plan!.Value;

        Assert.Equal((1.0 / 3, 2), (plan.Value, plan.N));
    }

    [Fact]
    public void A_curve_of_majorities_is_its_estimates_one_by_one()
    {
        var votes = Enumerable.Range(0, 24).Select(i => new Vote(i % 5 == 4 ? null : $"{i * i % 7}", i * i % 7 == 2)).ToArray();
        int[] ks = [1, 2, 8, 12, 20, 23, 24];

        Assert.Equal(ks.Select(k => MajorityVote.Estimate(votes, k, 3, 7)), MajorityVote.Curve(votes, ks, 3, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => MajorityVote.Curve(votes, [25]));

        var samples = votes.Select(vote => new GradedSample(vote.Correct, vote.Answer)).ToArray();
        var set = new SampleSet("m", ["a", "b"], [double.NaN], [[samples, samples]]);
        Assert.Equal(ks.Select(k => MajorityVote.Estimate(votes, k, 3, 1)), set.MajorityAt(0, ks, seed: 3).Select(row => row[1]));
    }

    [Fact]
    public void A_part_of_a_set_keeps_the_order_asked_for()
    {
        GradedSample[] Only(string answer) => [new(true, answer)];
        var set = new SampleSet("m", ["a", "b", "c"], [0.5, 1], [[Only("a"), Only("b"), Only("c")], [Only("A"), Only("B"), Only("C")]]);

        var part = set.Restrict(["c", "a"], [1]);

        Assert.Equal(["C", "A"], part.Samples[0].Select(samples => samples[0].Answer));
        Assert.Equal((2, 1), (part.Counts.NumProblems, part.Counts.Temperatures.Count));
    }
}
