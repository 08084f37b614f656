using Retort.Inference.Lengths;

namespace Retort.Inference.Tests.Lengths;

public sealed class BinSmoothingTests
{
    private static readonly LengthBins Bins = new(512);
    private static readonly double[] Shares = [0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01];

    [Fact]
    public void Weights_are_likelihoods_to_a_power()
    {
        float[] logits = [0.5f, -1, 2, 0, 0, 0.25f, -3, 1, 1, 0];
        foreach (var power in (double[])[1, 0.3])
        {
            var (p, weights) = (Weigh(BinSmoothing.Published, logits), Weigh(new BinSmoothing(Shares, power), logits));
            double[] expected = [.. p.Zip(Shares, (one, share) => Math.Pow(one / share, power))];
            Assert.All(weights.Zip(expected), pair => Assert.Equal(pair.Second / expected[0], pair.First / weights[0], 1e-12));
        }
    }

    [Fact]
    public void The_published_rule_multiplies_by_the_output()
    {
        float[] logits = [0.5f, -1, 2, 0, 0, 0.25f, -3, 1, 1, 0];
        var p = new double[10];
        BinClassifier.Softmax(logits, p);
        Assert.Equal(p, Weigh(BinSmoothing.Published, logits));
        Assert.Equal(p, Weigh(new BinSmoothing(Shares, 0.3), logits, isFirst: true));
    }

    /// <summary>Two witnesses, each with a likelihood of its own; outputs are the exact posteriors of one witness.</summary>
    [Fact]
    public void Independent_outputs_give_bayes_posterior_and_the_published_rule_counts_the_shares_twice()
    {
        double[] first = [0.2, 0.2, 0.3, 0.5, 0.6, 0.4, 0.2, 0.1, 0.1, 0.1], second = [0.1, 0.2, 0.2, 0.3, 0.7, 0.8, 0.3, 0.2, 0.1, 0.1];
        double[] truth = Normalised([.. Enumerable.Range(0, 10).Select(i => Shares[i] * first[i] * second[i])]);
        var right = Believe(new BinSmoothing(Shares, 1), Posterior(first), Posterior(second));
        Assert.All(truth.Zip(right), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        var published = Believe(BinSmoothing.Published, Posterior(first), Posterior(second));
        Assert.True(published[0] > 1.5 * truth[0]);

        static double[] Posterior(double[] likelihood) => Normalised([.. likelihood.Zip(Shares, (a, b) => a * b)]);
    }

    [Fact]
    public void A_small_power_is_not_sure_of_what_it_is_told_fifty_times()
    {
        double[] output = [.05, .05, .10, .20, .30, .15, .08, .04, .02, .01];
        Assert.InRange(Believe(new BinSmoothing([.. Enumerable.Repeat(0.1, 10)], 0.02), [.. Enumerable.Repeat(output, 50)]).Max(), 0.3, 0.6);
    }

    private static double[] Believe(BinSmoothing smoothing, params double[][] outputs)
    {
        var belief = new BinBelief();
        foreach (var output in outputs)
        {
            belief.Update(Bins, 0, Weigh(smoothing, [.. output.Select(one => (float)Math.Log(one))], belief.IsEmpty));
        }

        return belief.Probabilities.ToArray();
    }

    private static double[] Weigh(BinSmoothing smoothing, float[] logits, bool isFirst = false)
    {
        var weights = new double[logits.Length];
        smoothing.Weigh(logits, isFirst, weights);
        return weights;
    }

    private static double[] Normalised(double[] values) => [.. values.Select(value => value / values.Sum())];
}
