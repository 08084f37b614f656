using Retort.Analysis;
using Retort.Recipes.Report;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class EchoChamberJudge
{
    private const ArithmeticFormat Program = ArithmeticFormat.Program, Tagged = ArithmeticFormat.Tagged, Natural = ArithmeticFormat.Natural;

    /// <summary>Judges a claim whose runs were all made.</summary>
    public static ClaimResult Judge(Claim claim, Evidence evidence)
    {
        var settings = evidence.Settings;
        string Copies(Index place) => PolicyRun.CopyName(settings.Copies[place]) + "-grpo";
        string Kl(Index place) => PolicyRun.KlRun(settings.KlCoefficients[place]);
        return claim.Id switch
        {
            "E1" => claim.Judge([WinnerAtEnd(evidence, "equal-grpo"), WinnerGain(evidence, "equal-grpo")], Beginning(evidence, "equal-grpo")),
            "E2" => claim.Judge(
                [
                    evidence.Of("equal-grpo", GainAtSwitch),
                    evidence.Of("equal-grpo", (run, chosen) => run.End.Sampled.Majority(chosen) - run.Start.Sampled.Majority(chosen)),
                    evidence.Of("equal-grpo", (run, chosen) =>
                        run.End.Sampled.Coverage(chosen) - run.Looks[run.SwitchAt + 1].Sampled.Coverage(chosen)),
                ],
                [WinnerGain(evidence, "equal-grpo").Value, evidence.Mean("equal-grpo", run => run.Start.Sampled.Coverage(run.AllProblems))]),
            "E3" => claim.Judge(
                [evidence.Of(Kl(^1), "equal-grpo", MoreLosers), evidence.Of(Kl(^1), Kl(0), MoreLosers)],
                [.. Beginning(evidence, "equal-grpo"), WinnerAtEnd(evidence, "equal-grpo").Value]),
            "E4" => claim.Judge(
                [ShareAtEnd(evidence, "normal-grpo", Program), ShareAtEnd(evidence, "failure-grpo", Program)],
                [
                    .. Beginning(evidence, "normal-grpo", "failure-grpo"),
                    Math.Min(Ahead(evidence, "normal-grpo", Program, Tagged), Ahead(evidence, "failure-grpo", Program, Tagged)),
                ]),
            "E5" => claim.Judge(
                [
                    evidence.Of("small-grpo", "large-grpo", (small, large, chosen) =>
                        small.End.Sampled.Share(small.Winner, chosen) - large.End.Sampled.Share(small.Winner, chosen)),
                    evidence.Of("large-grpo", (run, chosen) => run.End.Sampled.Share(run.MostAccurate, chosen)),
                ],
                [
                    Beginning(evidence, "small-grpo", "large-grpo")[0], Ahead(evidence, "small-grpo", Program, Natural),
                    Ahead(evidence, "large-grpo", Natural, Program),
                ]),
            "E6" => claim.Judge(
                [
                    evidence.Of(Copies(^1), Copies(0), (most, fewest, chosen) => most.Start.Greedy.Accuracy(chosen) - fewest.Start.Greedy.Accuracy(chosen)),
                    evidence.Of(Copies(^1), Copies(0), (most, fewest, chosen) => most.End.Greedy.Accuracy(chosen) - fewest.End.Greedy.Accuracy(chosen)),
                ],
                [evidence.Mean(Copies(^1), GreedyBefore)]),
            "E7" => claim.Judge(
                [
                    WinnerAtEnd(evidence, "equal-grpo"), WinnerAtEnd(evidence, "equal-ppo"),
                    evidence.Of("equal-grpo", "equal-ppo", (grpo, ppo, chosen) => LargestFall(grpo, chosen) - LargestFall(ppo, chosen)),
                ],
                Beginning(evidence, "equal-grpo")),
            "E8" => claim.Judge(
                [
                    evidence.Of("equal-ppo", "equal-expert", (ppo, expert, chosen) =>
                        ppo.End.Sampled.Share(ppo.Winner, chosen) - expert.End.Sampled.Share(ppo.Winner, chosen)),
                    evidence.Of("equal-ppo", "equal-expert", (ppo, expert, chosen) => ppo.End.Greedy.Accuracy(chosen) - expert.End.Greedy.Accuracy(chosen)),
                ],
                [.. Beginning(evidence, "equal-ppo"), evidence.Of("equal-ppo", Gain).Value]),
            "E9" => claim.Judge(
                [
                    evidence.Of("equal-easy", Gain),
                    evidence.Of("equal-easy", "natural-easy", (all, natural, chosen) => Gain(all, chosen) - Gain(natural, chosen)),
                ],
                [1 - evidence.Mean("equal-easy", GreedyBefore)]),
            _ => claim.Judge(
                [ShareAtEnd(evidence, "absent-grpo", Program), LateRollouts(evidence, "absent-grpo", Program)],
                [evidence.Of("absent-grpo", Gain).Value]),
        };
    }

    /// <summary>A format's share at the end.</summary>
    public static Interval ShareAtEnd(Evidence evidence, string run, ArithmeticFormat format) =>
        evidence.Of(run, (outcome, chosen) => outcome.End.Sampled.Share(format, chosen));

    /// <summary>The winners' share at the end.</summary>
    public static Interval WinnerAtEnd(Evidence evidence, string run) => evidence.Of(run, (outcome, chosen) => outcome.End.Sampled.Share(outcome.Winner, chosen));

    /// <summary>Greedy accuracy, after - before.</summary>
    public static double Gain(RunOutcome run, ReadOnlySpan<int> chosen) => run.End.Greedy.Accuracy(chosen) - run.Start.Greedy.Accuracy(chosen);

    /// <summary>
    /// Share of programs in the data at which a seed's runs turn from one winner to the other: where the line through the shares at the end, over the
    /// logarithm of the data's share, first crosses a half. NaN if it does not.
    /// </summary>
    public static double FlipPoint(IReadOnlyList<(double InData, double AtEnd)> runs)
    {
        for (var i = 1; i < runs.Count; i++)
        {
            var (low, high) = (runs[i - 1], runs[i]);
            if (low.AtEnd < 0.5 && high.AtEnd >= 0.5)
            {
                var part = (0.5 - low.AtEnd) / (high.AtEnd - low.AtEnd);
                return low.InData * Math.Pow(high.InData / low.InData, part);
            }
        }

        return double.NaN;
    }

    private static Interval WinnerGain(Evidence evidence, string run) => evidence.Of(run, (outcome, chosen) =>
        outcome.End.Sampled.Share(outcome.Winner, chosen) - outcome.Start.Sampled.Share(outcome.Winner, chosen));

    private static double MoreLosers(RunOutcome more, RunOutcome less, ReadOnlySpan<int> chosen) =>
        less.End.Sampled.Share(less.Winner, chosen) - more.End.Sampled.Share(more.Winner, chosen);

    private static double GreedyBefore(RunOutcome run) => run.Start.Greedy.Accuracy(run.AllProblems);

    /// <summary>Greedy accuracy before and the room above it, of the run that has less of each.</summary>
    private static double[] Beginning(Evidence evidence, params string[] runs)
    {
        double[] accuracies = [.. runs.Select(run => evidence.Mean(run, GreedyBefore))];
        return [accuracies.Min(), 1 - accuracies.Max()];
    }

    /// <summary>Accuracy of one format less another's, before. A format that is never written has none.</summary>
    private static double Ahead(Evidence evidence, string run, ArithmeticFormat format, ArithmeticFormat other) => evidence.Mean(run, outcome =>
        outcome.Start.Sampled.Within(format, outcome.AllProblems) - outcome.Start.Sampled.Within(other, outcome.AllProblems));

    private static double GainAtSwitch(RunOutcome run, ReadOnlySpan<int> chosen)
    {
        var (there, elsewhere) = (double.NaN, double.NegativeInfinity);
        for (var i = 0; i + 1 < run.Looks.Count; i++)
        {
            var gain = run.Looks[i + 1].Sampled.Accuracy(chosen) - run.Looks[i].Sampled.Accuracy(chosen);
            (there, elsewhere) = i == run.SwitchAt ? (gain, elsewhere) : (there, Math.Max(elsewhere, gain));
        }

        // With two looks there is nowhere else.
        return run.Looks.Count > 2 ? there - elsewhere : double.NaN;
    }

    private static double LargestFall(RunOutcome run, ReadOnlySpan<int> chosen)
    {
        var (best, fall) = (0.0, 0.0);
        foreach (var look in run.Looks)
        {
            var accuracy = look.Greedy.Accuracy(chosen);
            (best, fall) = (Math.Max(best, accuracy), Math.Max(fall, best - accuracy));
        }

        return fall;
    }

    /// <summary>
    /// A format's share in the last tenth of the rollouts, which have problems of their own: Wilson's interval over all their completions or, if wider,
    /// Student's t over seeds. None at all is exactly none.
    /// </summary>
    private static Interval LateRollouts(Evidence evidence, string run, ArithmeticFormat format)
    {
        (int Drawn, int All)[] seeds = [.. evidence[run].Select(outcome =>
        {
            var late = outcome.Trajectory.Steps.Skip(9 * outcome.Trajectory.Steps.Count / 10).ToArray();
            return (late.Sum(step => step.Drawn[(int)format]), late.Sum(step => step.Completions));
        })];
        var (drawn, all) = (seeds.Sum(seed => seed.Drawn), seeds.Sum(seed => seed.All));
        return drawn == 0
            ? new Interval(0, 0, 0, all)
            : SeedIntervals.WiderOfBootstrapAndT(Proportion.Wilson(drawn, all), [.. seeds.Select(seed => (double)seed.Drawn / seed.All)]);
    }
}
