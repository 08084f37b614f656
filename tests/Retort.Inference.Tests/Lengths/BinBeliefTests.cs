using CsCheck;
using Retort.Inference.Lengths;

namespace Retort.Inference.Tests.Lengths;

public sealed class BinBeliefTests
{
    private static readonly LengthBins Bins = new(512);
    private static readonly double[] P0 = [.05, .05, .10, .20, .30, .15, .08, .04, .02, .01];
    private static readonly double[] P1 = [.02, .08, .15, .30, .25, .10, .05, .03, .01, .01];
    private static readonly double[] Q1 = [.005808, .023230, .087113, .345115, .423050, .084666, .022563, .006769, .001128, .000559];

    [Fact]
    public void Bins_are_those_of_the_paper()
    {
        Assert.Equal(51.2, Bins.Width);
        Assert.Equal([25.6, 76.8, 128, 179.2, 230.4, 281.6, 332.8, 384, 435.2, 486.4], Enumerable.Range(0, 10).Select(Bins.Midpoint), Near(1e-12));
        Assert.Equal([0, 0, 0, 1, 1, 2, 9, 9, 9, 9], new[] { 0, 1, 51, 52, 102, 103, 461, 511, 512, 5000 }.Select(Bins.Label));
        Assert.Equal([0, 0, 1, 9], new[] { 0, 25, 26, 256 }.Select(new LengthBins(256).Label));
    }

    [Fact]
    public void Smoothing_gives_the_specification_s_numbers()
    {
        var belief = new BinBelief();
        Assert.True(belief.IsEmpty);
        belief.Update(Bins, 0, P0);
        Assert.Equal(220.672, Bins.Mean(belief.Probabilities), 1e-9);
        Assert.Equal(202.752, Bins.Mean(P1), 1e-9);
        belief.Update(Bins, 1, P1);
        Assert.Equal(Q1, belief.Probabilities.ToArray(), Near(5e-7));
        Assert.Equal(207.111, Bins.Mean(belief.Probabilities), 5e-4);
        belief.Update(Bins, 1, P1);
        Assert.Equal(202.624, Bins.Mean(belief.Probabilities), 5e-4);
    }

    [Fact]
    public void The_prior_is_the_specification_s_and_the_leaking_form_differs_as_it_says()
    {
        double[] expected = [.050977, .050977, .101953, .201953, .297070, .148633, .079219, .039609, .019805, .009805];
        Assert.Equal(expected, Predict(P0, absorbing: true), Near(5e-7));
        // A flat classifier output leaves the prior as it is.
        var belief = new BinBelief();
        belief.Update(Bins, 0, P0);
        belief.Update(Bins, 1, Enumerable.Repeat(0.1, 10).ToArray());
        Assert.Equal(expected, belief.Probabilities.ToArray(), Near(5e-7));
        var leaking = Update(Predict(P0, absorbing: false), P1);
        Assert.Equal(207.131, Bins.Mean(leaking), 5e-4);
        Assert.Equal(202.628, Bins.Mean(Update(Predict(leaking, absorbing: false), P1)), 5e-4);
    }

    [Fact]
    public void Refining_every_eighth_token_applies_the_matrix_eight_times()
    {
        var belief = new BinBelief();
        belief.Update(Bins, 0, P0);
        belief.Update(Bins, 8, P1);
        var prior = P0;
        for (var token = 0; token < 8; token++)
        {
            prior = Predict(prior, absorbing: true);
        }

        Assert.Equal(Update(prior, P1), belief.Probabilities.ToArray(), Near(1e-14));
    }

    [Fact]
    public void A_product_that_underflows_gives_way_to_the_classifier()
    {
        double[] low = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], high = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        var belief = new BinBelief();
        belief.Update(Bins, 0, low);
        belief.Update(Bins, 1, high);
        Assert.Equal(high, belief.Probabilities.ToArray());
    }

    [Fact]
    public void Fifty_equal_outputs_are_taken_for_fifty_witnesses()
    {
        var belief = new BinBelief();
        for (var step = 0; step < 50; step++)
        {
            belief.Update(Bins, 1, P0);
        }

        Assert.True(belief.Probabilities.ToArray().Max() > 0.95);
    }

    [Fact]
    public void A_belief_stays_a_distribution_whatever_comes() => Gen.Select(
        Gen.Double[0, 1].Array[10].Where(p => p.Sum() > 0.1), Gen.Int[0, 300]).Array[1, 20].Sample(updates =>
        {
            var belief = new BinBelief();
            foreach (var (p, tokens) in updates)
            {
                belief.Update(Bins, tokens, p.Select(x => x / p.Sum()).ToArray());
                var q = belief.Probabilities.ToArray();
                Assert.All(q, x => Assert.InRange(x, 0, 1 + 1e-12));
                Assert.Equal(1, q.Sum(), 1e-9);
            }
        }, iter: 200);

    [Fact]
    public void An_estimate_loses_one_a_token_between_refinements_and_stays_within_its_limits()
    {
        var belief = new LengthBelief(40.5, 100);
        Assert.Equal((40.5, 40.5, 30.5, 0.0), (belief.Initial, belief.Remaining(0), belief.Remaining(10), belief.Remaining(60)));
        belief.Refine(Bins, 0, P0);
        Assert.Equal((100.0, 90.0), (belief.Remaining(0), belief.Remaining(10)));
        belief.Refine(new LengthBins(100), 20, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal((20, 5.0, 2.0, 0.0, 0.0), (belief.RefinedAt, belief.Remaining(20), belief.Remaining(23), belief.Remaining(90), belief.Remaining(100)));
        Assert.Equal((1.0, 7.0), (new LengthBelief(-3, 7).Initial, new LengthBelief(1e9, 7).Initial));
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        var first = new LengthBelief(40, 512);
        first.Refine(Bins, 0, P0);
        var second = first.Copy();
        first.Refine(Bins, 1, P1);
        Assert.Equal((0, 1), (second.RefinedAt, first.RefinedAt));
        second.Refine(Bins, 1, P1);
        Assert.Equal(first.Remaining(1), second.Remaining(1));
    }

    [Fact]
    public void Predictors_that_read_no_hidden_state_count_down()
    {
        Assert.Equal(30, new ConstantLengthPredictor(50).Begin([1], 256, 0).Remaining(20));
        var oracle = new OracleLengthPredictor().Begin([1], 256, 0, knownLength: 70);
        Assert.Equal((70.0, 1.0, 0.0), (oracle.Remaining(0), oracle.Remaining(69), oracle.Remaining(70)));
        Assert.Contains("known length", Assert.Throws<Core.UserError>(() => new OracleLengthPredictor().Begin([1], 256, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_noisy_oracle_errs_by_what_it_is_told_and_equally_for_equal_requests()
    {
        var oracle = new OracleLengthPredictor(meanAbsoluteError: 20, seed: 3);
        var errors = Enumerable.Range(0, 20_000).Select(i => oracle.Begin([1], 10_000, (ulong)i, 5_000).Initial - 5_000).ToArray();
        Assert.Equal(20, errors.Average(Math.Abs), 0.5);
        Assert.Equal(0, errors.Average(), 0.6);
        Assert.Equal(errors[7], oracle.Begin([2, 3], 10_000, 7, 5_000).Initial - 5_000);
        Assert.NotEqual(errors[7], new OracleLengthPredictor(20, seed: 4).Begin([1], 10_000, 7, 5_000).Initial - 5_000);
    }

    private static double[] Predict(double[] q, bool absorbing)
    {
        var down = 1 / Bins.Width;
        return [.. q.Select((x, i) => (i == 0 && absorbing ? 1 : 1 - down) * x + (i < 9 ? down * q[i + 1] : 0))];
    }

    private static double[] Update(double[] prior, double[] p)
    {
        var products = prior.Zip(p, (a, b) => a * b).ToArray();
        return [.. products.Select(x => x / products.Sum())];
    }

    private static Func<double, double, bool> Near(double tolerance) => (a, b) => Math.Abs(a - b) <= tolerance;
}
