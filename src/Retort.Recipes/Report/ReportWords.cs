using System.Globalization;

namespace Retort.Recipes.Report;

/// <summary>Numbers and outcomes as a person reads them.</summary>
internal static class ReportWords
{
    /// <summary>The outcome in two or three sentences.</summary>
    public static string Summary(RunReport report)
    {
        var counts = string.Join(", ", new[]
        {
            Count(report, ClaimVerdict.Holds, "holds", "hold"),
            Count(report, ClaimVerdict.Fails, "fails", "fail"),
            Count(report, ClaimVerdict.Inconclusive, "is inconclusive", "are inconclusive"),
            Count(report, ClaimVerdict.NotRun, "was not run", "were not run"),
        }.OfType<string>());
        var headline = report.Claims.Where(claim => claim.Headline && claim.Verdict != ClaimVerdict.NotRun)
            .Select(claim => $"{claim.Id} {Verb(claim.Verdict)}: {claim.Statement.TrimEnd('.')}{Measured(claim)}.");
        return $"Of {report.Claims.Count} claims, {counts}. {string.Join(" ", headline)}".TrimEnd();
    }

    /// <summary>"holds", "fails", "inconclusive" or "not run".</summary>
    public static string Name(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.Fails => "fails",
        ClaimVerdict.Inconclusive => "inconclusive",
        _ => "not run",
    };

    /// <summary>"0.123 [0.081, 0.164]", with a sign when the claim is about a difference from zero.</summary>
    public static string Estimate(ClaimResult claim) => Estimate(claim.Value, claim.Low, claim.High);

    /// <inheritdoc cref="Estimate(ClaimResult)"/>
    public static string Estimate(TestResult test) => Estimate(test.Value, test.Low, test.High);

    private static string Estimate(double? value, double? low, double? high) => (value, low, high) switch
    {
        ({ } v, { } l, { } h) => $"{Number(v)} [{Number(l)}, {Number(h)}]",
        ({ } v, _, _) => Number(v),
        _ => "–",
    };

    /// <summary>Three significant decimals, thousands apart by thin spaces, a true minus sign.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        _ when value == Math.Floor(value) && Math.Abs(value) < 1e15 => Group(value, "#,##0"),
        >= 1e15 => value.ToString("0.00e0", CultureInfo.InvariantCulture).Replace('-', '−'),
        >= 100 => Group(value, "#,##0.0"),
        < 5e-4 => value.ToString("0.0e0", CultureInfo.InvariantCulture).Replace('-', '−'),
        _ => Group(value, "0.000"),
    };

    /// <summary>"3 min 20 s".</summary>
    public static string Duration(double seconds)
    {
        var whole = (long)Math.Round(seconds);
        return whole switch
        {
            < 60 => seconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
            < 3600 => $"{whole / 60} min {whole % 60} s",
            _ => $"{whole / 3600} h {whole % 3600 / 60} min",
        };
    }

    /// <summary>"1.2 × 10^14" as HTML.</summary>
    public static string FlopsHtml(double flops)
    {
        if (flops < 1)
        {
            return "0";
        }

        var exponent = (int)Math.Floor(Math.Log10(flops));
        var digits = (flops / Math.Pow(10, exponent)).ToString("0.00", CultureInfo.InvariantCulture);
        return $"{digits} × 10<sup>{exponent}</sup>";
    }

    private static string Group(double value, string format) =>
        value.ToString(format, CultureInfo.InvariantCulture).Replace(',', '\u2009').Replace('-', '−');

    private static string Verb(ClaimVerdict verdict) => verdict == ClaimVerdict.Inconclusive ? "is inconclusive" : Name(verdict);

    private static string Measured(ClaimResult claim) =>
        claim.Value is null ? "" : $" (measured {Estimate(claim)}, n = {claim.N})";

    private static string? Count(RunReport report, ClaimVerdict verdict, string one, string many) =>
        report.Claims.Count(claim => claim.Verdict == verdict) is > 0 and var count
            ? $"{count} {(count == 1 ? one : many)}"
            : null;
}
