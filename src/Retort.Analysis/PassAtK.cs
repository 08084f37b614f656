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

    /// <summary>Pass@k of one problem from its samples' outcomes.</summary>
    public static double Estimate(ReadOnlySpan<bool> samples, int k) =>
        Estimate(samples.Length, samples.Count(true), k);

    /// <summary>Pass@k of every problem; rows are problems, columns samples.</summary>
    public static double[] PerProblem(IReadOnlyList<bool[]> problems, int k) =>
        [.. problems.Select(samples => Estimate(samples, k))];

    /// <summary>Best-of-n as drawn: any of the first n samples is correct. No expectation, just what happened.</summary>
    public static bool BestOfFirst(ReadOnlySpan<bool> samples, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, samples.Length);
        return samples[..n].Contains(true);
    }
}
