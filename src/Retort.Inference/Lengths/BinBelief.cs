using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Retort.Inference.Lengths;

/// <summary>
/// A smoothed distribution q over the bins of the remaining length (specification, section 2.4). A point-estimate smoother:
/// successive classifier outputs are correlated, so q is too sure of itself. Plain data, no allocation.
/// </summary>
public struct BinBelief
{
    /// <summary>A product that sums to less than this share of the weights has underflowed.</summary>
    private const double LeastSum = 1e-8;

    private Bins bins;

    /// <summary>Probabilities of the bins; all 0 before the first <see cref="Update"/>.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<double> Probabilities => bins;

    /// <summary>Whether nothing is believed yet.</summary>
    public readonly bool IsEmpty
    {
        get
        {
            foreach (var probability in Probabilities)
            {
                if (probability > 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Lets <paramref name="tokens"/> generated tokens move mass down, then multiplies with a classifier's <paramref name="weights"/>, which are
    /// its output p or what <see cref="BinSmoothing"/> makes of it: q = normalise(T^tokens q * weights). The first update takes the weights themselves, and
    /// so does one whose product underflows.
    /// </summary>
    public void Update(LengthBins layout, int tokens, ReadOnlySpan<double> weights)
    {
        Predict(layout, tokens);
        var (product, total) = (0.0, 0.0);
        for (var i = 0; i < LengthBins.Count; i++)
        {
            product += bins[i] * weights[i];
            total += weights[i];
        }

        for (var i = 0; i < LengthBins.Count; i++)
        {
            bins[i] = product < LeastSum * total ? weights[i] / total : bins[i] * weights[i] / product;
        }
    }

    /// <summary>
    /// q = T^tokens q: with each token a bin keeps 1 - 1/w of its mass and hands 1/w to the bin below; the lowest keeps all.
    /// </summary>
    private void Predict(LengthBins layout, int tokens)
    {
        var down = 1 / layout.Width;
        for (; tokens > 0; tokens--)
        {
            bins[0] += down * bins[1];
            for (var i = 1; i < LengthBins.Count - 1; i++)
            {
                bins[i] = (1 - down) * bins[i] + down * bins[i + 1];
            }

            bins[LengthBins.Count - 1] *= 1 - down;
        }
    }

    [InlineArray(LengthBins.Count)]
    private struct Bins
    {
        private double first;
    }
}
