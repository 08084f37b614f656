using System.CommandLine;
using Retort.Cli.Diagnosis;

namespace Retort.Cli.Commands;

/// <summary><c>retort doctor</c>: what this machine offers and whether a run would work. Exit code 1 if something stops it.</summary>
internal sealed class DoctorCommand : Command
{
    private readonly CliHost host;
    private readonly Option<string> output = new("--out")
    {
        HelpName = "DIR",
        Description = "The folder runs would be written to.",
        DefaultValueFactory = _ => "runs",
    };

    private readonly Option<bool> json = new("--json") { Description = "Print JSON." };

    public DoctorCommand(CliHost host)
        : base("doctor", "Show what this machine offers and whether a run would work here.")
    {
        this.host = host;
        Options.Add(output);
        Options.Add(json);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var findings = Machine.Examine(parsed.GetRequiredValue(output));
        if (parsed.GetValue(json))
        {
            host.Output.WriteLine(JsonText.Of(new
            {
                Ok = findings.All(finding => finding.State != FindingState.Bad),
                Findings = findings.Select(finding => new { finding.Subject, finding.Value, State = finding.State.ToString().ToLowerInvariant(), finding.Advice }),
            }));
        }
        else
        {
            TextTable.Write(host.Output, host.Width, [.. findings.Select(finding => (string[])
                [finding.Subject, finding.State.ToString().ToLowerInvariant(), finding.Advice is null ? finding.Value : $"{finding.Value}; {finding.Advice}"])]);
        }

        return findings.Any(finding => finding.State == FindingState.Bad) ? 1 : 0;
    }
}
