namespace Retort.Analysis;

/// <summary>What k samples are worth under a perfect verifier.</summary>
public static class PassAtK
{
    /// <summary>
    /// Unbiased pass@k of one problem (Chen et al. 2021, "Evaluating large language models trained on code", eq. 1):
    /// 1 - C(n - c, k) / C(n, k), the chance that k of the n samples, drawn without replacement, hold a correct one.
    /// Computed as a product, since the binomials overflow.
    /// </summary>
    /// <param name="samples">n, samples drawn.</param>
    /// <param name="correct">c, correct ones among them.</param>
    /// <param name="k">Samples allowed, 1 to n.</param>
    public static double Estimate(int samples, int correct, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
        ArgumentOutOfRangeException.ThrowIfNegative(correct);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, samples);
        if (samples - correct < k)
        {
            return 1;
        }

        var allWrong = 1.0;
        for (var i = samples - correct + 1; i <= samples; i++)
        {
            allWrong *= 1 - (double)k / i;
        }

        return 1 - allWrong;
    }

    /// <summary>
    /// As <see cref="Estimate(int, int, int)"/>, the chance that more than <paramref name="moreThan"/> of the k are correct: 1 less the first
    /// terms of the hypergeometric distribution.
    /// </summary>
    public static double MoreThan(int samples, int correct, int k, int moreThan)
    {
        if (moreThan == 0)
        {
            return Estimate(samples, correct, k);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(moreThan);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
        ArgumentOutOfRangeException.ThrowIfNegative(correct);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, samples);
        var few = 0.0;
        for (var right = 0; right <= Math.Min(moreThan, Math.Min(k, correct)); right++)
        {
            // C(k, right) orders of drawing first the right ones and then the wrong ones, each with the same chance.
            var chance = 1.0;
            for (var i = 0; i < right; i++)
            {
                chance *= (double)(k - i) / (i + 1) * (correct - i) / (samples - i);
            }

            for (var i = right; i < k; i++)
            {
                chance *= Math.Max(0.0, samples - correct - (i - right)) / (samples - i);
            }

            few += chance;
        }

        return Math.Max(0, 1 - few);
    }

    /// <summary>Pass@k of one problem from its samples' outcomes.</summary>
    public static double Estimate(ReadOnlySpan<bool> samples, int k) =>
        Estimate(samples.Length, samples.Count(true), k);

    /// <summary>Best-of-n as drawn: any of the first n samples is correct. No expectation, just what happened.</summary>
    public static bool BestOfFirst(ReadOnlySpan<bool> samples, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, samples.Length);
        return samples[..n].Contains(true);
    }
}
