using CsCheck;

namespace Retort.Analysis.Tests;

public sealed class DescriptiveTests
{
    [Fact]
    public void Known_values()
    {
        double[] values = [4, 1, 3, 2];

        Assert.Equal(2.5, Descriptive.Mean(values));
        Assert.Equal(2.5, Descriptive.Median(values));
        Assert.Equal(1.75, Descriptive.Quantile(values, 0.25));
        Assert.Equal(3.7, Descriptive.Quantile(values, 0.9), 12);
        Assert.Equal(Math.Sqrt(5.0 / 3), Descriptive.StandardDeviation(values), 12);
        Assert.Equal(0.75, Descriptive.Mean([true, true, false, true]));
        Assert.Equal(0, Descriptive.StandardDeviation([7]));
    }

    [Fact]
    public void Nothing_has_no_mean()
    {
        Assert.Throws<ArgumentException>(() => Descriptive.Mean(Array.Empty<double>()));
        Assert.Throws<ArgumentException>(() => Descriptive.Median([]));
    }

    [Fact]
    public void Quantiles_rise_from_the_least_to_the_greatest() =>
        Gen.Double[-1e6, 1e6].Array[1, 40].Sample(values =>
        {
            var quantiles = Enumerable.Range(0, 21).Select(i => Descriptive.Quantile(values, i / 20.0)).ToArray();
            Assert.Equal(values.Min(), quantiles[0]);
            Assert.Equal(values.Max(), quantiles[^1]);
            Assert.All(Enumerable.Range(1, 20), i => Assert.True(quantiles[i] >= quantiles[i - 1] - 1e-6));
        });
}
