namespace Retort.Analysis;

/// <summary>Mean and quantiles of a sample, in its own unit.</summary>
/// <param name="Mean">Arithmetic mean.</param>
/// <param name="Median">Exceeded by a half.</param>
/// <param name="P90">Exceeded by a tenth.</param>
/// <param name="P99">Exceeded by a hundredth.</param>
public sealed record Spread(double Mean, double Median, double P90, double P99)
{
    /// <summary>Of these values; quantiles as <see cref="Descriptive.Quantile"/>.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Spread Of(ReadOnlySpan<double> values)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return new(
            Descriptive.Mean(sorted), Descriptive.QuantileOfSorted(sorted, 0.5), Descriptive.QuantileOfSorted(sorted, 0.9),
            Descriptive.QuantileOfSorted(sorted, 0.99));
    }

    /// <summary>Each number averaged over several samples.</summary>
    public static Spread Average(IReadOnlyCollection<Spread> spreads) => new(
        spreads.Average(one => one.Mean), spreads.Average(one => one.Median), spreads.Average(one => one.P90), spreads.Average(one => one.P99));
}
