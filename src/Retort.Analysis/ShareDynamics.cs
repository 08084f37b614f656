namespace Retort.Analysis;

/// <summary>
/// Shares of competing choices under the expected policy gradient (section 6 of the study of formats): with success p_k,
/// d w_k / dt = speed * w_k (p_k - sum_j w_j p_j). Rows are steps, columns choices.
/// </summary>
public static class ShareDynamics
{
    // Speeds tried before the best is refined: a factor of 1.1 apart, over ten orders of magnitude.
    private const double SlowestTried = 1e-5, Ratio = 1.1;
    private const int SpeedsTried = 242, Refinements = 60;

    /// <summary>
    /// Shares before every step and after the last: one row more than <paramref name="success"/>. With success constant within a step the
    /// solution is exact: w_k(t) is proportional to w_k(0) exp(speed * sum over s &lt; t of p_k(s)).
    /// </summary>
    public static double[][] Predict(IReadOnlyList<double> start, IReadOnlyList<double[]> success, double speed)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(success);
        var sums = new double[start.Count];
        var shares = new double[success.Count + 1][];
        shares[0] = Weighted(start, sums, speed);
        for (var step = 0; step < success.Count; step++)
        {
            for (var k = 0; k < sums.Length; k++)
            {
                sums[k] += success[step][k];
            }

            shares[step + 1] = Weighted(start, sums, speed);
        }

        return shares;
    }

    /// <summary>The speed, above 0, at which <see cref="Predict"/> comes nearest to the shares measured before each step, in least squares.</summary>
    public static double FitSpeed(IReadOnlyList<double[]> measured, IReadOnlyList<double> start, IReadOnlyList<double[]> success)
    {
        ArgumentNullException.ThrowIfNull(measured);
        double Error(double speed) => RootMeanSquare(measured, Predict(start, success, speed));
        var best = Enumerable.Range(0, SpeedsTried).Select(i => SlowestTried * Math.Pow(Ratio, i)).MinBy(Error);
        var (low, high) = (best / Ratio, best * Ratio);
        for (var i = 0; i < Refinements; i++)
        {
            var (left, right) = (low + (high - low) / 3, high - (high - low) / 3);
            (low, high) = Error(left) <= Error(right) ? (low, right) : (left, high);
        }

        return (low + high) / 2;
    }

    /// <summary>
    /// Where a divergence penalty of this weight, above 0, ends: w_k proportional to w_k(0) exp(p_k / weight). Log-odds move by the gap of success over the
    /// weight.
    /// </summary>
    public static double[] Optimum(IReadOnlyList<double> start, IReadOnlyList<double> success, double klWeight) =>
        Weighted(start, success, 1 / klWeight);

    /// <summary>Root of the mean squared difference over the rows that <paramref name="measured"/> has, and all columns.</summary>
    public static double RootMeanSquare(IReadOnlyList<double[]> measured, IReadOnlyList<double[]> predicted)
    {
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(predicted);
        var sum = 0.0;
        for (var step = 0; step < measured.Count; step++)
        {
            for (var k = 0; k < measured[step].Length; k++)
            {
                var difference = measured[step][k] - predicted[step][k];
                sum += difference * difference;
            }
        }

        return Math.Sqrt(sum / (measured.Count * measured[0].Length));
    }

    private static double[] Weighted(IReadOnlyList<double> start, IReadOnlyList<double> score, double factor)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(score);
        var highest = Enumerable.Range(0, start.Count).Where(k => start[k] > 0).Max(k => score[k]);
        double[] weights = [.. start.Select((share, k) => share > 0 ? share * Math.Exp(factor * (score[k] - highest)) : 0)];
        var total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }
}
