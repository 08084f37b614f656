using System.CommandLine;
using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Queueing;
using Retort.Recipes.Simulation;

namespace Retort.Cli.Commands;

/// <summary>Options of queues of theory.</summary>
internal sealed class SimulateQueueOptions
{
    public Option<string?> Lambda { get; } = new("--lambda")
    {
        HelpName = "X,Y",
        Description = "Load of a server, above 0 and below 1: arrivals in a mean size. Several give rows. [default: 0.8]",
    };

    public Option<string?> Policy { get; } = new("--policy")
    {
        HelpName = "NAME",
        Description = "fcfs, ps, sjf (predicted, no preemption), srpt (knows sizes), sprpt (predicted), trail (sprpt limited by --c). "
            + "[default: trail]",
    };

    public Option<string?> Sizes { get; } = new("--sizes")
    {
        HelpName = "LAW",
        Description = "exp, erlang:k, hyperexp:p,m1,m2, weibull:k, lognormal:s or trace:FILE (" + LengthTrace.Expected
            + "); scaled to mean 1. [default: exp]",
    };

    public Option<int?> Servers { get; } = NumberOption.Whole("--servers", 1, 1024, "Jobs served at once. [default: 1]");

    public Option<long?> Jobs { get; } = new("--jobs")
    {
        HelpName = "N",
        Description = "Jobs measured, after a warm-up. [default: until the standard error is at most 0.3 % of the mean response]",
        CustomParser = result =>
        {
            var word = result.Tokens[^1].Value;
            if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var jobs)
                && jobs is >= QueueExperiment.LeastJobs and <= MostJobs)
            {
                return jobs;
            }

            result.AddError(FormattableString.Invariant($"--jobs is '{word}'; expected a whole number in {QueueExperiment.LeastJobs}..{MostJobs}"));
            return null;
        },
    };

    public IReadOnlyList<Option> All => [Lambda, Policy, Sizes, Servers, Jobs];

    private const long MostJobs = 1_000_000_000_000;
}

/// <summary>Queues of theory: closed form and simulation side by side.</summary>
internal static class SimulateQueues
{
    private const int Width = 80;

    public static SimulateReport Run(SimulateQueueOptions options, ParseResult parsed, SimulateCommon common, CliHost host, bool json)
    {
        var policy = QueuePolicy.Get(parsed.GetValue(options.Policy) ?? "trail");
        var law = parsed.GetValue(options.Sizes) ?? "exp";
        var settings = new QueueSettings
        {
            Policy = policy.Name,
            Sizes = law.StartsWith("trace:", StringComparison.Ordinal)
                ? SizeDistribution.Empirical([.. LengthTrace.Read(law["trace:".Length..]).Select(row => row.OutputTokens)])
                : SizeDistribution.Parse(law, "--sizes (a law or trace:FILE)"),
            Predictions = PredictionModel.Parse(common.Predictions ?? "perfect", "--predictions"),
            Servers = parsed.GetValue(options.Servers) ?? 1,
            Jobs = parsed.GetValue(options.Jobs) ?? 0,
            Seed = common.Seed,
        };
        var loads = SimulateCommand.Numbers(
            "--lambda", parsed.GetValue(options.Lambda) ?? "0.8", value => value is > 0 and < 1, "above 0 and below 1");
        var notes = NotUsed(policy, common).ToArray();
        SimulateCommon.Warn(host, notes);
        var progress = host.CreateProgress(json);
        var queues = (from lambda in loads from c in policy.UsesC ? common.C : common.C[..1] select settings with { Lambda = lambda, C = c })
            .Select(queue => QueueComparison.Of(queue, common.Threads, progress, host.Cancellation)).ToArray();
        var rows = queues.Select(queue => Row(queue, law, notes)).ToArray();
        return new(
            rows.Length == 1 ? SimulateReport.ToJson(rows[0]) : SimulateReport.ToJson(new { rows }),
            Table(queues, law, notes), SimulationFigures.OfQueues(queues));
    }

    private static IEnumerable<string> NotUsed(QueuePolicy policy, SimulateCommon common)
    {
        if (common.Predictions is not (null or "perfect") && !policy.IsTold)
        {
            yield return $"{policy.Name} is given no predictions: --predictions changes nothing";
        }

        if (!policy.UsesC && common.IsCGiven)
        {
            yield return $"{policy.Name} has no C: --c changes nothing";
        }
    }

    private static object Row(QueueComparison queue, string law, string[] notes)
    {
        var (settings, formula, simulation) = (queue.Settings, queue.Formula, queue.Simulation);
        return new
        {
            settings.Lambda,
            settings.Policy,
            Sizes = law,
            Predictions = settings.Predictions.ToString(),
            settings.C,
            settings.Servers,
            Jobs = settings.Jobs == 0 ? (long?)null : settings.Jobs,
            settings.Seed,
            Formula = new { formula.MeanResponse, formula.MeanKv, formula.PreemptionsPerJob, Reason = formula.Unknown },
            Simulation = new
            {
                MeanResponse = simulation.MeanResponse.Mean,
                MeanKv = simulation.MeanKv.Mean,
                PreemptionsPerJob = simulation.PreemptionsPerJob.Mean,
                simulation.MeanResponse.StandardError,
                StandardErrors = new
                {
                    MeanResponse = simulation.MeanResponse.StandardError,
                    MeanKv = simulation.MeanKv.StandardError,
                    PreemptionsPerJob = simulation.PreemptionsPerJob.StandardError,
                },
                simulation.Jobs,
                simulation.WarmUpJobs,
                simulation.Replications,
            },
            Notes = (string[])[.. notes, .. simulation.Notes],
        };
    }

    private static string Table(QueueComparison[] queues, string law, string[] notes)
    {
        var (one, rows) = (queues[0].Settings, new List<string[]> { new[] { "lambda", "C", "", "formula", "simulation", "+-", "apart" } });
        foreach (var queue in queues)
        {
            var c = QueuePolicy.Get(one.Policy).UsesC ? $"{queue.Settings.C}" : "-";
            rows.Add(Line($"{queue.Settings.Lambda}", c, "mean response", queue.Formula.MeanResponse, queue.Simulation.MeanResponse));
            rows.Add(Line("", "", "mean KV in use", queue.Formula.MeanKv, queue.Simulation.MeanKv));
            rows.Add(Line("", "", "preemptions per job", queue.Formula.PreemptionsPerJob, queue.Simulation.PreemptionsPerJob));
        }

        var (head, foot) = (new StringWriter(), new StringWriter());
        var servers = one.Servers == 1 ? "1 server" : $"{one.Servers} servers";
        var jobs = queues.Sum(queue => queue.Simulation.Jobs).ToString("N0", CultureInfo.InvariantCulture);
        TextTable.Write(head, Width,
            [[$"{one.Policy}, sizes {law}, predictions {one.Predictions}, {servers}, seed {one.Seed}; times in mean sizes"]]);
        TextTable.Write(foot, Width,
        [
            [$"{jobs} jobs, {QueueExperiment.Replications} replications of each row. +-: standard error; apart: in standard errors."],
            .. notes.Concat(queues.SelectMany(queue => queue.Simulation.Notes.Append(queue.Formula.Unknown).OfType<string>())).Distinct()
                .Select(note => (string[])[$"note: {note}"]),
        ]);
        return $"{head}{Environment.NewLine}{SimulateReport.Columns(rows)}{Environment.NewLine}{foot}";
    }

    private static string[] Line(string lambda, string c, string what, double? formula, Estimate simulation)
    {
        // As many places as the standard error deserves, and one more.
        var places = simulation.StandardError > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(simulation.StandardError)), 0, 9) : 4;
        string Text(double value) => value.ToString("F" + places.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var apart = formula is { } known && simulation.StandardError > 0
            ? ((simulation.Mean - known) / simulation.StandardError).ToString("0.0;-0.0", CultureInfo.InvariantCulture)
            : "-";
        return [lambda, c, what, formula is { } value ? Text(value) : "-", Text(simulation.Mean), Text(simulation.StandardError), apart];
    }
}
