using System.Globalization;

namespace Retort.Cli.Progress;

/// <summary>Numbers as people read them, in the invariant culture.</summary>
internal static class Amounts
{
    /// <summary>Three significant digits: "0.52", "341", "41.2 k", "1.50 G".</summary>
    public static string Of(double value)
    {
        var (scaled, suffix) = Math.Abs(value) switch
        {
            >= 999.5e9 => (value / 1e12, " T"),
            >= 999.5e6 => (value / 1e9, " G"),
            >= 999.5e3 => (value / 1e6, " M"),
            >= 9_999.5 => (value / 1e3, " k"),
            _ => (value, ""),
        };
        var format = Math.Abs(scaled) switch { >= 99.95 => "0", >= 9.995 => "0.0", _ => "0.00" };
        return scaled.ToString(format, CultureInfo.InvariantCulture) + suffix;
    }

    /// <summary>"0.4 s", "26 s", "4 min 05 s", "2 h 05 min".</summary>
    public static string Of(TimeSpan time) => time.TotalSeconds switch
    {
        < 9.95 => FormattableString.Invariant($"{time.TotalSeconds:0.0} s"),
        < 59.5 => FormattableString.Invariant($"{time.TotalSeconds:0} s"),
        < 3570 => FormattableString.Invariant($"{(int)(time + HalfSecond).TotalMinutes} min {(time + HalfSecond).Seconds:00} s"),
        _ => FormattableString.Invariant($"{(int)(time + HalfMinute).TotalHours} h {(time + HalfMinute).Minutes:00} min"),
    };

    private static TimeSpan HalfSecond => TimeSpan.FromSeconds(0.5);

    private static TimeSpan HalfMinute => TimeSpan.FromSeconds(30);
}
