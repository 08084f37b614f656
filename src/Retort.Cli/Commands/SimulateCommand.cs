using System.CommandLine;
using System.Globalization;
using Retort.Core;

namespace Retort.Cli.Commands;

/// <summary><c>retort simulate</c>: the engine's scheduler under a virtual clock, on queues of theory or on a trace.</summary>
internal sealed class SimulateCommand : Command
{
    private readonly CliHost host;
    private readonly SimulateQueueOptions queue = new();
    private readonly SimulateTraceOptions trace = new();
    private readonly Option<string?> predictions = new("--predictions")
    {
        HelpName = "LAW",
        Description = "Lengths predicted at arrival: perfect, exp (exponential with the true mean), lognormal:s (times exp(s Z)); "
            + "with --trace also trace (its field 'predicted'). [default: perfect; with --trace its own, else lognormal:0.6]",
    };

    private readonly Option<string?> c = new("--c")
    {
        HelpName = "X,Y",
        Description = "A request predicted r may be preempted before it has drawn X r tokens; 0: never, 1: always. Several give rows. [default: 0.8]",
    };

    private readonly ComputeOptions compute = new();

    public SimulateCommand(CliHost host)
        : base("simulate", "Run the engine's scheduler under a virtual clock: a queue of theory beside its closed form, "
            + "or, with --trace, policies on recorded lengths with a cost for every step.")
    {
        this.host = host;
        compute.Seed.Description = "Seed of every draw; equal seeds give equal bits. [default: 1]";
        compute.Out.Description = "Folder for figures, the table (table.txt) and the numbers (simulate.json).";
        foreach (var option in (Option[])[
            .. queue.All, predictions, c, .. trace.All, compute.Seed, compute.Threads, compute.Out, compute.Json])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var isTrace = parsed.GetValue(trace.Trace) is not null;
        if ((isTrace ? queue.All : trace.All).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } stray)
        {
            throw UserError.Request(
                Name, $"{stray.Name} {(isTrace ? "with" : "without")} --trace FILE", $"{stray.Name} {(isTrace ? "without" : "with")} it");
        }

        var common = new SimulateCommon(
            parsed.GetValue(predictions), Numbers("--c", parsed.GetValue(c) ?? "0.8", value => value is >= 0 and <= 1, "from 0 to 1"),
            parsed.GetValue(c) is not null, parsed.GetValue(compute.Seed) ?? 1, compute.ReadThreads(parsed));
        var json = parsed.GetValue(compute.Json);
        var report = isTrace
            ? SimulateTrace.Run(trace, parsed, common, host, json)
            : SimulateQueues.Run(queue, parsed, common, host, json);
        host.Output.Write(json ? report.Json + Environment.NewLine : report.Table);
        if (parsed.GetValue(compute.Out) is { } folder)
        {
            report.Write(folder);
            if (!json)
            {
                host.Output.WriteLine($"Written to {folder}: table.txt, simulate.json and {report.Figures.Count} figures.");
            }
        }

        return 0;
    }

    /// <summary>Numbers separated by commas, each once.</summary>
    internal static double[] Numbers(string option, string list, Predicate<double> allows, string expected)
    {
        var numbers = list.Split(',', StringSplitOptions.TrimEntries).Select(word =>
            double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && allows(number)
                ? number
                : throw UserError.Request(option, $"is '{word}'", $"a number {expected}, or several separated by commas")).ToArray();
        return numbers.Distinct().Count() == numbers.Length
            ? numbers
            : throw UserError.Request(option, $"is '{list}'", "each number once");
    }
}

/// <summary>What both kinds of simulation are given.</summary>
internal sealed record SimulateCommon(string? Predictions, double[] C, bool IsCGiven, ulong Seed, int Threads)
{
    /// <summary>Says which options do nothing here; scripts that always give them all need not fail.</summary>
    public static void Warn(CliHost host, IEnumerable<string> notes)
    {
        foreach (var note in notes)
        {
            host.Error.WriteLine($"retort: simulate: {note}");
        }
    }
}
