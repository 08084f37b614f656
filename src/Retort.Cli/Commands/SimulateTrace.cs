using System.CommandLine;
using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;
using Retort.Recipes.Simulation;

namespace Retort.Cli.Commands;

/// <summary>Options of a simulation of recorded lengths.</summary>
internal sealed class SimulateTraceOptions
{
    public Option<string?> Trace { get; } = new("--trace")
    {
        HelpName = "FILE",
        Description = "Serve recorded lengths: " + LengthTrace.Expected + ".",
    };

    public Option<string?> Load { get; } = new("--load")
    {
        HelpName = "X,Y",
        Description = "Requests a second as a share of what fcfs completes with work always waiting. Several give tables. [default: 0.95]",
    };

    public Option<double?> Rate { get; } = NumberOption.Double("--rate", 1e-6, 1e6, "Requests a second, in the place of --load.");

    public Option<string?> Policies { get; } = new("--policies")
    {
        HelpName = "A,B",
        Description = "Compared, the first as baseline: fcfs, sjf, sprpt, l-sprpt, rp-sprpt, trail, srpt, trail+. [default: fcfs,sjf,trail,srpt]",
    };

    public Option<double?> Refined { get; } = NumberOption.Double(
        "--refined", 0, 3, "Error of lengths read from hidden states (trail, rp-sprpt): the rest times exp(X Z), Z correlated 0.95 "
        + "from token to token. [default: 0.3]");

    public Option<double?> Margin { get; } = NumberOption.Double(
        "--margin", 0, 1e6, "Tokens by which a rank must be better to displace another. [default: 0]");

    public Option<string?> Arrivals { get; } = new("--arrivals")
    {
        HelpName = "KIND",
        Description = "poisson (requests drawn from the trace) or recorded (the trace's own, scaled to the load). "
            + "[default: recorded where the trace has them]",
    };

    public Option<int?> Places { get; } = NumberOption.Whole("--places", 1, 4096, "Sequences in one step. [default: 8]");

    public Option<int?> PrefillTokens { get; } = NumberOption.Whole(
        "--prefill-tokens", 1, 1 << 20, "Prompt tokens a step may hold beside the decode rows. [default: 512]");

    public Option<int?> KvTokens { get; } = NumberOption.Whole(
        "--kv-tokens", 16, 1 << 24, "Tokens whose keys fit the cache, in pages of 16. [default: no limit]");

    public Option<string?> Mode { get; } = new("--kv-mode")
    {
        HelpName = "MODE",
        Description = "Keys of a preempted request: resident (kept while there is room), discard (computed again), "
            + "swap (moved to the host). [default: resident]",
    };

    public Option<int?> HostKvTokens { get; } = NumberOption.Whole(
        "--host-kv-tokens", 16, 1 << 24, "Tokens that fit the host's pool, for swap. [default: 1048576]");

    public Option<double?> StepMs { get; } = NumberOption.Double("--step-ms", 0, 1e6,
        "Cost of a step, in milliseconds. [default: 12]");

    public Option<double?> RowMs { get; } = NumberOption.Double("--row-ms", 0, 1e6,
        "More for each row that decodes. [default: 0.2]");

    public Option<double?> PrefillMs { get; } = NumberOption.Double("--prefill-ms", 0, 1e6,
        "More for each prompt token. [default: 0.02]");

    public Option<double?> SwapMs { get; } = NumberOption.Double("--swap-ms", 0, 1e6,
        "More for each page moved to or from the host. [default: 0.05]");

    public Option<int?> Requests { get; } = NumberOption.Whole("--requests", 100, 10_000_000,
        "Requests of a run with poisson arrivals. [default: 6000]");

    public Option<int?> Seeds { get; } = NumberOption.Whole("--seeds", 2, 1000,
        "Runs of each policy, from which the intervals are. [default: 5]");

    public IReadOnlyList<Option> All =>
    [
        Trace, Load, Rate, Policies, Refined, Margin, Arrivals, Places, PrefillTokens, KvTokens, Mode, HostKvTokens, StepMs, RowMs, PrefillMs,
        SwapMs, Requests, Seeds,
    ];
}

/// <summary>What policies would do on a trace.</summary>
internal static class SimulateTrace
{
    private static readonly string[] Kinds = ["poisson", "recorded"], Modes = ["resident", "discard", "swap"];

    public static SimulateReport Run(SimulateTraceOptions options, ParseResult parsed, SimulateCommon common, CliHost host, bool json)
    {
        var settings = Read(options, parsed, common);
        if (parsed.GetValue(options.Load) is not null && settings.RequestsPerSecond > 0)
        {
            throw UserError.Request("simulate", "--load and --rate together", "one of them");
        }

        var loads = SimulateCommand.Numbers(
            "--load", parsed.GetValue(options.Load) ?? "0.95", value => value is > 0 and <= 100, "above 0, at most 100");
        SimulateCommon.Warn(host, NotUsed(options, parsed, common, settings.Policies));
        var progress = host.CreateProgress(json) ?? (IProgressReporter)SilentProgress.Instance;
        using var phase = progress.Begin("simulate the trace", loads.Length, "loads");
        var outcomes = new List<(double Load, TraceOutcome Outcome)>();
        foreach (var load in loads)
        {
            var outcome = TraceStudy.Run(settings with { Load = load }, common.Threads, host.Cancellation);
            outcomes.Add((settings.RequestsPerSecond > 0 ? outcome.RequestsPerSecond / outcome.SaturatedPerSecond : load, outcome));
            phase.Report(outcomes.Count);
        }

        var inputs = Inputs(settings, parsed.GetValue(options.Trace)!, common);
        return new(
            SimulateReport.ToJson(new { Inputs = inputs, Outcomes = outcomes.Select(load => Row(load.Load, load.Outcome)) }),
            string.Join(Environment.NewLine, outcomes.Select(load => Table(settings, load.Load, load.Outcome))),
            SimulationFigures.OfTrace(outcomes));
    }

    private static TraceStudySettings Read(SimulateTraceOptions options, ParseResult parsed, SimulateCommon common)
    {
        var path = parsed.GetValue(options.Trace)!;
        var trace = LengthTrace.Read(path);
        var mode = Choice("--kv-mode", parsed.GetValue(options.Mode) ?? "resident", Modes);
        var engine = new VirtualEngineSettings
        {
            Policy = new SchedulerPolicy(),
            Places = parsed.GetValue(options.Places) ?? 8,
            PrefillTokens = parsed.GetValue(options.PrefillTokens) ?? 512,
            KvTokens = parsed.GetValue(options.KvTokens) ?? 0,
            HostKvTokens = mode == 2 ? parsed.GetValue(options.HostKvTokens) ?? 1 << 20 : 0,
            Cost = new(
                (parsed.GetValue(options.StepMs) ?? 12) / 1000, (parsed.GetValue(options.RowMs) ?? 0.2) / 1000,
                (parsed.GetValue(options.PrefillMs) ?? 0.02) / 1000, (parsed.GetValue(options.SwapMs) ?? 0.05) / 1000),
        };
        if (mode != 2 && (parsed.GetValue(options.HostKvTokens) is not null || parsed.GetValue(options.SwapMs) is not null))
        {
            throw UserError.Request("simulate", "--host-kv-tokens or --swap-ms without swapping", "them with --kv-mode swap only");
        }

        if (engine.Cost.Fixed + engine.Cost.DecodeRow <= 0)
        {
            throw UserError.Request("simulate", "a decode step costs nothing", "--step-ms or --row-ms above 0");
        }

        Check(trace, path, engine.KvTokens);
        var hasArrivals = trace[0].ArrivalSeconds is not null;
        var recorded = Choice("--arrivals", parsed.GetValue(options.Arrivals) ?? (hasArrivals ? "recorded" : "poisson"), Kinds) == 1;
        if (recorded && !(hasArrivals && trace.Count > 1 && trace[^1].ArrivalSeconds > trace[0].ArrivalSeconds))
        {
            throw UserError.Request("--arrivals", $"is 'recorded', and {path} spans no time", "a trace with arrival_seconds, or poisson");
        }

        if (recorded && parsed.GetValue(options.Requests) is not null)
        {
            throw UserError.Request("simulate", "--requests with recorded arrivals", "--arrivals poisson, or the trace's own requests");
        }

        return new TraceStudySettings
        {
            Trace = trace,
            Policies = Policies(parsed.GetValue(options.Policies) ?? "fcfs,sjf,trail,srpt", common.C, parsed.GetValue(options.Margin) ?? 0),
            Engine = engine,
            KvMode = (KvMode)mode,
            RequestsPerSecond = parsed.GetValue(options.Rate) ?? 0,
            Predictions = Predictions(common.Predictions, trace, path),
            Refined = new(parsed.GetValue(options.Refined) ?? 0.3, 0.95, 0),
            RecordedArrivals = recorded,
            Requests = parsed.GetValue(options.Requests) ?? 6000,
            Seeds = parsed.GetValue(options.Seeds) ?? 5,
            Seed = common.Seed,
        };
    }

    private static void Check(IReadOnlyList<TracedRequest> trace, string path, int kvTokens)
    {
        for (var i = 0; i < trace.Count; i++)
        {
            var (output, prompt) = (trace[i].OutputTokens, trace[i].PromptTokens ?? TraceStudy.DefaultPromptTokens);
            if (output != Math.Floor(output))
            {
                throw UserError.Request(path, FormattableString.Invariant($"request {i + 1} has {output} output_tokens"), "whole numbers of tokens");
            }

            if (i > 0 && trace[i].ArrivalSeconds < trace[i - 1].ArrivalSeconds)
            {
                throw UserError.Request(path, $"request {i + 1} arrives before request {i}", "arrival_seconds in ascending order");
            }

            if (output + prompt > (kvTokens == 0 ? 1 << 24 : kvTokens / 16 * 16))
            {
                throw UserError.Request(
                    path, FormattableString.Invariant($"request {i + 1} has {output + prompt} tokens with its prompt"),
                    kvTokens == 0 ? $"at most {1 << 24}" : $"at most the {kvTokens / 16 * 16} of --kv-tokens");
            }
        }
    }

    private static PredictionModel? Predictions(string? text, IReadOnlyList<TracedRequest> trace, string path)
    {
        var hasOwn = trace[0].PredictedTokens is not null;
        if (text == "trace" && !hasOwn)
        {
            throw UserError.Request("--predictions", $"is 'trace', and {path} has no field 'predicted'", "perfect, exp or lognormal:s");
        }

        return text == "trace" || (text is null && hasOwn) ? null : PredictionModel.Parse(text ?? "lognormal:0.6", "--predictions");
    }

    /// <summary>Limited policies once for every C.</summary>
    private static List<NamedScheduler> Policies(string list, double[] c, double margin)
    {
        var (policies, names) = (new List<NamedScheduler>(), new HashSet<string>());
        foreach (var name in list.Split(',', StringSplitOptions.TrimEntries))
        {
            var first = NamedScheduler.Get(name, c[0], margin, "--policies");
            var isLimited = NamedScheduler.Get(name, 0).Policy.Preemption != NamedScheduler.Get(name, 1).Policy.Preemption;
            if (name == "priority" || !names.Add(name))
            {
                var fault = name == "priority" ? ", and a trace has no priorities" : " twice";
                throw UserError.Request("--policies", $"has '{name}'{fault}", "each policy once, without priority");
            }

            policies.AddRange(isLimited && c.Length > 1
                ? c.Select(value => NamedScheduler.Get(name, value, margin) with { Name = FormattableString.Invariant($"{name} {value}") })
                : [first]);
        }

        return policies;
    }

    private static IEnumerable<string> NotUsed(
        SimulateTraceOptions options, ParseResult parsed, SimulateCommon common, IReadOnlyList<NamedScheduler> policies)
    {
        var names = string.Join(", ", policies.Select(policy => policy.Name));
        foreach (var (option, isGiven, isHeardBy) in ((string, bool, Predicate<NamedScheduler>)[])
        [
            ("--c", common.IsCGiven, one => Displaces(one) && one.Policy.Preemption != PreemptionRule.Always),
            ("--predictions", common.Predictions is not null, one => one.Lengths is LengthSource.Prompt or LengthSource.HiddenStates),
            ("--refined", parsed.GetValue(options.Refined) is not null, one => one.Lengths == LengthSource.HiddenStates),
            ("--margin", parsed.GetValue(options.Margin) is not null, Displaces),
        ])
        {
            if (isGiven && !policies.Any(policy => isHeardBy(policy)))
            {
                yield return $"{option} changes nothing under {names}";
            }
        }

        static bool Displaces(NamedScheduler one) => one.Policy.Preemption != PreemptionRule.Never;
    }

    private static int Choice(string option, string word, string[] choices) => Array.IndexOf(choices, word) is >= 0 and var at
        ? at
        : throw UserError.Request(option, $"is '{word}'", "one of " + string.Join(", ", choices), NearestName.Of(word, choices));

    private static object Inputs(TraceStudySettings settings, string path, SimulateCommon common) => new
    {
        Trace = path,
        TracedRequests = settings.Trace.Count,
        MeanOutputTokens = settings.Trace.Average(row => row.OutputTokens),
        Policies = settings.Policies.Select(policy => policy.Name),
        common.C,
        Predictions = settings.Predictions?.ToString() ?? "trace",
        Refined = settings.Refined.Sigma,
        Margin = settings.Policies.Max(policy => policy.Policy.Margin),
        Arrivals = Kinds[settings.RecordedArrivals ? 1 : 0],
        settings.Engine.Places,
        settings.Engine.PrefillTokens,
        KvTokens = settings.Engine.KvTokens == 0 ? (int?)null : settings.Engine.KvTokens,
        KvMode = Modes[(int)settings.KvMode],
        StepMs = Milliseconds(settings.Engine.Cost.Fixed),
        RowMs = Milliseconds(settings.Engine.Cost.DecodeRow),
        PrefillMs = Milliseconds(settings.Engine.Cost.PrefillToken),
        SwapMs = Milliseconds(settings.Engine.Cost.SwapPage),
        Requests = settings.RecordedArrivals ? settings.Trace.Count : settings.Requests,
        settings.Seeds,
        settings.Seed,
    };

    private static double Milliseconds(double seconds) => Math.Round(1000 * seconds, 9);

    private static object Row(double load, TraceOutcome outcome) => new
    {
        Load = load,
        outcome.SaturatedPerSecond,
        ArrivalsPerSecond = outcome.RequestsPerSecond,
        outcome.Kappa,
        outcome.Policies,
    };

    private static string Table(TraceStudySettings settings, double load, TraceOutcome outcome)
    {
        var baseline = settings.Policies[0].Name;
        var head = FormattableString.Invariant(
            $"load {load:0.###}: {outcome.RequestsPerSecond:0.###} requests/s of {outcome.SaturatedPerSecond:0.###} saturated; ")
            + FormattableString.Invariant($"{settings.Engine.Places} places, kappa {outcome.Kappa:0.###}");
        var rows = new List<string[]> { new[] { "", "TTFT mean", "p99", "E2E mean", "p99", "TTFT gain", "E2E gain", "preempt", "recomp" } };
        rows.AddRange(outcome.Policies.Select(policy => new[]
        {
            policy.Policy, Seconds(policy.TimeToFirstToken.Mean), Seconds(policy.TimeToFirstToken.P99),
            Seconds(policy.EndToEnd.Mean), Seconds(policy.EndToEnd.P99),
            policy.Policy == baseline ? "1" : Gain(policy.FirstTokenGain), policy.Policy == baseline ? "1" : Gain(policy.EndToEndGain),
            policy.PreemptionsPerRequest.ToString("0.00", CultureInfo.InvariantCulture),
            policy.RecomputedPerRequest.ToString("0.0", CultureInfo.InvariantCulture),
        }));
        var foot = string.Join(Environment.NewLine, TextTable.Wrap(
            $"Seconds, mean of {settings.Seeds} seeds. Gain: {baseline}'s mean over this policy's, paired by seed, +- half of a 95 % interval. "
            + "Preempt: places or pages lost per request; recomp: tokens fed again per request.", 78));
        return head + Environment.NewLine + Environment.NewLine + SimulateReport.Columns(rows) + Environment.NewLine + foot + Environment.NewLine;
    }

    private static string Seconds(double value) => SimulateReport.Significant(value, 3);

    private static string Gain(Interval gain) => $"{SimulateReport.Significant(gain.Value, 3)}+-{SimulateReport.Significant(gain.Width / 2, 2)}";
}
