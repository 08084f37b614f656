using MathNet.Numerics.Distributions;

namespace Retort.Analysis;

/// <summary>Intervals over repeated runs that differ in the seed alone.</summary>
public static class SeedIntervals
{
    /// <summary>
    /// Student's t interval of the mean: mean +- t(n - 1) * s / sqrt(n) (Student 1908). Needs two seeds at least. N is
    /// the number of seeds.
    /// </summary>
    public static Interval StudentT(ReadOnlySpan<double> perSeed, double level = 0.95)
    {
        if (perSeed.Length < 2)
        {
            throw new ArgumentException("Student's t needs at least two seeds.", nameof(perSeed));
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(level, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(level, 1);
        var mean = Descriptive.Mean(perSeed);
        var t = MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, perSeed.Length - 1, (1 + level) / 2);
        var half = t * Descriptive.StandardDeviation(perSeed) / Math.Sqrt(perSeed.Length);
        return new(mean, mean - half, mean + half, perSeed.Length);
    }

    /// <summary>
    /// What a claim is judged by: the bootstrap over problems or, with two seeds or more and if it is wider, Student's t
    /// over the seeds' own values. N stays the number of problems.
    /// </summary>
    public static Interval WiderOfBootstrapAndT(
        Interval bootstrap, ReadOnlySpan<double> perSeed, double level = 0.95) =>
        perSeed.Length < 2 ? bootstrap : Interval.Wider(bootstrap, StudentT(perSeed, level) with { N = bootstrap.N });

    /// <summary>
    /// The mean over seeds of one number a problem. Rows are seeds; all seeds saw the same problems in the same order,
    /// so the problem stays the unit that is resampled.
    /// </summary>
    public static double[] AverageOverSeeds(IReadOnlyList<double[]> perSeed)
    {
        if (perSeed.Count == 0 || perSeed.Any(row => row.Length != perSeed[0].Length))
        {
            throw new ArgumentException("Every seed needs the same problems.", nameof(perSeed));
        }

        var mean = new double[perSeed[0].Length];
        for (var problem = 0; problem < mean.Length; problem++)
        {
            var sum = 0.0;
            foreach (var row in perSeed)
            {
                sum += row[problem];
            }

            mean[problem] = sum / perSeed.Count;
        }

        return mean;
    }
}

/// <summary>Interval of a share of successes without resampling.</summary>
public static class Proportion
{
    /// <summary>
    /// Wilson's score interval (Wilson 1927): sound at 0 and 1 and for few trials, unlike the normal approximation.
    /// </summary>
    public static Interval Wilson(int successes, int trials, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(trials);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        var z = Normal.InvCDF(0, 1, (1 + level) / 2);
        var (share, n) = ((double)successes / trials, (double)trials);
        var centre = (share + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(share * (1 - share) / n + z * z / (4 * n * n));
        // At the ends centre and half agree but for rounding.
        return new(share, successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half, trials);
    }
}
