using System.CommandLine;
using System.Globalization;
using Retort.Recipes.Report;

namespace Retort.Cli.Commands;

/// <summary><c>retort compare RUN RUN</c>: how two runs' settings differ, and what each does on the problems both were asked.</summary>
internal sealed class CompareCommand : Command
{
    private readonly CliHost host;
    private readonly Argument<string> left = new("left") { HelpName = "RUN", Description = "A run's folder." };
    private readonly Argument<string> right = new("right") { HelpName = "RUN", Description = "Another's; differences are right - left." };
    private readonly Option<bool> json = new("--json") { Description = "Print JSON." };

    public CompareCommand(CliHost host)
        : base("compare", "Show how two runs' settings differ, and their outcomes on the problems both were asked,\nwith paired 95 % bootstrap intervals.")
    {
        this.host = host;
        Arguments.Add(left);
        Arguments.Add(right);
        Options.Add(json);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        using var first = RunFolder.Open(parsed.GetRequiredValue(left));
        using var second = RunFolder.Open(parsed.GetRequiredValue(right));
        var comparison = RunComparison.Of(first, second);
        if (parsed.GetValue(json))
        {
            var columns = comparison.Outcomes.Columns;
            host.Output.WriteLine(JsonText.Of(new
            {
                Left = first.Root,
                Right = second.Root,
                comparison.Settings,
                Outcomes = comparison.Outcomes.Rows.Select(row => columns.Zip(row).ToDictionary(pair => pair.First, pair => (object?)pair.Second.Text ?? pair.Second.Number)),
            }));
            return 0;
        }

        host.Output.WriteLine(comparison.Settings.Count == 0 ? "The settings are the same." : "Settings that differ:");
        TextTable.Write(host.Output, host.Width,
            [.. comparison.Settings.Select(setting => (string[])["  " + setting.Path, setting.Left ?? "-", setting.Right ?? "-"])]);
        host.Output.WriteLine();
        if (comparison.Outcomes.Rows.Count == 0)
        {
            host.Output.WriteLine("They have no evaluation on the same problems.");
            return 0;
        }

        host.Output.WriteLine(comparison.Outcomes.Name + ":");
        TextTable.Write(host.Output, host.Width,
        [
            [.. comparison.Outcomes.Columns],
            .. comparison.Outcomes.Rows.Select(row => (string[])[.. row.Select(cell => cell.Text ?? Number(cell.Number))]),
        ]);
        return 0;
    }

    private static string Number(double? value) => value?.ToString("0.###", CultureInfo.InvariantCulture) ?? "-";
}
