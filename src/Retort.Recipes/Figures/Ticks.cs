using System.Globalization;

namespace Retort.Recipes.Figures;

/// <summary>Round numbers for axes, and how they are written.</summary>
internal static class Ticks
{
    /// <summary>At most about <paramref name="count"/> + 1 multiples of 1, 2, 2.5 or 5 times a power of ten.</summary>
    public static double[] Linear(double min, double max, int count)
    {
        var rough = (max - min) / count;
        if (!(rough > 0))
        {
            return [min];
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 };
        var first = (long)Math.Ceiling(min / step - 1e-9);
        var last = (long)Math.Floor(max / step + 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)];
    }

    /// <summary>
    /// 1-2-5 numbers, or whole powers of ten when those would be more than <paramref name="count"/>, or the linear ones where fewer than three
    /// would be left.
    /// </summary>
    public static double[] Log(double min, double max, int count)
    {
        var (low, high) = ((int)Math.Floor(Math.Log10(min)), (int)Math.Ceiling(Math.Log10(max)));
        foreach (double[] digits in (double[][])[[1, 2, 5], [1, 3], [1]])
        {
            var ticks = Enumerable.Range(low, high - low + 1)
                .SelectMany(e => digits.Select(d => d * Math.Pow(10, e)))
                .Where(t => t >= min * (1 - 1e-9) && t <= max * (1 + 1e-9)).ToArray();
            if (ticks.Length <= count || digits.Length == 1)
            {
                return ticks.Length >= 3 ? ticks : Linear(min, max, Math.Min(count, 5));
            }
        }

        return [];
    }

    /// <summary>The number as an axis writes it.</summary>
    public static string Label(double value, NumberFormat format)
    {
        if (format == NumberFormat.Percent)
        {
            return Digits(value * 100) + "%";
        }

        if (format == NumberFormat.Si && Math.Abs(value) >= 1000)
        {
            foreach (var (unit, suffix) in ((double, string)[])[(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")])
            {
                if (Math.Abs(value) >= unit * (1 - 1e-9))
                {
                    return Digits(value / unit) + suffix;
                }
            }
        }

        return Digits(value);
    }

    // A true minus sign, and no "-0".
    private static string Digits(double value) =>
        (Math.Abs(value) < 1e-12 ? 0 : value).ToString("0.####", CultureInfo.InvariantCulture).Replace('-', '−');
}
