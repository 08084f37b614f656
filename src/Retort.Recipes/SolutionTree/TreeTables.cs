using Retort.Analysis;
using Retort.Recipes.Report;

namespace Retort.Recipes.SolutionTree;

/// <summary>Results as numbers, shares in percent.</summary>
internal static class TreeTables
{
    /// <summary>Classes of pairs by how often pretraining shows them.</summary>
    private static readonly (string Name, int Low, int High)[] SeenClasses =
        [("never", 0, 0), ("1 to 9 times", 1, 9), ("10 to 99 times", 10, 99), ("100 times or more", 100, int.MaxValue)];

    /// <summary>All tables the evidence can fill.</summary>
    public static IReadOnlyList<ReportTable> All(TreeEvidence evidence)
    {
        var detailed = evidence.All.Where(seeds => !seeds[0].Condition.IsSide).ToArray();
        var tables = new List<ReportTable> { Worlds(evidence), Conditions(evidence), NewlySolved(evidence) };
        tables.AddRange(detailed.Select(Temperatures));
        tables.AddRange(detailed.Select(seeds => GainsByPrecision(evidence, seeds, evidence.Settings.Evaluation.Middle)));
        tables.Add(PlanAndExecution(evidence));
        tables.AddRange(detailed.Select(Pairs));
        tables.Add(Knowledge(evidence));
        if (evidence.Controls.Count > 0)
        {
            tables.Add(Controls(evidence));
        }

        return tables;
    }

    private static ReportTable Worlds(TreeEvidence evidence) => new(
        "Worlds: what pretraining shows and what its model then does on the test problems (percent)",
        [
            "world", "seed", "pairs never seen", "below 100 times", "problems with all pairs seen", "10 times", "100 times", "one pair unseen",
            "pass@1 at the lowest T", "best coverage", "pairs known",
        ],
        [.. evidence.Worlds.Select(before =>
        {
            var seen = before.Seen;
            return (IReadOnlyList<Cell>)[
                before.World.Label, (double)before.Seed, Percent(seen.ShareSeenBelow(1)), Percent(seen.ShareSeenBelow(100)), Percent(before.AllSeen),
                Percent(seen.ShareOfProblems(before.TestItems, 10)), Percent(seen.ShareOfProblems(before.TestItems, 100)),
                Percent(before.TestItems.Count(item => seen.Unseen(item) == 1) / (double)before.TestItems.Length),
                Percent(before.LowPass), Percent(before.Coverage),
                Percent(before.Known.NumKnown / (double)before.Known.NumPairs)];
        })]);

    private static ReportTable Conditions(TreeEvidence evidence) => new(
        "Conditions, test problems: pass@1 and coverage before and after RL at their best temperatures, gained coverage with its 95 % "
            + "interval (percent; seeds' means)",
        [
            "condition", "seeds", "RL problems", "steps", "visits of each", "sizing formula", "all pairs seen", "pass@1 before", "after",
            "coverage before", "after", "gained", "low", "high", "of what was missing", "more than 2 right, before", "after", "RL problems, pass@1 before", "after",
        ],
        [.. evidence.All.Select(seeds =>
        {
            var (condition, gain) = (seeds[0].Condition, evidence.OverTest(seeds, TreeJudge.CoverageGain));
            double Mean(Func<TreeRun, double> of) => seeds.Average(of);
            double Test(Func<TreeRun, TreeOutcome> which, Func<TreeOutcome, IReadOnlyList<double>, int[], double> of) =>
                Mean(run => of(which(run), run.Test.Temperatures, TreeEvidence.Every(which(run).NumProblems)));
            return (IReadOnlyList<Cell>)[
                condition.Label, seeds.Count, condition.Problems == 0 ? "fresh" : (Cell)condition.Problems, condition.Rl.Steps,
                condition.Problems == 0 ? 1 : Round(condition.Rl.Steps * condition.Rl.PromptsPerStep / (double)condition.Problems), Round(Mean(run => run.ExpectedChances)),
                Percent(Mean(run => run.Before.AllSeen)),
                Percent(Test(run => run.Before.Test, (o, t, all) => TreeStatistics.BestPassAt1(o, t, all))),
                Percent(Test(run => run.Test, (o, t, all) => TreeStatistics.BestPassAt1(o, t, all))),
                Percent(Test(run => run.Before.Test, (o, t, all) => TreeStatistics.BestCoverage(o, t, all))),
                Percent(Test(run => run.Test, (o, t, all) => TreeStatistics.BestCoverage(o, t, all))),
                Percent(gain.Value), Percent(gain.Low), Percent(gain.High), Percent(Mean(run => TreeJudge.Opened(run, TreeEvidence.EveryTest(run)))),
                Percent(Test(run => run.Before.Test, (o, t, all) => TreeStatistics.BestCoverage(o, t, all, 2))),
                Percent(Test(run => run.Test, (o, t, all) => TreeStatistics.BestCoverage(o, t, all, 2))),
                Percent(Test(run => run.RlBefore, (o, t, all) => TreeStatistics.BestPassAt1(o, t, all))),
                Percent(Test(run => run.Rl, (o, t, all) => TreeStatistics.BestPassAt1(o, t, all)))];
        })]);

    private static ReportTable NewlySolved(TreeEvidence evidence) => new(
        "Test problems solved at no temperature before: newly solved after RL, and by sampling the model before again; lost: the opposite "
            + "(problems, seeds' means)",
        ["condition", "test problems", "never solved", "newly solved", "by chance", "lost", "by chance", "newly beyond chance %", "low", "high"],
        [.. evidence.All.Select(seeds =>
        {
            var beyond = evidence.OverTest(seeds, TreeJudge.NewlySolvedBeyondChance);
            double Count(Func<TreeRun, TreeOutcome> first, Func<TreeRun, TreeOutcome> second) => Round(seeds.Average(run =>
                run.Test.NumProblems * TreeStatistics.NewlySolved(first(run), second(run), run.Test.Temperatures, TreeEvidence.EveryTest(run))));
            return (IReadOnlyList<Cell>)[
                seeds[0].Condition.Label, seeds[0].Test.NumProblems,
                Round(seeds.Average(run => TreeEvidence.EveryTest(run).Count(i => !run.Before.Test.IsSolved(i, run.Test.Temperatures)))),
                Count(run => run.Before.Test, run => run.Test), Count(run => run.Before.Test, run => run.Before.TestAgain!),
                Count(run => run.Test, run => run.Before.Test), Count(run => run.Before.TestAgain!, run => run.Before.Test),
                Percent(beyond.Value), Percent(beyond.Low), Percent(beyond.High)];
        })]);

    private static ReportTable Temperatures(IReadOnlyList<TreeRun> seeds) => new(
        $"{seeds[0].Condition.Label}: pass@1 and coverage by temperature (percent; seeds' means)",
        [
            "T", "pass@1 before", "after", "coverage before", "after", "RL problems: pass@1 before", "after", "coverage before", "after",
        ],
        [.. seeds[0].Test.Temperatures.Select(t => (IReadOnlyList<Cell>)[
            t, Mean(seeds, run => run.Before.Test.Precision(t)), Mean(seeds, run => run.Test.Precision(t)),
            Mean(seeds, run => run.Before.Test.Solved(t)), Mean(seeds, run => run.Test.Solved(t)),
            Mean(seeds, run => run.RlBefore.Precision(t)), Mean(seeds, run => run.Rl.Precision(t)),
            Mean(seeds, run => run.RlBefore.Solved(t)), Mean(seeds, run => run.Rl.Solved(t))])]);

    private static ReportTable GainsByPrecision(TreeEvidence evidence, IReadOnlyList<TreeRun> seeds, double temperature)
    {
        var (test, rl) = (seeds.Select(run => Gains.OfTest(run, temperature)).ToArray(), seeds.Select(run => Gains.OfRl(run, temperature)).ToArray());
        return new(
            FormattableString.Invariant($"{seeds[0].Condition.Label}: gain in precision at T = {temperature} by precision before ")
                + "(points; all seeds' problems; sampled again for the gain)",
            ["precision before", "RL problems", "gain", "low", "high", "test problems", "gain", "low", "high"],
            [.. TreeStatistics.Bins.Select((name, bin) => (IReadOnlyList<Cell>)[name, .. Row(rl, bin), .. Row(test, bin)])]);

        IEnumerable<Cell> Row(Gains[] gains, int bin)
        {
            var values = InBin(gains, bin);
            var mean = values.Length < 2 ? default : Bootstrap.Mean(values, evidence.Resampling);
            return values.Length < 2 ? [values.Length, "", "", ""] : [values.Length, Percent(mean.Value), Percent(mean.Low), Percent(mean.High)];
        }
    }

    /// <summary>Gains of all problems whose precision before lies in the bin.</summary>
    public static double[] InBin(IEnumerable<Gains> gains, int bin) =>
        [.. gains.SelectMany(of => of.Gain.Where((_, i) => TreeStatistics.BinOf(of.Precision[i]) == bin))];

    private static ReportTable PlanAndExecution(TreeEvidence evidence)
    {
        var t = evidence.Settings.Evaluation.Middle;
        return new(
            FormattableString.Invariant($"Plans and executions at T = {t}, test problems ")
                + "(percent; answers: all steps right; steps: of answers of the grammar)",
            [
                "condition", "answers planned, before", "after", "answers executed, before", "after", "steps planned, before", "after",
                "steps executed, before", "after", "of the grammar, before", "after",
            ],
            [.. evidence.All.Select(seeds => (IReadOnlyList<Cell>)[
                seeds[0].Condition.Label,
                Mean(seeds, run => run.Before.Test.Planned(t)), Mean(seeds, run => run.Test.Planned(t)),
                Mean(seeds, run => run.Before.Test.Executed(t)), Mean(seeds, run => run.Test.Executed(t)),
                .. Steps(seeds, steps => steps.Planned), .. Steps(seeds, steps => steps.Executed), .. Steps(seeds, steps => steps.WellFormed)])]);

        IEnumerable<Cell> Steps(IReadOnlyList<TreeRun> seeds, Func<(double WellFormed, double Planned, double Executed), double> share) =>
            [Percent(seeds.Average(run => share(run.Before.Test.StepShares(t)))), Percent(seeds.Average(run => share(run.Test.StepShares(t))))];
    }

    /// <summary>The pairs of state and action, known before and known after.</summary>
    private static ReportTable Pairs(IReadOnlyList<TreeRun> seeds) => new(
        $"{seeds[0].Condition.Label}: pairs of state and action, known before and after RL (pairs, all seeds)",
        ["seen in pretraining", "pairs", "known before", "known after", "learned", "forgotten"],
        [.. SeenClasses.Select(seen =>
        {
            int Count(Func<bool, bool, bool> holds) => seeds.Sum(run => run.Before.Seen.Counts.Index().Count(pair =>
                pair.Item >= seen.Low && pair.Item <= seen.High && holds(run.Before.Known.Knows(pair.Index), run.Known.Knows(pair.Index))));
            return (IReadOnlyList<Cell>)[
                seen.Name, Count((_, _) => true), Count((before, _) => before), Count((_, after) => after),
                Count((before, after) => !before && after), Count((before, after) => before && !after)];
        })]);

    /// <summary>Section 3.6: what can be solved from knowledge alone, beside what is solved.</summary>
    private static ReportTable Knowledge(TreeEvidence evidence) => new(
        "What the pairs predict, test problems (percent; seeds' means)",
        [
            "condition", "all pairs known before", "after", "pass@1 at the lowest T before", "after", "best coverage before", "after",
            "unknown pairs", "with a chance", "learned of these", "learned of the others",
        ],
        [.. evidence.All.Select(seeds =>
        {
            double Mean(Func<TreeRun, double> of) => seeds.Average(of);
            var low = seeds[0].Test.Temperatures[0];
            int Pairs(Func<TreeRun, bool, int, bool> holds) => seeds.Sum(run => Enumerable.Range(0, run.Known.NumPairs)
                .Count(pair => !run.Before.Known.Knows(pair) && holds(run, run.Chances[pair], pair)));
            var (with, without) = (Pairs((_, chance, _) => chance), Pairs((_, chance, _) => !chance));
            return (IReadOnlyList<Cell>)[
                seeds[0].Condition.Label,
                Percent(Mean(run => run.TestPairs.Count(pairs => run.Before.Known.KnowsAll(pairs)) / (double)run.TestPairs.Length)),
                Percent(Mean(run => run.TestPairs.Count(pairs => run.Known.KnowsAll(pairs)) / (double)run.TestPairs.Length)),
                Percent(Mean(run => run.Before.Test.Precision(low).Average())), Percent(Mean(run => run.Test.Precision(low).Average())),
                Percent(Mean(run => TreeStatistics.BestCoverage(run.Before.Test, run.Test.Temperatures, TreeEvidence.EveryTest(run)))),
                Percent(Mean(run => TreeStatistics.BestCoverage(run.Test, run.Test.Temperatures, TreeEvidence.EveryTest(run)))),
                with + without, with, with == 0 ? "" : (Cell)Percent(Pairs((run, chance, pair) => chance && run.Known.Knows(pair)) / (double)with),
                without == 0 ? "" : (Cell)Percent(Pairs((run, chance, pair) => !chance && run.Known.Knows(pair)) / (double)without)];
        })]);

    private static ReportTable Controls(TreeEvidence evidence) => new(
        "Control worlds, actions even in pretraining: a share q of the pairs held out, before RL (percent; seeds' means)",
        ["q", "(1 - q)^n", "problems with all pairs seen", "pass@1 at the lowest T", "best coverage", "pairs known"],
        [.. evidence.Controls.GroupBy(control => control.World).Select(seeds => (IReadOnlyList<Cell>)[
            Percent(seeds.Key.Settings.HeldOutPairs), Percent(TreeJudge.Formula(seeds.First())), Percent(seeds.Average(control => control.AllSeen)),
            Percent(seeds.Average(control => control.LowPass)), Percent(seeds.Average(control => control.Coverage)),
            Percent(seeds.Average(control => control.Known.NumKnown / (double)control.Known.NumPairs))])]);

    private static double Mean(IReadOnlyList<TreeRun> seeds, Func<TreeRun, double[]> byProblem) =>
        Percent(seeds.Average(run => byProblem(run).Average()));

    private static double Percent(double share) => Math.Round(100 * share, 1);

    /// <summary>To two digits after the point.</summary>
    private static double Round(double value) => Math.Round(value, 2);
}
