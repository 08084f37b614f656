using Retort.Analysis;
using Retort.Recipes.Bench.Serve;

namespace Retort.Recipes.Tests.Bench;

public class ArrivalsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(0.25)]
    [InlineData(4)]
    public void Gaps_have_the_mean_and_the_spread_asked_for(double burstiness)
    {
        const double Rate = 8;
        var due = Arrivals.Random(50_000, Rate, burstiness, seed: 3);
        var gaps = due.Select((time, i) => time - (i == 0 ? 0 : due[i - 1])).ToArray();
        Assert.All(gaps, gap => Assert.True(gap >= 0));
        var mean = Descriptive.Mean(gaps);
        var variation = Math.Pow(Descriptive.StandardDeviation(gaps) / mean, 2);
        Assert.Equal(1 / Rate, mean, 0.03 / Rate);
        Assert.Equal(1 / burstiness, variation, 0.05 / burstiness);
    }

    [Fact]
    public void A_Poisson_process_has_exponential_gaps()
    {
        var due = Arrivals.Random(50_000, 1, 1, seed: 1);
        var longer = due.Select((time, i) => time - (i == 0 ? 0 : due[i - 1])).Count(gap => gap > 2);
        Assert.Equal(Math.Exp(-2), longer / 50_000.0, 0.005);
    }

    [Fact]
    public void The_gaps_are_the_seeds_at_every_rate()
    {
        var (slow, fast) = (Arrivals.Random(100, 2, 0.5, 7), Arrivals.Random(100, 8, 0.5, 7));
        Assert.All(slow.Zip(fast), pair => Assert.Equal(pair.First, 4 * pair.Second, 1e-9));
        Assert.Equal(slow, Arrivals.Random(100, 2, 0.5, 7));
        Assert.NotEqual(slow, Arrivals.Random(100, 2, 0.5, 8));
        Assert.Equal(slow[..10], Arrivals.Random(10, 2, 0.5, 7));
    }

    [Fact]
    public void A_burst_is_due_at_once() => Assert.Equal([0.0, 0, 0], Arrivals.Burst(3));
}
