using Retort.Analysis.Search;

namespace Retort.Analysis.Tests.Search;

public sealed class BridgeRatesTests
{
    // Section 2.4 of the specification, and the predictions of its table 5.1.
    [Theory]
    [InlineData(1, 0.667, 0.333)]
    [InlineData(2, 0.333, 0.083)]
    [InlineData(3, 0.167, 0.021)]
    [InlineData(4, 0.083, 0.005)]
    [InlineData(5, 0.042, 0.001)]
    public void Blind_searches_succeed_at_the_published_rates(int depth, double path, double shortest)
    {
        Assert.Equal(path, BridgeRates.Path(depth), 6e-4);
        Assert.Equal(shortest, BridgeRates.ShortestPath(depth), 6e-4);
        Assert.Equal(Math.Pow(2.0 / 3, depth - 1), BridgeRates.Path(depth, hasDeadEnds: false), 1e-12);
        Assert.Equal(0.5 * Math.Pow(1.0 / 3, depth - 1), BridgeRates.ShortestPath(depth, hasDeadEnds: false), 1e-12);
    }

    [Fact]
    public void Samples_add_up_and_what_is_not_proved_is_guessed()
    {
        Assert.Equal(1 - Math.Pow(0.7, 3), BridgeRates.AnyOf(0.3, 3), 1e-12);
        Assert.Equal(0.65, BridgeRates.Accuracy(0.3), 1e-12);
    }

    [Theory]
    [InlineData(0.5, 17, 0.5)]
    [InlineData(0.5, 16, 0.5)]
    [InlineData(0.6, 3, 0.648)]
    [InlineData(0.7, 2, 0.7)]
    [InlineData(1, 9, 1)]
    public void A_majority_of_coins(double right, int voters, double expected) =>
        Assert.Equal(expected, CoinMajority.Accuracy(right, voters), 1e-12);
}
