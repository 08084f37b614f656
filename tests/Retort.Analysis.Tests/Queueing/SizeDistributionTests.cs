using Retort.Analysis.Queueing;
using Retort.Core;

namespace Retort.Analysis.Tests.Queueing;

public sealed class SizeDistributionTests
{
    [Theory]
    [InlineData("exp", 2)]
    [InlineData("erlang:4", 1.25)]
    [InlineData("hyperexp:0.9,0.5,5.5", 6.5)]
    [InlineData("hyperexp:0.9,1,11", 6.5)]
    [InlineData("weibull:0.5", 6)]
    [InlineData("lognormal:1", Math.E)]
    public void Second_moments_are_those_of_mean_one(string text, double expected) =>
        Assert.Equal(expected, SizeDistribution.Parse(text, "sizes").SecondMoment, 1e-6);

    [Theory]
    [InlineData("exp")]
    [InlineData("erlang:4")]
    [InlineData("erlang:300")]
    [InlineData("hyperexp:0.9,0.5,5.5")]
    [InlineData("weibull:0.6")]
    [InlineData("weibull:3")]
    [InlineData("lognormal:0.3")]
    [InlineData("lognormal:2")]
    public void Partial_moments_integrate_the_density(string text)
    {
        var sizes = (ContinuousSizes)SizeDistribution.Parse(text, "sizes");
        foreach (var y in new[] { 0.2, 0.9, 1.3, 5 })
        {
            for (var order = 0; order <= 2; order++)
            {
                // Simpson's rule in ln x.
                var (low, step, sum) = (-60.0, (Math.Log(y) + 60) / 40_000, 0.0);
                for (var i = 0; i <= 40_000; i++)
                {
                    var x = Math.Exp(low + i * step);
                    sum += (i == 40_000 ? 1 : 2 + i % 2 * 2) / 3.0 * step * x * Math.Pow(x, order) * sizes.Density(x);
                }

                Assert.Equal(sum, sizes.PartialMoment(order, y), 1e-6);
                Assert.Equal(sizes.TailMoment(order, 0), sizes.PartialMoment(order, y) + sizes.TailMoment(order, y), 1e-12);
            }
        }

        var (nodes, weights) = sizes.Rule();
        Assert.Equal(1, weights.Sum(), 1e-7);
        Assert.Equal(1, nodes.Zip(weights, (x, w) => x * w).Sum(), 1e-7);
    }

    [Theory]
    [InlineData("exp")]
    [InlineData("erlang:3")]
    [InlineData("hyperexp:0.9,0.5,5.5")]
    [InlineData("weibull:0.6")]
    [InlineData("lognormal:0.5")]
    public void Samples_have_the_law(string text)
    {
        var sizes = SizeDistribution.Parse(text, "sizes");
        var random = CounterRandom.For(1, text);
        var drawn = new double[100_000];
        for (var i = 0; i < drawn.Length; i++)
        {
            drawn[i] = sizes.Sample(ref random);
        }

        Assert.Equal(1, drawn.Average(), 4 * Descriptive.StandardDeviation(drawn) / Math.Sqrt(drawn.Length));
        foreach (var y in new[] { 0.3, 1, 2 })
        {
            var p = sizes.Cdf(y);
            Assert.Equal(p, drawn.Count(x => x <= y) / 1e5, 4 * Math.Sqrt(p * (1 - p) / 1e5));
        }

        Assert.Equal(text, sizes.ToString());
    }

    [Fact]
    public void Predictions_have_the_law_they_are_integrated_by()
    {
        foreach (var text in new[] { "exp", "lognormal:0.7" })
        {
            var errors = (ErrorModel)PredictionModel.Parse(text, "predictions");
            var random = CounterRandom.For(2, text);
            foreach (var y in new[] { 0.5, 1, 3 })
            {
                var hits = 0;
                for (var i = 0; i < 40_000; i++)
                {
                    hits += errors.Sample(2, ref random) <= 2 * y ? 1 : 0;
                }

                var p = errors.Cdf(y);
                Assert.Equal(p, hits / 4e4, 4 * Math.Sqrt(p * (1 - p) / 4e4));
                Assert.Equal(p, errors.Between(0, y).Zeroth, 1e-12);
            }

            // Moments about a, from the density by midpoints.
            var (a, b) = (0.4, 1.7);
            var (d0, d1, d2) = errors.Between(a, b);
            var e = Enumerable.Range(0, 20_000).Select(i => a + (b - a) * (i + 0.5) / 20_000).ToArray();
            Assert.Equal(e.Average(errors.Density) * (b - a), d0, 1e-8);
            Assert.Equal(e.Average(x => (x - a) * errors.Density(x)) * (b - a), d1, 1e-8);
            Assert.Equal(e.Average(x => (x - a) * (x - a) * errors.Density(x)) * (b - a), d2, 1e-8);
            Assert.Equal(text, errors.ToString());
        }
    }

    [Fact]
    public void A_trace_is_divided_by_its_mean_and_ties_are_one_atom()
    {
        var sizes = SizeDistribution.Empirical([10, 20, 20, 70]);

        Assert.Equal([1 / 3.0, 2 / 3.0, 7 / 3.0], ((EmpiricalSizes)sizes).Values.ToArray(), (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal(0.25, sizes.Cdf(0.5));
        Assert.Equal(0.75, sizes.Cdf(((EmpiricalSizes)sizes).Values[1]), 12);
        Assert.Equal(1, sizes.PartialMoment(1, 100), 12);
        Assert.Throws<ArgumentException>(() => SizeDistribution.Empirical([]));
        Assert.Throws<ArgumentException>(() => SizeDistribution.Empirical([1, 0]));
        Assert.Throws<ArgumentException>(() => SizeDistribution.Empirical([1, double.NaN]));
    }

    [Theory]
    [InlineData("exq", "did you mean 'exp'?")]
    [InlineData("wiebull:0.6", "did you mean 'weibull'?")]
    [InlineData("", "expected exp, erlang:k")]
    [InlineData("exp:1", "'exp:1' gives 1 numbers; expected exp")]
    [InlineData("erlang", "expected erlang:k")]
    [InlineData("erlang:2.5", "not whole")]
    [InlineData("erlang:0", "1 to 1000")]
    [InlineData("hyperexp:0.9,0.5", "expected hyperexp:p,m1,m2")]
    [InlineData("hyperexp:1.9,0.5,1", "p = 1.9 is out of range")]
    [InlineData("weibull:x", "'x' is no number")]
    [InlineData("lognormal:-1", "s = -1 is out of range")]
    [InlineData("lognormal:NaN", "'NaN' is no number")]
    public void Mistakes_say_what_was_expected(string text, string message)
    {
        var error = Assert.Throws<UserError>(() => SizeDistribution.Parse(text, "--sizes"));

        Assert.Equal(2, error.ExitCode);
        Assert.StartsWith("--sizes: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_in_predictions_too() => Assert.Contains("did you mean 'perfect'?",
        Assert.Throws<UserError>(() => PredictionModel.Parse("prefect", "--predictions")).Message, StringComparison.Ordinal);
}
