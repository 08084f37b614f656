using System.Globalization;
using Retort.Analysis;

namespace Retort.Recipes.Curves;

/// <summary>Shares and temperatures as tables and sentences have them.</summary>
internal static class CurvesWords
{
    /// <summary>"48.2 [44.1, 52.3]", in percent.</summary>
    public static string Percent(Interval? interval) => interval is not { } some ? "-"
        : double.IsNaN(some.Low) ? Percent(some.Value)
        : $"{Percent(some.Value)} [{Percent(some.Low)}, {Percent(some.High)}]";

    /// <summary>"48.2 % [44.1, 52.3]", for sentences.</summary>
    public static string InPercent(Interval interval) => $"{Percent(interval.Value)} % [{Percent(interval.Low)}, {Percent(interval.High)}]";

    /// <summary>"48.2", "100".</summary>
    public static string Percent(double share) => double.IsNaN(share) ? "-" : Math.Round(100 * share, 1) is var rounded && Math.Abs(rounded) == 100
        ? rounded.ToString("0", CultureInfo.InvariantCulture)
        : (rounded == 0 ? 0 : rounded).ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>"12.4 [8, 17]": a count and its interval.</summary>
    public static string Count(Interval interval) =>
        string.Create(CultureInfo.InvariantCulture, $"{interval.Value:0.0} [{interval.Low:0.0}, {interval.High:0.0}]");

    /// <summary>"0.7", or "-" where it is not told.</summary>
    public static string Temperature(double temperature) => double.IsNaN(temperature) ? "-" : temperature.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>" at T = 0.7", or nothing where it is not told.</summary>
    public static string AtTemperature(double temperature) => double.IsNaN(temperature) ? "" : $" at T = {Temperature(temperature)}";

    /// <summary>"1,319 problems".</summary>
    public static string Many(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    /// <summary>"p = 0.012", "p &lt; 0.001".</summary>
    public static string Chance(double p) => p < 0.001 ? "p < 0.001" : string.Create(CultureInfo.InvariantCulture, $"p = {p:0.###}");

    /// <summary>A name short enough for a table.</summary>
    public static string Short(string name, int most = 22) => name.Length <= most ? name : name[..(most / 2 - 1)] + "…" + name[^(most - most / 2)..];
}
