using Retort.Cli.TaskKinds;
using System.CommandLine;
using Retort.Core;
using Retort.Tasks;

namespace Retort.Cli.Commands;

/// <summary>What a table of statistics is made of.</summary>
/// <param name="Known">The task.</param>
/// <param name="IsDefault">No settings were asked for.</param>
/// <param name="Split">Which problems.</param>
/// <param name="Count">How many.</param>
/// <param name="Threads">To make them with.</param>
/// <param name="Json">JSON is wanted.</param>
internal sealed record DataStatisticsRequest(KnownTask Known, bool IsDefault, Split Split, int Count, int Threads, bool Json);

/// <summary><c>retort data TASK</c>: its problems as JSON lines, or statistics of them.</summary>
internal sealed class DataTaskCommand : Command
{
    private const int DefaultStatisticsCount = 20_000;

    private readonly CliHost host;
    private readonly TaskKind kind;
    private readonly Action<CliHost, DataStatisticsRequest> showStatistics;
    private readonly Option<int?> count = NumberOption.Whole("--n", 1, int.MaxValue, $"Problems. [default with --statistics: {DefaultStatisticsCount}]");
    private readonly Option<string?> output = new("--out") { HelpName = "FILE", Description = "The file to write, one JSON object a line." };
    private readonly Option<Split> split = new("--split") { Description = "Which problems.", DefaultValueFactory = _ => Split.Train };
    private readonly Option<string?> preset;
    private readonly Option<bool> statistics;
    private readonly ComputeOptions compute = new();

    public DataTaskCommand(CliHost host, TaskKind kind, Action<CliHost, DataStatisticsRequest> showStatistics)
        : base(kind.Name, $"Write {kind.Name} problems with their demonstrations, or show statistics of them.")
    {
        (this.host, this.kind, this.showStatistics) = (host, kind, showStatistics);
        preset = new("--preset") { HelpName = "NAME", Description = $"Settings to begin with: {string.Join(", ", kind.Presets)}. [default: {kind.Presets[0]}]" };
        statistics = new("--statistics") { Description = "Show lengths and successes of the demonstrations, beside published ones where there are any." };
        compute.Set.Description = "One of the task's settings, e.g. task.variant=direct. May be repeated.";
        foreach (Option option in (Option[])[count, output, split, preset, compute.Set, statistics, compute.Threads, compute.Json])
        {
            Options.Add(option);
        }

        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        var (overrides, presetName) = (compute.ReadOverrides(parsed), parsed.GetValue(preset));
        var known = kind.Resolve(presetName, null, overrides);
        var (threads, json, where) = (compute.ReadThreads(parsed), parsed.GetValue(compute.Json), $"data {Name}");
        if (parsed.GetValue(statistics))
        {
            showStatistics(host, new(
                known, presetName is null && overrides.Count == 0, parsed.GetValue(split), parsed.GetValue(count) ?? DefaultStatisticsCount, threads, json));
            return 0;
        }

        var path = parsed.GetValue(output) ?? throw UserError.Request(where, "--out is missing", "--out FILE, or --statistics");
        var total = parsed.GetValue(count) ?? throw UserError.Request(where, "--n is missing", "--n N, the number of problems");
        using (var phase = (host.CreateProgress(json) ?? (IProgressReporter)SilentProgress.Instance).Begin($"write {Name}", total, "problems"))
        {
            known.Export(path, parsed.GetValue(split), total, threads, done => phase.Report(done), host.Cancellation);
        }

        if (json)
        {
            host.Output.WriteLine(JsonText.Of(new { Path = path, Problems = total, Bytes = new FileInfo(path).Length }));
        }

        return 0;
    }
}
