using System.CommandLine;

namespace Retort.Cli.Commands;

/// <summary><c>retort bench</c>: how fast this machine runs what, and how fast a server answers.</summary>
internal sealed class BenchCommand : Command
{
    public BenchCommand(CliHost host)
        : base("bench", "Time the engine on this machine, or a server under load.")
    {
        Subcommands.Add(new BenchEngineCommand(host));
        Subcommands.Add(new BenchServeCommand(host));
    }
}
