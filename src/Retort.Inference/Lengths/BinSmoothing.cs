using Retort.Core;

namespace Retort.Inference.Lengths;

/// <summary>
/// What a classifier's output weighs in a belief. The published rule (specification, section 2.4) multiplies a belief by the output p itself. But p is a
/// posterior: it holds the bins' shares s, and each step would multiply them in again; and outputs of neighbouring steps say nearly the same.
/// Hence (p / s)^power, a likelihood, tempered.
/// </summary>
public sealed record BinSmoothing
{
    /// <summary>The published rule: p.</summary>
    public static BinSmoothing Published { get; } = new();

    private readonly double[] factors = [];

    private BinSmoothing() => (Shares, Power) = ([], 1);

    /// <summary>(p / <paramref name="shares"/>)^<paramref name="power"/>.</summary>
    /// <param name="shares">How often each bin is the true one, over all decode steps; positive.</param>
    /// <param name="power">Above 0; 1 where the outputs of a request's steps were independent.</param>
    public BinSmoothing(IReadOnlyList<double> shares, double power)
    {
        (Shares, Power) = (shares, power);
        factors = [.. shares.Select(share => ExactMath.Exp(-power * ExactMath.Log(share)))];
    }

    /// <summary>Shares of the bins; none: the published rule.</summary>
    public IReadOnlyList<double> Shares { get; }

    /// <summary>The power.</summary>
    public double Power { get; }

    /// <summary>What a belief is multiplied by for a classifier's <paramref name="logits"/>, up to a factor.</summary>
    /// <param name="logits">One row.</param>
    /// <param name="isFirst">Nothing is believed yet: the belief becomes p itself.</param>
    /// <param name="weights">One a bin.</param>
    public void Weigh(ReadOnlySpan<float> logits, bool isFirst, Span<double> weights)
    {
        if (isFirst || factors.Length == 0)
        {
            BinClassifier.Softmax(logits, weights);
            return;
        }

        var max = BinClassifier.Max(logits);
        for (var i = 0; i < logits.Length; i++)
        {
            weights[i] = Power * (logits[i] - (double)max);
        }

        ExactMath.Exp(weights, weights);
        for (var i = 0; i < logits.Length; i++)
        {
            weights[i] *= factors[i];
        }
    }
}
