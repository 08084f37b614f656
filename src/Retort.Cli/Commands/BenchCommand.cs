using System.CommandLine;

namespace Retort.Cli.Commands;

/// <summary><c>retort bench</c>: how fast this machine runs what.</summary>
internal sealed class BenchCommand : Command
{
    public BenchCommand(CliHost host)
        : base("bench", "Time the engine on this machine.")
    {
        Subcommands.Add(new BenchEngineCommand(host));
    }
}
