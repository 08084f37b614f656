using Retort.Recipes.Report;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>Results as numbers; shares and accuracies in percent, means over seeds.</summary>
internal static class EchoChamberTables
{
    private static readonly ArithmeticFormat[] Formats = Enum.GetValues<ArithmeticFormat>();

    /// <summary>All tables the evidence can fill.</summary>
    public static IReadOnlyList<ReportTable> All(Evidence evidence, Func<BaseModel, ulong, IReadOnlyList<PretrainingLook>> pretraining)
    {
        var tables = new List<ReportTable> { Bases(evidence, pretraining), Runs(evidence) };
        tables.AddRange(evidence.Names.Where(name => evidence[name][0].Looks.Count > 2).Select(name => Looks(evidence, name)));
        if (evidence.Has("equal-grpo") && evidence.Has(PolicyRun.KlRun(evidence.Settings.KlCoefficients[^1])))
        {
            tables.Add(Divergence(evidence));
        }

        if (Flip(evidence) is { } flip)
        {
            tables.Add(flip);
        }

        tables.Add(Predictions(evidence));
        return tables;
    }

    private static ReportTable Bases(Evidence evidence, Func<BaseModel, ulong, IReadOnlyList<PretrainingLook>> pretraining) => new(
        "Bases: steps of pretraining, then test problems: greedy accuracy, pass@1 and coverage of the samples, each format's share and accuracy (percent)",
        [
            "base", "asked", "steps", "greedy", "pass@1", "samples", "coverage", .. Formats.Select(format => $"{format} share"),
            .. Formats.Select(format => $"{format} accuracy"),
        ],
        [.. evidence.Names.Select(name => evidence[name]).DistinctBy(runs => (runs[0].Run.Base.Name, runs[0].Run.TestSteps)).Select(runs =>
        {
            double Mean(Func<RunOutcome, double> of) => runs.Average(of);
            return (IReadOnlyList<Cell>)[
                runs[0].Run.Base.Name, $"{runs[0].Run.TestSteps} steps",
                Math.Round(evidence.Settings.Seeds.Average(seed => pretraining(runs[0].Run.Base, seed) is { Count: > 0 } looks ? looks[^1].Step : 0)),
                Percent(Mean(run => run.Start.Greedy.Accuracy(run.AllProblems))), Percent(Mean(run => run.Start.Sampled.Accuracy(run.AllProblems))),
                runs[0].Start.Sampled.NumSamples, Percent(Mean(run => run.Start.Sampled.Coverage(run.AllProblems))),
                .. Formats.Select(format => Percent(Mean(run => run.Start.Sampled.Share(format, run.AllProblems)))),
                .. Formats.Select(format => Percent(Mean(run => run.Start.Sampled.Within(format, run.AllProblems)))),
            ];
        })]);

    private static ReportTable Runs(Evidence evidence) => new(
        "Runs: shares of the formats in the samples after reinforcement, greedy accuracy before and after with the 95 % interval of its gain (percent)",
        [
            "run", "winners", .. Formats.Select(format => $"{format} share"), .. Formats.Select(format => $"{format} accuracy"), "entropy of shares",
            "greedy before", "after", "gain low", "gain high", "half collapsed at step",
        ],
        [.. evidence.Names.Select(name =>
        {
            var (runs, gain) = (evidence[name], evidence.Of(name, EchoChamberJudge.Gain));
            double Mean(Func<RunOutcome, double> of) => runs.Average(of);
            double[] halves = [.. runs.Select(run => (double?)run.Trajectory.HalfCollapse(run.Winner)).OfType<double>()];
            return (IReadOnlyList<Cell>)[
                name, string.Join(", ", runs.Select(run => run.Winner.ToString().ToLowerInvariant())),
                .. Formats.Select(format => Percent(Mean(run => run.End.Sampled.Share(format, run.AllProblems)))),
                .. Formats.Select(format => Percent(Mean(run => run.End.Sampled.Within(format, run.AllProblems)))),
                Math.Round(Mean(Entropy), 3),
                Percent(Mean(run => run.Start.Greedy.Accuracy(run.AllProblems))), Percent(Mean(run => run.End.Greedy.Accuracy(run.AllProblems))),
                Percent(gain.Low), Percent(gain.High), halves.Length == runs.Count ? (Cell)Math.Round(halves.Average(), 1) : "",
            ];
        })]);

    private static ReportTable Looks(Evidence evidence, string name) => new(
        $"{name}, look by look (percent)",
        ["after", "greedy", "pass@1", $"majority@{evidence[name][0].End.Sampled.NumSamples}", $"pass@{evidence[name][0].End.Sampled.NumSamples}",
            .. Formats.Select(format => $"{format} share"), .. Formats.Select(format => $"{format} share, greedy")],
        [.. Enumerable.Range(0, evidence[name][0].Looks.Count).Select(i =>
        {
            // The base has more samples than the looks of some runs: coverage is compared where their numbers are the same.
            double Mean(Func<Look, int[], double> of) => evidence.Mean(name, run => of(run.Looks[i], run.AllProblems));
            var isComparable = evidence[name][0].Looks[i].Sampled.NumSamples == evidence[name][0].End.Sampled.NumSamples;
            return (IReadOnlyList<Cell>)[
                evidence[name][0].Looks[i].Step, Percent(Mean((look, all) => look.Greedy.Accuracy(all))), Percent(Mean((look, all) => look.Sampled.Accuracy(all))),
                isComparable ? Percent(Mean((look, all) => look.Sampled.Majority(all))) : "",
                isComparable ? Percent(Mean((look, all) => look.Sampled.Coverage(all))) : "",
                .. Formats.Select(format => Percent(Mean((look, all) => look.Sampled.Share(format, all)))),
                .. Formats.Select(format => Percent(Mean((look, all) => look.Greedy.Share(format, all)))),
            ];
        })]);

    /// <summary>Log-odds between the winner without KL and each other format, against the gap of success over the coefficient.</summary>
    private static ReportTable Divergence(Evidence evidence)
    {
        var winner = evidence["equal-grpo"].GroupBy(run => run.Winner).MaxBy(group => group.Count())!.Key;
        var settings = evidence.Settings;
        return new(
            $"KL against section 6: how far the log-odds of {winner.ToString().ToLowerInvariant()} against another format moved, and gap of success / coefficient "
                + "(as reward, and over the rewards' standard deviation, which GRPO's advantages are divided by)",
            ["coefficient", "against", "moved", "gap at the end", "gap / coefficient", "gap / (coefficient x deviation)", "KL at the end, nats a token", "coefficient x KL of an answer"],
            [.. new[] { 0.0 }.Concat(settings.KlCoefficients).SelectMany(kl => Formats.Where(format => format != winner).Select(other =>
            {
                var name = kl == 0 ? "equal-grpo" : PolicyRun.KlRun(kl);
                double Mean(Func<RunOutcome, double> of) => evidence.Mean(name, of);
                double Odds(RunOutcome run, Look look) => Math.Log(look.Sampled.Share(winner, run.AllProblems) / look.Sampled.Share(other, run.AllProblems));
                double Last(RunOutcome run, Func<TrajectoryStep, double> of) => run.Trajectory.Steps.TakeLast(10).Average(of);
                var gap = Mean(run => run.End.Sampled.Within(winner, run.AllProblems) - run.End.Sampled.Within(other, run.AllProblems));
                return (IReadOnlyList<Cell>)[
                    kl, other.ToString().ToLowerInvariant(), Round(Mean(run => Odds(run, run.End) - Odds(run, run.Start))), Round(gap),
                    kl == 0 ? "" : Round(gap / kl), kl == 0 ? "" : Round(gap / (kl * Mean(run => Last(run, step => step.SpreadReward)))),
                    kl == 0 ? "" : Round(Mean(run => Last(run, step => step.Kl))), kl == 0 ? "" : Round(kl * Mean(run => Last(run, step => step.Kl * step.Length))),
                ];
            }))]);
    }

    private static ReportTable? Flip(Evidence evidence)
    {
        var scan = PolicyRun.Scan(evidence.Settings).Where(point => evidence.Has(point.Run)).ToArray();
        if (scan.Length < 3)
        {
            return null;
        }

        var flip = evidence.Of((seed, chosen) =>
        {
            var points = new (double, double)[scan.Length];
            for (var i = 0; i < scan.Length; i++)
            {
                points[i] = (scan[i].Share, evidence[scan[i].Run][seed].End.Sampled.Share(ArithmeticFormat.Program, chosen));
            }

            return EchoChamberJudge.FlipPoint(points);
        });
        return new(
            "Where the winner flips: programs' share in the data, in the base's samples and after RL; the flip is where the last, over the logarithm of the first, crosses a half",
            ["programs in the data %", "before %", "after %", "by seed %", "flip %", "low", "high"],
            [.. scan.Select((point, i) => (IReadOnlyList<Cell>)[
                Percent(point.Share), Percent(evidence.Mean(point.Run, run => run.Start.Sampled.Share(ArithmeticFormat.Program, run.AllProblems))),
                Percent(evidence.Mean(point.Run, run => run.End.Sampled.Share(ArithmeticFormat.Program, run.AllProblems))),
                string.Join(", ", evidence[point.Run].Select(run => FormattableString.Invariant($"{100 * run.End.Sampled.Share(ArithmeticFormat.Program, run.AllProblems):0.0}"))),
                i == 0 ? Percent(flip.Value) : "", i == 0 ? Percent(flip.Low) : "", i == 0 ? Percent(flip.High) : "",
            ])]);
    }

    private static ReportTable Predictions(Evidence evidence) => new(
        "Share dynamics of section 6, one speed fitted to each run: root mean square error of the shares (points) with each rollout's success, and with the base's for ever",
        ["run", "speed", "error", "speed, fixed success", "error, fixed success"],
        [.. evidence.Names.Where(name => evidence[name].All(run => Dynamics.Of(run, false) is not null)).Select(name =>
        {
            var (moving, still) = (evidence[name].Select(run => Dynamics.Of(run, false)!).ToArray(), evidence[name].Select(run => Dynamics.Of(run, true)!).ToArray());
            return (IReadOnlyList<Cell>)[
                name, Round(moving.Average(one => one.Speed)), Percent(moving.Average(one => one.Error)), Round(still.Average(one => one.Speed)),
                Percent(still.Average(one => one.Error)),
            ];
        })]);

    private static double Entropy(RunOutcome run) => -Formats.Select(format => run.End.Sampled.Share(format, run.AllProblems))
        .Where(share => share > 0).Sum(share => share * Math.Log(share));

    private static Cell Percent(double share) => double.IsFinite(share) ? Math.Round(100 * share, 1) : "";

    private static Cell Round(double value) => double.IsFinite(value) ? Math.Round(value, 3) : "";
}
