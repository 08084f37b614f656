namespace Retort.Analysis.Scaling;

/// <summary>
/// Samples drawn one after the other until one verifies, at most N: how many are drawn, in expectation over the orders of the n samples there
/// are. The first k all fail with chance C(m, k) / C(n, k), m of n failing.
/// </summary>
public static class FirstVerified
{
    /// <summary>Expected draws that fail and that verify; the second is pass@N.</summary>
    /// <param name="samples">n, samples there are.</param>
    /// <param name="verified">Of these verified.</param>
    /// <param name="most">N, at most n.</param>
    public static (double Failed, double Verified) Draws(int samples, int verified, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, samples);
        ArgumentOutOfRangeException.ThrowIfNegative(verified);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(verified, samples);
        var (allFail, failed) = (1.0, 0.0);
        for (var k = 0; k < most; k++)
        {
            allFail *= Math.Max(0.0, samples - verified - k) / (samples - k);
            failed += allFail;
        }

        return (failed, 1 - allFail);
    }

    /// <summary>Expected sum of a quantity over the samples drawn.</summary>
    public static double Sum(IReadOnlyList<BudgetSample> samples, int most, Func<BudgetSample, double> quantity)
    {
        var verified = samples.Where(sample => sample.IsVerified).ToArray();
        var (failed, right) = Draws(samples.Count, verified.Length, most);
        return (right == 0 ? 0 : right * verified.Average(quantity))
            + (failed == 0 ? 0 : failed * samples.Where(sample => !sample.IsVerified).Average(quantity));
    }
}
