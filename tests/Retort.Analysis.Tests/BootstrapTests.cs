using Retort.Core;

namespace Retort.Analysis.Tests;

public sealed class BootstrapTests
{
    private static readonly BootstrapSettings Quick = new(Resamples: 2_000);

    [Fact]
    public void The_interval_of_an_accuracy_is_what_normal_theory_says()
    {
        var outcomes = Enumerable.Range(0, 400).Select(i => i < 120).ToArray();

        var interval = Bootstrap.Mean(outcomes);

        var half = 1.96 * Math.Sqrt(0.3 * 0.7 / 400);
        Assert.Equal(0.3, interval.Value, 12);
        Assert.Equal(0.3 - half, interval.Low, 0.006);
        Assert.Equal(0.3 + half, interval.High, 0.006);
        Assert.Equal(400, interval.N);
    }

    [Fact]
    public void Pairing_removes_what_two_models_share()
    {
        var a = Outcomes("shared", 300, 0.5);
        var b = a.ToArray();
        b[0] = !b[0];

        Assert.True(Bootstrap.PairedDifference(a, b).Width < 0.02);
        Assert.True(Bootstrap.UnpairedDifference(a, b).Width > 0.1);
    }

    [Fact]
    public void Equal_models_differ_by_exactly_nothing()
    {
        var a = Outcomes("equal", 100, 0.5);

        Assert.Equal(new Interval(0, 0, 0, 100), Bootstrap.PairedDifference(a, a, Quick));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Intervals_are_the_same_bits_on_any_number_of_threads(int threads)
    {
        var a = Outcomes("a", 257, 0.6);
        var b = Outcomes("b", 257, 0.4);

        Assert.Equal(
            Bootstrap.PairedDifference(a, b, Quick with { Threads = 1 }),
            Bootstrap.PairedDifference(a, b, Quick with { Threads = threads }));
    }

    [Fact]
    public void Another_seed_draws_other_resamples()
    {
        var a = Enumerable.Range(0, 97).Select(i => i * 0.37 % 1).ToArray();

        Assert.NotEqual(Bootstrap.Mean(a, Quick), Bootstrap.Mean(a, Quick with { Seed = 2 }));
    }

    [Fact]
    public void A_higher_level_is_wider()
    {
        var a = Outcomes("level", 200, 0.5);

        Assert.True(Bootstrap.Mean(a, Quick with { Level = 0.99 }).Width > Bootstrap.Mean(a, Quick).Width);
    }

    [Fact]
    public void An_interaction_is_the_difference_of_two_differences_over_sets_of_any_size()
    {
        var (a1, b1) = (Outcomes("a1", 300, 0.7), Outcomes("b1", 300, 0.4));
        var (a2, b2) = (Outcomes("a2", 150, 0.4), Outcomes("b2", 150, 0.5));

        var interaction = Bootstrap.Interaction(a1, b1, a2, b2);
        var (first, second) = (Bootstrap.PairedDifference(a1, b1), Bootstrap.PairedDifference(a2, b2));

        Assert.Equal(first.Value - second.Value, interaction.Value, 12);
        Assert.Equal(Math.Sqrt(first.Width * first.Width + second.Width * second.Width), interaction.Width, 0.02);
        Assert.Equal(450, interaction.N);
    }

    [Fact]
    public void Any_statistic_of_problems_can_be_resampled()
    {
        var a = Outcomes("ratio a", 200, 0.8);
        var b = Outcomes("ratio b", 200, 0.9);
        static int Count(bool[] values, ReadOnlySpan<int> chosen)
        {
            var count = 0;
            foreach (var i in chosen)
            {
                count += values[i] ? 1 : 0;
            }

            return count;
        }

        var ratio = Bootstrap.Of(200, chosen => (double)Count(a, chosen) / Count(b, chosen), Quick);

        Assert.Equal((double)a.Count(x => x) / b.Count(x => x), ratio.Value, 12);
        Assert.InRange(ratio.Width, 0.05, 0.3);
    }

    [Fact]
    public void Sets_are_resampled_each_by_itself()
    {
        double[] a = [.. Enumerable.Range(0, 120).Select(i => i * 0.37 % 1)], b = [.. Enumerable.Range(0, 31).Select(i => i * 0.71 % 1)];

        var joint = Bootstrap.Of([120, 31], chosen => chosen[0].Average(i => a[i]) - chosen[1].Average(i => b[i]), Quick);
        var difference = Bootstrap.UnpairedDifference(a, b, Quick);

        Assert.Equal(difference.N, joint.N);
        Assert.Equal(difference.Value, joint.Value, 12);
        Assert.Equal(difference.Low, joint.Low, 12);
        Assert.Equal(difference.High, joint.High, 12);
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Of([5, 0], _ => 0, Quick));
    }

    [Fact]
    public void Resamples_without_a_value_are_left_out()
    {
        var interval = Bootstrap.Of(2, chosen => chosen.Contains(0) ? 1 : double.NaN, Quick);

        Assert.Equal(new Interval(1, 1, 1, 2), interval);
        Assert.True(double.IsNaN(Bootstrap.Of(2, _ => double.NaN, Quick).Low));
    }

    [Fact]
    public void About_95_of_100_intervals_hold_the_truth()
    {
        var settings = new BootstrapSettings(Resamples: 400, Threads: 1);
        var holds = Enumerable.Range(0, 400).Count(i =>
            Bootstrap.Mean(Outcomes($"coverage {i}", 80, 0.4), settings).Contains(0.4));

        Assert.InRange(holds / 400.0, 0.91, 0.98);
    }

    [Fact]
    public void Unequal_lists_are_not_pairs() =>
        Assert.Throws<ArgumentException>(() => Bootstrap.PairedDifference(new bool[3], new bool[4]));

    private static bool[] Outcomes(string purpose, int count, double rate)
    {
        var random = CounterRandom.For(1, purpose);
        var outcomes = new bool[count];
        for (var i = 0; i < count; i++)
        {
            outcomes[i] = random.NextDouble() < rate;
        }

        return outcomes;
    }

    [Fact]
    public void Many_means_are_the_means_one_by_one()
    {
        double[] a = [1, 0, 0.5, 2], b = [3, 3, 1, 0];
        var settings = new BootstrapSettings(Resamples: 300, Seed: 7);

        Assert.Equal([Bootstrap.Mean(a, settings), Bootstrap.Mean(b, settings)], Bootstrap.Means([a, b], settings));
        Assert.Empty(Bootstrap.Means([], settings));
        Assert.Throws<ArgumentException>(() => Bootstrap.Means([a, [1]], settings));
    }
}
