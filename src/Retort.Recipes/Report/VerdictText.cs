using System.Globalization;
using System.Text;

namespace Retort.Recipes.Report;

/// <summary>The verdicts as text for a terminal of 80 columns.</summary>
public static class VerdictText
{
    private const int Width = 80;

    /// <summary>A table of the claims, the reasons of those that did not simply hold or fail, and where the report lies.</summary>
    public static string Of(RunReport report, string htmlPath)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Recipe} ({report.Preset}), seeds {string.Join(", ", report.Seeds)}, {report.WallSeconds:0} s")
            .AppendLine()
            .AppendLine($"{"claim",-7}{"verdict",-15}{"value",8}{"low",9}{"high",9}{"n",7}");
        foreach (var claim in report.Claims.Where(claim => claim.Verdict != ClaimVerdict.NotRun))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{claim.Id,-7}{Name(claim.Verdict),-15}{Number(claim.Value),8}{Number(claim.Low),9}{Number(claim.High),9}{claim.N,7}");
            foreach (var test in claim.Tests.Skip(1))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{"  and",-22}{Number(test.Value),8}{Number(test.Low),9}{Number(test.High),9}");
            }

            Wrap(text, claim.Statement);
            Wrap(text, "rule: " + claim.Rule);
            if (claim.Reason is not null)
            {
                Wrap(text, claim.Reason);
            }
        }

        foreach (var group in report.Claims.Where(claim => claim.Verdict == ClaimVerdict.NotRun).GroupBy(claim => claim.Reason))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{string.Join(", ", group.Select(claim => claim.Id))}: not run");
            Wrap(text, group.Key ?? "");
        }

        return text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"report: {htmlPath}").ToString();
    }

    private static string Name(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.Fails => "FAILS",
        ClaimVerdict.Inconclusive => "inconclusive",
        _ => "not run",
    };

    private static string Number(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";

    private static void Wrap(StringBuilder text, string sentence)
    {
        const string indent = "       ";
        var line = new StringBuilder(indent);
        foreach (var word in sentence.Split(' '))
        {
            if (line.Length + word.Length > Width && line.Length > indent.Length)
            {
                text.AppendLine(line.ToString().TrimEnd());
                line.Clear().Append(indent);
            }

            line.Append(word).Append(' ');
        }

        text.AppendLine(line.ToString().TrimEnd());
    }
}
