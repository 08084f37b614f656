namespace Retort.Analysis;

/// <summary>Means, spreads and quantiles of a list of numbers.</summary>
public static class Descriptive
{
    /// <summary>Arithmetic mean. Throws on an empty list: no mean is better than a wrong one.</summary>
    public static double Mean(ReadOnlySpan<double> values)
    {
        ThrowIfEmpty(values);
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    /// <summary>Share of true values, 0 to 1.</summary>
    public static double Mean(ReadOnlySpan<bool> values) => Mean(ToDoubles(values));

    /// <summary>Standard deviation with n - 1 in the denominator; 0 for a single value.</summary>
    public static double StandardDeviation(ReadOnlySpan<double> values)
    {
        var mean = Mean(values);
        var squares = 0.0;
        foreach (var value in values)
        {
            squares += (value - mean) * (value - mean);
        }

        return values.Length == 1 ? 0 : Math.Sqrt(squares / (values.Length - 1));
    }

    /// <summary>The middle value; the mean of the two middle ones for an even count.</summary>
    public static double Median(ReadOnlySpan<double> values) => Quantile(values, 0.5);

    /// <summary>
    /// Quantile with linear interpolation between order statistics at rank (n - 1) * <paramref name="probability"/>
    /// (Hyndman and Fan 1996, type 7).
    /// </summary>
    public static double Quantile(ReadOnlySpan<double> values, double probability)
    {
        ThrowIfEmpty(values);
        var sorted = values.ToArray();
        Array.Sort(sorted);
        return QuantileOfSorted(sorted, probability);
    }

    /// <summary>As <see cref="Quantile"/>, for values already in ascending order.</summary>
    public static double QuantileOfSorted(ReadOnlySpan<double> sorted, double probability)
    {
        ThrowIfEmpty(sorted);
        ArgumentOutOfRangeException.ThrowIfLessThan(probability, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        var rank = probability * (sorted.Length - 1);
        var below = (int)rank;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }

    /// <summary>1 for true, 0 for false: outcomes as numbers whose mean is an accuracy.</summary>
    public static double[] ToDoubles(ReadOnlySpan<bool> values)
    {
        var numbers = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            numbers[i] = values[i] ? 1 : 0;
        }

        return numbers;
    }

    private static void ThrowIfEmpty(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            throw new ArgumentException("The list has no values.", nameof(values));
        }
    }
}
