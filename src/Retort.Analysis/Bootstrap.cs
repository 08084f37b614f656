using System.Numerics;
using Retort.Core;

namespace Retort.Analysis;

/// <summary>How intervals are resampled.</summary>
/// <param name="Resamples">Bootstrap resamples.</param>
/// <param name="Level">Coverage of the two-sided interval, e.g. 0.95.</param>
/// <param name="Seed">Names the random streams; equal seeds give equal bits on any number of threads.</param>
/// <param name="Threads">Threads at most; 0 for all cores.</param>
public sealed record BootstrapSettings(
    int Resamples = 10_000, double Level = 0.95, ulong Seed = 1, int Threads = 0)
{
    /// <summary>10,000 resamples at 95 percent.</summary>
    public static BootstrapSettings Default { get; } = new();
}

/// <summary>One term of a sum of means: problems of one set, which are resampled together and apart from other sets.</summary>
/// <param name="Weight">Factor of this set's mean.</param>
/// <param name="Values">One number a problem.</param>
public readonly record struct MeanTerm(double Weight, double[] Values);

/// <summary>
/// Percentile bootstrap over problems (Efron and Tibshirani 1993, chapter 13). Problems are the unit: a problem drawn
/// brings all its numbers along, so what two models do on the same problem stays paired. Resample r draws from the stream
/// (seed, "bootstrap", r), hence results depend on no thread count.
/// </summary>
public static class Bootstrap
{
    /// <summary>A statistic of the chosen problems, given as indices drawn with replacement.</summary>
    public delegate double Statistic(ReadOnlySpan<int> chosen);

    /// <summary>Interval of the mean of one number a problem.</summary>
    public static Interval Mean(double[] values, BootstrapSettings? settings = null) =>
        SumOfMeans([new(1, values)], settings);

    /// <inheritdoc cref="Mean(double[], BootstrapSettings?)"/>
    public static Interval Mean(bool[] values, BootstrapSettings? settings = null) =>
        Mean(Descriptive.ToDoubles(values), settings);

    /// <summary>Interval of mean(a) - mean(b) where a[i] and b[i] belong to the same problem.</summary>
    public static Interval PairedDifference(double[] a, double[] b, BootstrapSettings? settings = null) =>
        Mean(Subtract(a, b), settings);

    /// <inheritdoc cref="PairedDifference(double[], double[], BootstrapSettings?)"/>
    public static Interval PairedDifference(bool[] a, bool[] b, BootstrapSettings? settings = null) =>
        PairedDifference(Descriptive.ToDoubles(a), Descriptive.ToDoubles(b), settings);

    /// <summary>Interval of mean(a) - mean(b) over two different sets of problems.</summary>
    public static Interval UnpairedDifference(double[] a, double[] b, BootstrapSettings? settings = null) =>
        SumOfMeans([new(1, a), new(-1, b)], settings);

    /// <inheritdoc cref="UnpairedDifference(double[], double[], BootstrapSettings?)"/>
    public static Interval UnpairedDifference(bool[] a, bool[] b, BootstrapSettings? settings = null) =>
        UnpairedDifference(Descriptive.ToDoubles(a), Descriptive.ToDoubles(b), settings);

    /// <summary>
    /// Interval of the interaction (mean(a1) - mean(b1)) - (mean(a2) - mean(b2)): a and b paired inside each set, the
    /// two sets (two tasks, say) independent and possibly of different sizes.
    /// </summary>
    public static Interval Interaction(
        double[] a1, double[] b1, double[] a2, double[] b2, BootstrapSettings? settings = null) =>
        SumOfMeans([new(1, Subtract(a1, b1)), new(-1, Subtract(a2, b2))], settings);

    /// <inheritdoc cref="Interaction(double[], double[], double[], double[], BootstrapSettings?)"/>
    public static Interval Interaction(
        bool[] a1, bool[] b1, bool[] a2, bool[] b2, BootstrapSettings? settings = null) =>
        Interaction(
            Descriptive.ToDoubles(a1), Descriptive.ToDoubles(b1),
            Descriptive.ToDoubles(a2), Descriptive.ToDoubles(b2), settings);

    /// <summary>
    /// Interval of sum over terms of weight * mean(values), each term's problems resampled independently of the other
    /// terms'. N is the number of problems in all terms together.
    /// </summary>
    public static Interval SumOfMeans(IReadOnlyList<MeanTerm> terms, BootstrapSettings? settings = null)
    {
        var value = 0.0;
        foreach (var term in terms)
        {
            value += term.Weight * Descriptive.Mean(term.Values);
        }

        return Run(value, terms.Sum(term => term.Values.Length), settings, (ref CounterRandom random) =>
        {
            var total = 0.0;
            foreach (var (weight, values) in terms)
            {
                var sum = 0.0;
                for (var i = 0; i < values.Length; i++)
                {
                    sum += values[random.NextInt32(values.Length)];
                }

                total += weight * (sum / values.Length);
            }

            return total;
        });
    }

    /// <summary>
    /// The intervals of many means over the same problems, each what <see cref="Mean(double[], BootstrapSettings?)"/> gives: the problems are
    /// drawn once for all of them.
    /// </summary>
    /// <param name="columns">Each one number a problem, all for the same problems.</param>
    /// <param name="settings">How the intervals are made.</param>
    public static Interval[] Means(IReadOnlyList<double[]> columns, BootstrapSettings? settings = null)
    {
        if (columns.Count == 0)
        {
            return [];
        }

        var n = columns[0].Length;
        if (n == 0 || columns.Any(column => column.Length != n))
        {
            throw new ArgumentException("All columns need the same problems, at least one.", nameof(columns));
        }

        settings = Checked(settings);
        // A problem's numbers side by side: a resample adds whole rows, several numbers at a time, each column's sum in the same order as alone.
        var width = columns.Count;
        var rows = new double[n * width];
        for (var column = 0; column < width; column++)
        {
            for (var problem = 0; problem < n; problem++)
            {
                rows[problem * width + column] = columns[column][problem];
            }
        }

        var means = columns.Select(_ => new double[settings.Resamples]).ToArray();
        Resampled(settings, (ref random, r) =>
        {
            var sums = new double[width];
            for (var i = 0; i < n; i++)
            {
                AddTo(sums, rows.AsSpan(random.NextInt32(n) * width, width));
            }

            for (var column = 0; column < sums.Length; column++)
            {
                means[column][r] = sums[column] / n;
            }
        });
        return [.. columns.Select((column, i) => Percentiles(Descriptive.Mean(column), means[i], n, settings))];
    }

    /// <summary>
    /// Interval of any statistic of n problems (a ratio, a median, an overlap). Resamples on which the statistic is not
    /// a number are left out; if all are, so are the ends.
    /// </summary>
    public static Interval Of(int numProblems, Statistic statistic, BootstrapSettings? settings = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numProblems);
        var all = Enumerable.Range(0, numProblems).ToArray();
        return Run(statistic(all), numProblems, settings, (ref CounterRandom random) =>
        {
            var chosen = new int[numProblems];
            for (var i = 0; i < numProblems; i++)
            {
                chosen[i] = random.NextInt32(numProblems);
            }

            return statistic(chosen);
        });
    }

    /// <summary>A statistic of several sets of problems, the chosen ones of each given as indices drawn with replacement.</summary>
    public delegate double JointStatistic(IReadOnlyList<int[]> chosen);

    /// <summary>As <see cref="Of(int, Statistic, BootstrapSettings?)"/>, of sets that are resampled each by itself.</summary>
    /// <param name="numProblems">Of each set; N is their sum.</param>
    /// <param name="statistic">It may be called from several threads.</param>
    /// <param name="settings">How.</param>
    public static Interval Of(IReadOnlyList<int> numProblems, JointStatistic statistic, BootstrapSettings? settings = null)
    {
        foreach (var count in numProblems)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count, nameof(numProblems));
        }

        return Run(statistic([.. numProblems.Select(count => Enumerable.Range(0, count).ToArray())]), numProblems.Sum(), settings, (ref CounterRandom random) =>
        {
            var chosen = new int[numProblems.Count][];
            for (var set = 0; set < chosen.Length; set++)
            {
                chosen[set] = new int[numProblems[set]];
                foreach (ref var index in chosen[set].AsSpan())
                {
                    index = random.NextInt32(numProblems[set]);
                }
            }

            return statistic(chosen);
        });
    }

    private static void AddTo(Span<double> sums, ReadOnlySpan<double> row)
    {
        var i = 0;
        for (; i + Vector<double>.Count <= sums.Length; i += Vector<double>.Count)
        {
            (new Vector<double>(sums[i..]) + new Vector<double>(row[i..])).CopyTo(sums[i..]);
        }

        for (; i < sums.Length; i++)
        {
            sums[i] += row[i];
        }
    }

    private delegate double OneResample(ref CounterRandom random);

    private delegate void ManyResamples(ref CounterRandom random, int resample);

    private static Interval Run(double value, int n, BootstrapSettings? settings, OneResample resample)
    {
        settings = Checked(settings);
        var values = new double[settings.Resamples];
        Resampled(settings, (ref random, r) => values[r] = resample(ref random));
        return Percentiles(value, values, n, settings);
    }

    private static BootstrapSettings Checked(BootstrapSettings? settings)
    {
        settings ??= BootstrapSettings.Default;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.Resamples, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(settings.Level, 0, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(settings.Level, 1, nameof(settings));
        return settings;
    }

    private static void Resampled(BootstrapSettings settings, ManyResamples resample)
    {
        var purpose = CounterRandom.Hash("bootstrap");
        var options = new ParallelOptions { MaxDegreeOfParallelism = settings.Threads > 0 ? settings.Threads : -1 };
        Parallel.For(0, settings.Resamples, options, r =>
        {
            var random = CounterRandom.For(settings.Seed, purpose, (ulong)r);
            resample(ref random, r);
        });
    }

    private static Interval Percentiles(double value, double[] values, int n, BootstrapSettings settings)
    {
        var sorted = values.Where(v => !double.IsNaN(v)).Order().ToArray();
        var tail = (1 - settings.Level) / 2;
        return sorted.Length == 0
            ? new(value, double.NaN, double.NaN, n)
            : new(
                value, Descriptive.QuantileOfSorted(sorted, tail), Descriptive.QuantileOfSorted(sorted, 1 - tail), n);
    }

    private static double[] Subtract(double[] a, double[] b)
    {
        if (a.Length != b.Length)
        {
            throw new ArgumentException($"Paired lists have {a.Length} and {b.Length} problems.", nameof(b));
        }

        var difference = new double[a.Length];
        for (var i = 0; i < a.Length; i++)
        {
            difference[i] = a[i] - b[i];
        }

        return difference;
    }
}
