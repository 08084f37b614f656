using Retort.Cli.Commands;
using Retort.Recipes.Report;

namespace Retort.Cli;

/// <summary>What commands that look at samples put out: JSON, or tables and sentences; and a folder where one is asked for.</summary>
internal static class AnalysisOutput
{
    public static void Write(CliHost host, AnalysisReport report, string? folder, bool json)
    {
        if (json)
        {
            host.Output.WriteLine(report.Json);
        }
        else
        {
            WriteText(host, report);
        }

        if (folder is not null)
        {
            report.Write(folder);
            if (!json)
            {
                host.Output.WriteLine($"Written to {folder}: report.html, report.json and {report.Figures.Count} figures.");
            }
        }
    }

    private static void WriteText(CliHost host, AnalysisReport report)
    {
        foreach (var table in report.Tables)
        {
            host.Output.WriteLine(table.Name);
            host.Output.Write(SimulateReport.Columns([[.. table.Columns], .. table.Rows.Select(row => row.Select(cell => cell.Text ?? "-").ToArray())]));
            host.Output.WriteLine();
        }

        foreach (var line in report.Findings.Concat(report.Notes.Select(note => $"note: {note}")))
        {
            foreach (var part in TextTable.Wrap(line, host.Width))
            {
                host.Output.WriteLine(part);
            }
        }
    }
}
