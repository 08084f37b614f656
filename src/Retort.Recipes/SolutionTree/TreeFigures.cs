using System.Globalization;
using Retort.Analysis;
using Retort.Recipes.Figures;
using Retort.Recipes.Report;

namespace Retort.Recipes.SolutionTree;

/// <summary>The study's figures (section 6 of the specification), drawn for whatever conditions were run.</summary>
internal static class TreeFigures
{
    /// <summary>Temperatures that one figure can tell apart by colour.</summary>
    private const int MostLines = 6;

    private static readonly (string Name, string Label, TreeStudy[] Studies)[] Differences =
    [
        ("problems", "by RL problems", [TreeStudy.Problems]),
        ("visits", "by RL problems at equal visits", [TreeStudy.Visits]),
        ("world", "by action space and context", [TreeStudy.Actions, TreeStudy.Context]),
        ("exploration", "by exploration", [TreeStudy.Exploration]),
    ];

    /// <summary>All figures the evidence can fill.</summary>
    public static IReadOnlyList<Figure> All(TreeEvidence evidence, RunFolder folder)
    {
        var figures = new List<Figure>();
        foreach (var seeds in evidence.All.Where(seeds => !seeds[0].Condition.IsSide))
        {
            figures.Add(SelfSorted(seeds, false));
            figures.Add(SelfSorted(seeds, true));
            figures.Add(ByTemperature(evidence, seeds, "pass", "pass@1", (outcome, t) => outcome.Precision(t)));
            figures.Add(ByTemperature(evidence, seeds, "coverage", "coverage", (outcome, t) => outcome.Solved(t)));
            figures.Add(GainByPrecision(evidence, seeds, evidence.Settings.Evaluation.Middle));
            figures.AddRange(HeatMaps(seeds[0]));
        }

        figures.AddRange(LearningCurves(evidence, folder));
        var parts = Parts(evidence).ToArray();
        figures.AddRange(parts.Select(part => PlanAndExecution(evidence, part)));
        figures.AddRange(parts.Select(part => CoverageGains(evidence, part)));

        if (Sizing(evidence) is { } sizing)
        {
            figures.Add(sizing);
        }

        if (evidence.Controls.Count > 1)
        {
            figures.Add(HeldOut(evidence));
        }

        return figures;
    }

    /// <summary>Figure 1: problems by their own precision, a line a temperature.</summary>
    private static Figure SelfSorted(IReadOnlyList<TreeRun> seeds, bool isAfter)
    {
        TreeOutcome Of(TreeRun run) => isAfter ? run.Test : run.Before.Test;
        var (when, temperatures) = (isAfter ? "after" : "before", seeds[0].Test.Temperatures);
        var last = Math.Min(MostLines, temperatures.Count) - 1;
        return new(
            $"{seeds[0].Condition.Name}-self-sorted-{when}", $"{seeds[0].Condition.Label}: precision {when} RL, each temperature sorted by itself",
            Shares("problems, sorted"), Shares("precision"),
            [.. Enumerable.Range(0, last + 1).Select(line =>
            {
                var t = temperatures[line * (temperatures.Count - 1) / last];
                double[] sorted = [.. seeds.SelectMany(run => Of(run).Precision(t)).OrderDescending()];
                return new Series(
                    Text($"T = {t}"), SeriesKind.Steps, [.. sorted.Select((precision, i) => new Point((i + 0.5) / sorted.Length, precision))]);
            })])
        {
            References =
            [
                new(seeds.Average(run => TreeStatistics.BestPassAt1(Of(run), temperatures, TreeEvidence.EveryTest(run))), Vertical: true),
                new(seeds.Average(run => TreeStatistics.BestCoverage(Of(run), temperatures, TreeEvidence.EveryTest(run))), Vertical: true),
            ],
            Caption = $"Share of {Of(seeds[0]).Samples} samples that are right, test problems of all seeds, sorted for each temperature. "
                + "Dotted: best pass@1 and, right of it, best coverage.",
        };
    }

    /// <summary>Figure 2.</summary>
    private static Figure ByTemperature(
        TreeEvidence evidence, IReadOnlyList<TreeRun> seeds, string name, string what, Func<TreeOutcome, double, double[]> quantity)
    {
        Series Line(string label, int color, bool dashed, Func<TreeRun, TreeOutcome> of) => new(
            label, SeriesKind.Line, [.. seeds[0].Test.Temperatures.Select(t => PointOf(t, evidence.Mean(seeds, run => quantity(of(run), t))))])
        { Color = color, Dashed = dashed };
        return new(
            $"{seeds[0].Condition.Name}-{name}", $"{seeds[0].Condition.Label}: {what} against temperature", new("temperature"), Shares(what),
            [
                Line("test, before RL", 0, true, run => run.Before.Test), Line("test, after", 0, false, run => run.Test),
                Line("RL problems, before", 1, true, run => run.RlBefore), Line("RL problems, after", 1, false, run => run.Rl),
            ])
        {
            Caption = $"{seeds[0].Test.NumProblems} test and {seeds[0].Rl.NumProblems} RL problems a seed, {seeds[0].Test.Samples} samples "
                + "each at every temperature. Bars: 95 % bootstrap over problems (t over seeds where wider).",
        };
    }

    /// <summary>Figure 3.</summary>
    private static Figure GainByPrecision(TreeEvidence evidence, IReadOnlyList<TreeRun> seeds, double temperature)
    {
        return new(
            $"{seeds[0].Condition.Name}-gain", $"{seeds[0].Condition.Label}: who gains",
            new("precision before RL") { Categories = TreeStatistics.Bins },
            new(Text($"gain in precision at T = {temperature}")) { Format = NumberFormat.Percent },
            [
                Bars("RL problems", [.. seeds.Select(run => Gains.OfRl(run, temperature))]),
                Bars("test problems", [.. seeds.Select(run => Gains.OfTest(run, temperature))]),
            ])
        {
            References = [new(0)],
            Caption = "Problems by their precision before RL; the gain is measured from a second sampling of the model before, so that "
                + "chance gains nothing. Bars: 95 % bootstrap over problems.",
        };

        Series Bars(string label, Gains[] gains) => new(label, SeriesKind.Bars,
        [
            .. Enumerable.Range(0, TreeStatistics.Bins.Count).Select(bin => (bin, Values: TreeTables.InBin(gains, bin)))
                .Where(of => of.Values.Length > 1).Select(of => PointOf(of.bin, Bootstrap.Mean(of.Values, evidence.Resampling))),
        ]);
    }

    /// <summary>Figure 4.</summary>
    private static IEnumerable<Figure> LearningCurves(TreeEvidence evidence, RunFolder folder)
    {
        foreach (var seeds in evidence.All.Where(seeds => !seeds[0].Condition.IsSide))
        {
            var (condition, seed) = (seeds[0].Condition, seeds[0].Before.Seed);
            if (condition.Name == TreeCondition.Base
                && Curve(folder, TreeRunner.NameOf(condition.World, seed), "pretraining", "Pretraining") is { } pretraining)
            {
                yield return pretraining;
            }

            if (Curve(folder, TreeRunner.NameOf(condition, seed), condition.Name, condition.Label) is { } rl)
            {
                yield return rl;
            }
        }
    }

    private static Figure? Curve(RunFolder folder, string model, string name, string label)
    {
        var points = LearningCurve.Read(folder, "curve/" + model);
        return points.Count < 2 ? null : new(
            name + "-curve", $"{label}: right answers while the model learns", new("steps") { Format = NumberFormat.Plain, Min = 0 },
            Shares("share of problems"),
            [.. LearningCurve.Kinds.SelectMany((kind, i) => LearningCurve.Names(kind.Name) is var (low, middle)
                ? new[] { Line(kind.Name + " problems, low T", low, i, false), Line(kind.Name + ", middle T", middle, i, true) } : [])])
        { Caption = "One answer a problem, at the lowest and the middle temperature; the first seed." };

        Series Line(string title, string key, int color, bool dashed) => new(
            title, SeriesKind.Band, [.. points.Select(point => new Point(point.Step, point.Values.GetProperty(key).GetDouble()))])
        { Color = color, Dashed = dashed };
    }

    /// <summary>Figure 5.</summary>
    private static Figure PlanAndExecution(TreeEvidence evidence, Part part)
    {
        var (t, conditions) = (evidence.Settings.Evaluation.Middle, part.Conditions);
        Series Bars(string label, int color, Func<TreeRun, double[]> of) => new(
            label, SeriesKind.Bars, [.. conditions.Select((seeds, i) => PointOf(i, evidence.Mean(seeds, of)))])
        { Color = color };
        return new(
            "plan-execute-" + part.Name, Text($"Plans and executions at T = {t}, {part.Label}"), NamesOf(conditions), Shares("share of answers"),
            [
                Bars("planned, before RL", 0, run => run.Before.Test.Planned(t)), Bars("planned, after", 1, run => run.Test.Planned(t)),
                Bars("executed, before RL", 2, run => run.Before.Test.Executed(t)), Bars("executed, after", 3, run => run.Test.Executed(t)),
            ])
        {
            Caption = "Planned: all actions are the problem's. Executed: every step leads from the answer's own state to the one it "
                + "writes. Test problems; bars: 95 % intervals.",
        };
    }

    /// <summary>Figure 6.</summary>
    private static Figure CoverageGains(TreeEvidence evidence, Part part)
    {
        var conditions = part.Conditions;
        Series Bars(string label, RunStatistic<TreeRun> gain) => new(
            label, SeriesKind.Bars, [.. conditions.Select((seeds, i) => PointOf(i, evidence.OverTest(seeds, gain)))]);
        return new(
            "conditions-" + part.Name, $"What RL adds to coverage, {part.Label}", NamesOf(conditions),
            new("after - before RL") { Format = NumberFormat.Percent },
            [Bars("coverage at its best temperature", TreeJudge.CoverageGain), Bars("pass@1 at its best temperature", TreeJudge.BestPassGain)])
        {
            References = [new(0)],
            Caption = "Test problems; each model at its own best temperature. Bars: 95 % bootstrap over problems, before and after paired "
                + "(t over seeds where wider).",
        };
    }

    /// <summary>Section 8.4, experiment 2: coverage gained against the sizing formula, by equal steps and by equal visits.</summary>
    private static Figure? Sizing(TreeEvidence evidence)
    {
        var home = evidence.All
            .Where(seeds => seeds[0].Condition.Study is TreeStudy.Base or TreeStudy.Problems or TreeStudy.Visits).ToArray();
        return home.Length < 3 ? null : new(
            "sizing", "Chances of an unseen pair and coverage gained",
            new("RL problems in which an unseen pair is the only one") { Scale = AxisScale.Log },
            new("coverage, after - before RL") { Format = NumberFormat.Percent },
            [Line("equal steps", study => study != TreeStudy.Visits), Line("equal visits", study => study is TreeStudy.Visits or TreeStudy.Base)])
        {
            References = [new(0), new(1, "one chance", Vertical: true), new(2, "two", Vertical: true)],
            Caption = "The sizing formula M n / (D A) (1 - q)^(n - 1) of section 3.6 for the condition's RL problems; the last point of "
                + "equal steps has fresh problems. Bars: 95 % intervals.",
        };

        Series Line(string label, Func<TreeStudy, bool> belongs) => new(label, SeriesKind.Line,
        [
            .. home.Where(seeds => belongs(seeds[0].Condition.Study)).OrderBy(seeds => seeds.Average(run => run.ExpectedChances))
                .Select(seeds => PointOf(seeds.Average(run => run.ExpectedChances), evidence.OverTest(seeds, TreeJudge.CoverageGain))),
        ]);
    }

    /// <summary>Figure 7: states against actions.</summary>
    private static IEnumerable<Figure> HeatMaps(TreeRun run)
    {
        var (counts, condition) = (run.Before.Seen.Counts, run.Condition);
        var most = Math.Log(1 + counts.Max());
        if (condition.Name is TreeCondition.Base or TreeCondition.FewActions or TreeCondition.NoContext)
        {
            yield return Map(
                condition.World.Name + "-seen", $"{condition.World.Label}: how often pretraining shows a pair",
                pair => Math.Log(1 + counts[pair]) / most, "Darker: more often, logarithmic; white: never.");
            yield return Map(
                condition.World.Name + "-known", $"{condition.World.Label}: pairs known before RL",
                run.Before.Known.Share, "Share of the questions about a pair answered rightly, before RL.");
        }

        yield return Map(
            condition.Name + "-known-after", $"{condition.Label}: pairs known after RL",
            run.Known.Share, "Share of the questions about a pair answered rightly, after RL.");

        Figure Map(string name, string title, Func<int, double> weight, string caption)
        {
            var (states, actions) = (run.Before.Task.Settings.NumStates, run.Before.Task.Settings.NumActions);
            Point[] points = [.. Enumerable.Range(0, states * actions).Select(pair => new Point(pair % actions, pair / actions))];
            return new(
                name, title, new("action") { Categories = Numbers(actions) }, new("state") { Categories = Numbers(states) },
                [new("", SeriesKind.Cells, points) { Weights = [.. points.Select((_, pair) => weight(pair))] }])
            { Caption = caption + " The first seed's world.", Width = 640, Height = 600 };
        }
    }

    private static Figure HeldOut(TreeEvidence evidence)
    {
        var worlds = evidence.Controls.GroupBy(control => control.World).OrderBy(seeds => seeds.Key.Settings.HeldOutPairs).ToArray();
        Series Line(string label, bool dashed, Func<TreeBefore, double> of) => new(
            label, dashed ? SeriesKind.Band : SeriesKind.Line,
            [.. worlds.Select(seeds => new Point(seeds.Key.Settings.HeldOutPairs, seeds.Average(of)))])
        { Dashed = dashed };
        return new(
            "held-out", "Held-out pairs and where the wall stands",
            new("pairs held out of pretraining") { Format = NumberFormat.Percent }, Shares("share of problems"),
            [
                Line("(1 - q)^n", true, TreeJudge.Formula), Line("all pairs seen", false, control => control.AllSeen),
                Line("pass@1 at the lowest T", false, control => control.LowPass),
                Line("best coverage", false, control => control.Coverage),
            ])
        { Caption = "Worlds whose pretraining draws actions evenly and never takes a share of the pairs; before RL, test problems, seeds' means." };
    }

    /// <summary>The conditions that differ from the base in one way, with the base: as many as a page's width can name.</summary>
    private static IEnumerable<Part> Parts(TreeEvidence evidence)
    {
        var @base = evidence.All.Where(seeds => seeds[0].Condition.Study == TreeStudy.Base).ToArray();
        foreach (var (name, label, studies) in Differences)
        {
            var others = evidence.All.Where(seeds => studies.Contains(seeds[0].Condition.Study)).ToArray();
            if (others.Length > 0 || (name == Differences[0].Name && @base.Length > 0))
            {
                yield return new(name, label, [.. @base, .. others]);
            }
        }
    }

    private static Axis Shares(string label) => new(label) { Format = NumberFormat.Percent, Min = 0, Max = 1 };

    private static Axis NamesOf(IReadOnlyList<TreeRun>[] conditions) => new("") { Categories = [.. conditions.Select(seeds => seeds[0].Condition.Name)] };

    private static IReadOnlyList<string> Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    private static Point PointOf(double x, Interval interval) => new(x, interval.Value, interval.Low, interval.High);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Conditions of one figure.</summary>
    private sealed record Part(string Name, string Label, IReadOnlyList<TreeRun>[] Conditions);
}
