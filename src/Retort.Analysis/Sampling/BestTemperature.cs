namespace Retort.Analysis.Sampling;

/// <summary>
/// A model at its best temperature: the maximum over temperatures of a mean over problems. The temperature is chosen anew in every
/// bootstrap resample, so that intervals know of the choice; the value itself is the maximum of noisy means and leans upwards.
/// </summary>
public static class BestTemperature
{
    /// <summary>Index of the row with the highest mean; of equals the first.</summary>
    /// <param name="rows">One number a problem, for every temperature (<see cref="SampleCounts.ByTemperature"/>).</param>
    public static int IndexOf(IReadOnlyList<double[]> rows)
    {
        var means = rows.Select(row => Descriptive.Mean(row)).ToList();
        return means.IndexOf(means.Max());
    }

    /// <summary>Interval of the highest mean.</summary>
    public static Interval Of(IReadOnlyList<double[]> rows, BootstrapSettings? settings = null) =>
        Bootstrap.Of(rows[0].Length, chosen => Highest(rows, chosen), settings);

    /// <summary>Interval of (highest mean after) - (highest mean before) on the same problems, each at its own best temperature.</summary>
    public static Interval Gain(IReadOnlyList<double[]> before, IReadOnlyList<double[]> after, BootstrapSettings? settings = null)
    {
        if (before.Concat(after).Any(row => row.Length != before[0].Length))
        {
            throw new ArgumentException("Before and after need the same problems.", nameof(after));
        }

        return Bootstrap.Of(before[0].Length, chosen => Highest(after, chosen) - Highest(before, chosen), settings);
    }

    private static double Highest(IReadOnlyList<double[]> rows, ReadOnlySpan<int> chosen)
    {
        var best = double.NegativeInfinity;
        foreach (var row in rows)
        {
            var sum = 0.0;
            foreach (var problem in chosen)
            {
                sum += row[problem];
            }

            best = Math.Max(best, sum / chosen.Length);
        }

        return best;
    }
}
