namespace Retort.Analysis.Tests;

public class ShareDynamicsTests
{
    [Fact]
    public void The_closed_form_is_what_the_equation_gives_in_small_steps()
    {
        double[] start = [0.2, 0.5, 0.3];
        double[][] success = [[0.9, 0.5, 0.1], [0.2, 0.7, 0.4], [0.6, 0.6, 0.9]];
        const int small = 20_000;
        var shares = start.ToArray();
        var predicted = ShareDynamics.Predict(start, success, 1.7);
        Assert.Equal(4, predicted.Length);
        for (var step = 0; step < 3; step++)
        {
            for (var i = 0; i < small; i++)
            {
                var mean = shares.Zip(success[step], (w, p) => w * p).Sum();
                shares = [.. shares.Select((w, k) => w + 1.7 / small * w * (success[step][k] - mean))];
            }

            Assert.All(shares.Zip(predicted[step + 1]), pair => Assert.Equal(pair.First, pair.Second, 4));
        }
    }

    [Fact]
    public void With_fixed_success_the_best_wins_and_time_is_the_log_of_the_rare_share_over_the_gap()
    {
        var success = Enumerable.Repeat(new[] { 0.6, 0.5 }, 500).ToArray();
        var predicted = ShareDynamics.Predict([0.01, 0.99], success, 1);
        Assert.InRange(predicted[^1][0], 0.999, 1);
        Assert.Equal(Math.Log(99) / 0.1, Array.FindIndex(predicted, shares => shares[0] >= 0.5), 1.0);
        Assert.Equal(0, ShareDynamics.Predict([0, 1], success, 1)[^1][0]);
    }

    [Theory]
    [InlineData(0.004)]
    [InlineData(0.31)]
    [InlineData(20)]
    public void The_speed_is_found_again(double speed)
    {
        double[] start = [0.3, 0.3, 0.4];
        var success = Enumerable.Range(0, 80).Select(i => new[] { 0.3 + 0.005 * i, 0.4, 0.1 }).ToArray();
        var measured = ShareDynamics.Predict(start, success, speed)[..^1];
        Assert.Equal(1, ShareDynamics.FitSpeed(measured, start, success) / speed, 1e-3);
        Assert.Equal(0, ShareDynamics.RootMeanSquare(measured, ShareDynamics.Predict(start, success, speed)));
    }

    [Fact]
    public void The_optimum_under_a_penalty_moves_log_odds_by_the_gap_over_its_weight()
    {
        var end = ShareDynamics.Optimum([0.3, 0.7], [0.9, 0.4], 0.25);
        Assert.Equal(1, end.Sum(), 12);
        Assert.Equal(0.5 / 0.25, Math.Log(end[0] / end[1]) - Math.Log(0.3 / 0.7), 9);
    }
}
