using Retort.Cli.TaskKinds;
using System.CommandLine;

namespace Retort.Cli.Commands;

/// <summary><c>retort data</c>: problems as files, their statistics, checkpoints in another form.</summary>
internal sealed class DataCommand : Command
{
    public DataCommand(CliHost host)
        : base("data", "Write a task's problems to a file, show their statistics, or convert a model.")
    {
        Subcommands.Add(new DataTaskCommand(host, CountDownKind.Instance, DataStatistics.CountDown));
        Subcommands.Add(new DataTaskCommand(host, SudokuKind.Instance, DataStatistics.Sudoku));
        Subcommands.Add(new DataTaskCommand(host, InstructionsKind.Instance, DataStatistics.Instructions));
        Subcommands.Add(new DataTaskCommand(host, SolutionTreeKind.Instance, DataStatistics.SolutionTree));
        Subcommands.Add(new DataTaskCommand(host, ScrambledArithmeticKind.Instance, DataStatistics.ScrambledArithmetic));
        Subcommands.Add(new DataTaskCommand(host, GraphConnectivityKind.Instance, DataStatistics.GraphConnectivity));
        foreach (var kind in LengthTaskKinds.All)
        {
            Subcommands.Add(new DataTaskCommand(host, kind, DataStatistics.Lengths));
        }

        Subcommands.Add(new DataTaskCommand(host, AnswersKind.Instance, DataStatistics.Answers));
        Subcommands.Add(new DataConvertCommand(host));
    }
}
