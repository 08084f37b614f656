namespace Retort.Inference.Lengths;

/// <summary>
/// What is believed of one request's length. It belongs to the request: pausing, eviction and computing again change nothing in it.
/// </summary>
public sealed class LengthBelief
{
    private BinBelief bins;
    private double estimate;
    private int estimatedAt;

    /// <summary>A belief that the completion will have <paramref name="initial"/> tokens, taken into [1, maxNewTokens].</summary>
    public LengthBelief(double initial, int maxNewTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNewTokens, 1);
        MaxNewTokens = maxNewTokens;
        Initial = estimate = Math.Clamp(initial, 1, maxNewTokens);
    }

    /// <summary>The prediction at arrival, r: tokens of the whole completion.</summary>
    public double Initial { get; }

    /// <summary>The completion's limit in tokens.</summary>
    public int MaxNewTokens { get; }

    /// <summary>Generated tokens at the last refinement; -1: there was none.</summary>
    public int RefinedAt => bins.IsEmpty ? -1 : estimatedAt;

    /// <summary>
    /// The estimate L of the tokens still to come when <paramref name="generated"/> are there: the last estimate, less one for each token since,
    /// within [0, maxNewTokens - generated].
    /// </summary>
    public double Remaining(int generated) =>
        Math.Clamp(estimate - (generated - estimatedAt), 0, Math.Max(0, MaxNewTokens - generated));

    /// <summary>
    /// Takes in a classifier's <paramref name="weights"/> of the bins (see <see cref="BinBelief.Update"/>), read from the model when
    /// <paramref name="generated"/> tokens had been generated.
    /// </summary>
    public void Refine(LengthBins layout, int generated, ReadOnlySpan<double> weights)
    {
        bins.Update(layout, generated - estimatedAt, weights);
        (estimate, estimatedAt) = (layout.Mean(bins.Probabilities), generated);
    }

    /// <summary>The same belief for another sample of the prompt, which reads the prompt without computing it again.</summary>
    public LengthBelief Copy() => (LengthBelief)MemberwiseClone();
}
