using Retort.Analysis;
using Retort.Inference;
using Retort.Recipes.Figures;
using Retort.Tasks;
using Retort.Tasks.CountDown;

namespace Retort.Recipes.Backtracking;

/// <summary>The study's figures (section 5.5 of the specification), drawn for whatever cells were run.</summary>
internal static class BacktrackingFigures
{
    private static readonly int[] SampleCounts = [1, 2, 4, 8, 16, 32, 64];

    /// <summary>All figures the evidence can fill.</summary>
    public static IReadOnlyList<Figure> All(Evidence evidence)
    {
        var figures = new List<Figure>();
        if (evidence.Has("countdown-search") && evidence.Has("countdown-direct"))
        {
            figures.Add(AgainstCost(evidence, "countdown", "CountDown: accuracy against cost", SizesOf(evidence)));
            figures.Add(GapAgainstCost(evidence, "countdown", "CountDown: what guessing gains over searching", SizesOf(evidence)));
            figures.Add(Overlap(evidence));
            figures.Add(MistakeProfile(evidence));
            figures.Add(BestOfAgainstMajority(evidence));
            figures.Add(Lengths(evidence, "countdown-search", "countdown-lengths", "Lengths of CountDown search traces"));
        }

        if (evidence.Has("sudoku-search") && evidence.Has("sudoku-direct"))
        {
            figures.Add(AgainstCost(evidence, "sudoku", "Sudoku: accuracy against cost", [("sudoku-search", "sudoku-direct", "")]));
            figures.Add(GapAgainstCost(evidence, "sudoku", "Sudoku: what guessing gains over searching", [("sudoku-search", "sudoku-direct", "")]));
            figures.Add(Lengths(evidence, "sudoku-search", "sudoku-lengths", "Lengths of Sudoku search traces"));
        }

        if (evidence.Has("countdown-mix"))
        {
            figures.Add(Lengths(evidence, "countdown-mix", "beam-lengths", "Lengths of CountDown beam traces", IsBeam));
        }

        if (evidence.Has("countdown-think"))
        {
            figures.Add(Variants(evidence));
            figures.Add(PlainAgainstThink(evidence));
        }

        if (evidence.Has("countdown-search-rl"))
        {
            figures.Add(SearchRl(evidence));
            figures.Add(OverlapRl(evidence));
        }

        if (evidence.Has("countdown-direct-rl"))
        {
            figures.Add(DirectRl(evidence));
            figures.Add(SolveRates(evidence));
        }

        if (Gaps(evidence) is { } gaps)
        {
            figures.Add(gaps);
        }

        return figures;
    }

    private static IReadOnlyList<(string Search, string Direct, string Label)> SizesOf(Evidence evidence) =>
        evidence.Has("countdown-direct-small")
            ? [("countdown-search", "countdown-direct", ", large"), ("countdown-search-small", "countdown-direct-small", ", small")]
            : [("countdown-search", "countdown-direct", "")];

    private static Figure AgainstCost(
        Evidence evidence, string name, string title, IReadOnlyList<(string Search, string Direct, string Label)> pairs)
    {
        var series = new List<Series>();
        foreach (var (search, direct, label) in pairs)
        {
            series.Add(new("search" + label, SeriesKind.Line, BudgetPoints(evidence, search)) { Color = 0, Dashed = label == ", small" });
            series.Add(new("direct, best of n" + label, SeriesKind.Line, SamplePoints(evidence, direct)) { Color = 1, Dashed = label == ", small" });
        }

        var first = pairs[0].Search;
        series.Add(new(
            "trace generator", SeriesKind.Line,
            Budgets(evidence, first, (outcome, budget) => outcome.GeneratorWithinBudget(budget)))
        { Color = 2, Dashed = true });
        return new(name + "-cost", title, CostAxis, AccuracyAxis, series)
        {
            Caption = $"Share of {evidence.Of(first)[0].NumProblems} unseen problems solved against what one problem costs, by the "
                + "engine's own FLOP counts. Search: greedy, cut off at each budget of tokens. Direct: n samples with a perfect "
                + "verifier, unbiased. Bars: 95 % bootstrap over problems (t over seeds where wider).",
        };
    }

    /// <summary>At each budget of the search: direct with as many samples as cost the same, less search.</summary>
    private static Figure GapAgainstCost(
        Evidence evidence, string name, string title, IReadOnlyList<(string Search, string Direct, string Label)> pairs) => new(
            name + "-gap", title, CostAxis, new("direct - search at equal compute") { Format = NumberFormat.Percent },
            [.. pairs.Select((pair, i) => new Series("direct - search" + pair.Label, SeriesKind.Line, GapPoints(evidence, pair.Search, pair.Direct))
            { Color = 1, Dashed = i > 0 })])
        {
            References = [new(0)],
            Caption = "Above zero parallel sampling wins, below zero sequential search. At each budget of the search, the direct model has as many "
                + "samples as cost the same, one at least and all it has at most. Bars: 95 % intervals, paired over problems.",
        };

    private static Point[] GapPoints(Evidence evidence, string search, string direct)
    {
        var first = evidence.Of(search)[0];
        return [.. first.Cell.Study.Budgets.Select(budget =>
        {
            var n = evidence.MatchedSamples(search, direct, budget);
            return PointOf(GenerationCost.Flops(first.Config, budget), evidence.Of(
                new Term(1, evidence.PerSeed(direct, outcome => outcome.BestOf(n))),
                new Term(-1, evidence.PerSeed(search, outcome => outcome.WithinBudget(budget)))));
        })];
    }

    private static Figure Overlap(Evidence evidence)
    {
        var (search, direct) = (evidence.Of("countdown-search"), evidence.Of("countdown-direct"));
        return new(
            "mistakes-overlap", "Who makes its generator's mistakes",
            new("mistakes before the solution") { Categories = BinNames }, new("Jaccard overlap with the generator") { Min = 0, Max = 1 },
            [Bars("search", search, 0), Bars("direct", direct, 1)])
        {
            Caption = "For each number of mistakes: overlap of the problems that the generator solves with so many mistakes and those "
                + "the model does (section 4 of the specification; first seed).",
        };

        Series Bars(string label, IReadOnlyList<CellOutcome> outcomes, int color) => new(
            label, SeriesKind.Bars,
            [.. MistakeOverlap.Compare(search[0].GeneratorMistakes(), outcomes[0].Mistakes()).Select((bin, i) => new Point(i, bin.Jaccard))])
        { Color = color };
    }

    private static Figure MistakeProfile(Evidence evidence)
    {
        var search = evidence.Of("countdown-search")[0];
        var generator = search.GeneratorMistakes();
        var order = Enumerable.Range(0, generator.Length).OrderBy(i => Capped(generator[i])).ToArray();
        Series Steps(string label, MistakeCount[] counts, SeriesKind kind, int color) =>
            new(label, kind, [.. order.Select((problem, rank) => new Point(rank, Capped(counts[problem])))]) { Color = color };
        return new(
            "mistakes-profile", "Mistakes on each problem, generator against models", new("problems, sorted by the generator's mistakes"),
            new("mistakes (unsolved: 42)"),
            [
                Steps("search", search.Mistakes(), SeriesKind.Scatter, 0),
                Steps("direct", evidence.Of("countdown-direct")[0].Mistakes(), SeriesKind.Scatter, 1),
                Steps("generator", generator, SeriesKind.Steps, 2),
            ])
        { Caption = "CountDown, first seed. Search: wrong leaves before the goal. Direct: samples until one is right." };

        static double Capped(MistakeCount count) => Math.Min(count.Mistakes, MistakeOverlap.Unsolved);
    }

    private static Figure BestOfAgainstMajority(Evidence evidence)
    {
        var n = evidence.SamplesOf("countdown-direct");
        return new(
            "best-of-n-majority", "More samples help only with a verifier", new("samples n") { Scale = AxisScale.Log, Format = NumberFormat.Plain, Ticks = [.. SampleCounts.Where(k => k <= n).Select(k => (double)k)] },
            AccuracyAxis,
            [
                new("best of n", SeriesKind.Line, Samples(k => outcome => outcome.BestOf(k))) { Color = 1 },
                new("majority of n", SeriesKind.Line, Samples(k => outcome => outcome.Majority(k))) { Color = 3 },
            ])
        { Caption = "The direct model on CountDown. Majority counts equal final expressions; ties go to the first seen." };

        Point[] Samples(Func<int, Func<CellOutcome, double[]>> quantity) =>
            [.. SampleCounts.Where(k => k <= n).Select(k => PointOf(k, evidence.Interval(evidence.PerSeed("countdown-direct", quantity(k)))))];
    }

    private static bool IsBeam(TaskItem item) => item is CountDownItem countDown && countDown.Search.StartsWith("beam", StringComparison.Ordinal);

    private static Figure Lengths(Evidence evidence, string cell, string name, string title, Func<TaskItem, bool>? which = null)
    {
        var (demonstrations, edges) = (evidence.Of(cell)[0].Demonstrations(which).ToArray(), new double[] { 0, 32, 64, 128, 256, 512, 1024, 2048, 4096, 1e9 });
        string[] labels = ["–32", "–64", "–128", "–256", "–512", "–1k", "–2k", "–4k", "4k–"];
        return new(
            name, title, new("tokens, prompt included") { Categories = labels }, new("test problems"),
            [
                Series.Histogram("solved", edges, demonstrations.Where(d => d.Solved).Select(d => (double)d.Tokens), includeUpper: true),
                Series.Histogram("not solved", edges, demonstrations.Where(d => !d.Solved).Select(d => (double)d.Tokens), includeUpper: true),
            ])
        { Stacked = true, Caption = "Demonstrations of the test problems, by length and by whether the search found a solution." };
    }

    private static Figure Variants(Evidence evidence)
    {
        var series = new List<Series> { new("plain", SeriesKind.Line, BudgetPoints(evidence, "countdown-search")) { Color = 0 } };
        if (evidence.Has("countdown-mix"))
        {
            series.Add(new("mix", SeriesKind.Line, BudgetPoints(evidence, "countdown-mix")) { Color = 3 });
        }

        series.Add(new("think", SeriesKind.Line, BudgetPoints(evidence, "countdown-think")) { Color = 4 });
        series.Add(new("direct, best of n", SeriesKind.Line, SamplePoints(evidence, "countdown-direct")) { Color = 1 });
        series.Add(new(
            "trace generator (plain)", SeriesKind.Line,
            Budgets(evidence, "countdown-search", (outcome, budget) => outcome.GeneratorWithinBudget(budget)))
        { Color = 2, Dashed = true });
        return new("variants", "Better traces help the searching model", CostAxis, AccuracyAxis, series)
        { Caption = "CountDown: plain depth-first traces, mixed strategies, shortened (think) traces, and the direct model." };
    }

    private static Figure PlainAgainstThink(Evidence evidence)
    {
        var (plain, think) = (evidence.Search("countdown-search")[0], evidence.Search("countdown-think")[0]);
        double Count(double p, double t) => plain.Zip(think).Count(pair => pair.First == p && pair.Second == t);
        return new(
            "plain-think", "Which problems the shortened traces win", new("plain traces") { Categories = ["solved", "not solved"] },
            new("test problems"),
            [
                new("think solved", SeriesKind.Bars, [new(0, Count(1, 1)), new(1, Count(0, 1))]) { Color = 4 },
                new("think not solved", SeriesKind.Bars, [new(0, Count(1, 0)), new(1, Count(0, 0))]) { Color = 5 },
            ])
        { Caption = "CountDown at the largest budget, first seed." };
    }

    private static Figure SearchRl(Evidence evidence) => new(
        "rl-search", "What reinforcement learning does for the searching model", CostAxis, AccuracyAxis,
        [
            new("search", SeriesKind.Line, BudgetPoints(evidence, "countdown-search")) { Color = 0, Dashed = true },
            new("search after GRPO", SeriesKind.Line, BudgetPoints(evidence, "countdown-search-rl")) { Color = 0 },
            new("trace generator", SeriesKind.Line, Budgets(evidence, "countdown-search", (outcome, budget) => outcome.GeneratorWithinBudget(budget)))
            { Color = 2, Dashed = true },
        ])
    { Caption = "CountDown, greedy, cut off at each budget of tokens. Bars: 95 % bootstrap over problems (t over seeds where wider)." };

    private static Figure DirectRl(Evidence evidence) => new(
        "rl-direct", "What reinforcement learning does for the direct model", CostAxis, AccuracyAxis,
        [
            new("direct, best of n", SeriesKind.Line, SamplePoints(evidence, "countdown-direct")) { Color = 1, Dashed = true },
            new("direct after GRPO, best of n", SeriesKind.Line, SamplePoints(evidence, "countdown-direct-rl")) { Color = 1 },
        ])
    { Caption = "CountDown, n samples with a perfect verifier, unbiased. Bars: 95 % bootstrap over problems (t over seeds where wider)." };

    private static Figure OverlapRl(Evidence evidence)
    {
        var (before, after) = (evidence.Of("countdown-search")[0], evidence.Of("countdown-search-rl")[0]);
        return new(
            "rl-overlap", "Whose mistakes the searching model makes",
            new("mistakes before the solution") { Categories = BinNames }, new("Jaccard overlap with the generator") { Min = 0, Max = 1 },
            [Bars("before GRPO", before, 0), Bars("after", after, 4)])
        { Caption = "For each number of mistakes: overlap of the problems that the generator solves with so many and those the model does (first seed)." };

        Series Bars(string label, CellOutcome outcome, int color) => new(
            label, SeriesKind.Bars,
            [.. MistakeOverlap.Compare(before.GeneratorMistakes(), outcome.Mistakes()).Select((bin, i) => new Point(i, bin.Jaccard))])
        { Color = color };
    }

    private static Figure SolveRates(Evidence evidence)
    {
        var (before, after) = (evidence.Of("countdown-direct")[0].BestOf(1), evidence.Of("countdown-direct-rl")[0].BestOf(1));
        var order = Enumerable.Range(0, before.Length).OrderByDescending(i => before[i]).ToArray();
        return new(
            "rl-solve-rates", "Which problems reinforcement learning wins", new("problems, sorted by the share of samples that solve them before"),
            new("share of samples that solve it") { Format = NumberFormat.Percent, Min = 0, Max = 1 },
            [
                new("after GRPO", SeriesKind.Scatter, [.. order.Select((problem, rank) => new Point(rank, after[problem]))]) { Color = 4 },
                new("before", SeriesKind.Steps, [.. order.Select((problem, rank) => new Point(rank, before[problem]))]) { Color = 1 },
            ])
        { Caption = "The direct model on CountDown, first seed." };
    }

    private static Figure? Gaps(Evidence evidence)
    {
        (string Name, string Direct, string Search)[] pairs =
        [
            ("CountDown", "countdown-direct", "countdown-search"),
            ("stacked CountDown", "countdown-stacked-direct", "countdown-stacked-search"),
            ("Sudoku", "sudoku-direct", "sudoku-search"),
            ("shallow Sudoku", "sudoku-shallow-direct", "sudoku-shallow-search"),
        ];
        var there = pairs.Where(pair => evidence.Has(pair.Direct) && evidence.Has(pair.Search)).ToArray();
        return there.Length < 2 ? null : new(
            "gaps", "Where guessing wins and where searching does", new("") { Categories = [.. there.Select(pair => pair.Name)] },
            new("direct - search at equal compute") { Format = NumberFormat.Percent },
            [
                new("direct - search", SeriesKind.Bars,
                    [.. there.Select((pair, i) => PointOf(i, BacktrackingJudge.Lead(evidence, pair.Direct, pair.Search)))]),
            ])
        {
            References = [new(0)],
            Caption = "Above zero parallel sampling wins, below zero sequential search. Bars: 95 % intervals.",
        };
    }

    private static Axis CostAxis => new("FLOPs a problem") { Scale = AxisScale.Log };

    private static Axis AccuracyAxis => new("problems solved") { Format = NumberFormat.Percent, Min = 0 };

    private static string[] BinNames => [.. Enumerable.Range(0, MistakeOverlap.BinEdges.Count - 1)
        .Select(b => $"{MistakeOverlap.BinEdges[b]}–{MistakeOverlap.BinEdges[b + 1] - 1}")];

    private static Point[] BudgetPoints(Evidence evidence, string cell) =>
        Budgets(evidence, cell, (outcome, budget) => outcome.WithinBudget(budget));

    private static Point[] Budgets(Evidence evidence, string cell, Func<CellOutcome, int, double[]> quantity)
    {
        var first = evidence.Of(cell)[0];
        return [.. first.Cell.Study.Budgets.Select(budget => PointOf(
            GenerationCost.Flops(first.Config, budget), evidence.Interval(evidence.PerSeed(cell, outcome => quantity(outcome, budget)))))];
    }

    private static Point[] SamplePoints(Evidence evidence, string cell)
    {
        var outcomes = evidence.Of(cell);
        var one = GenerationCost.Flops(outcomes[0].Config, (int)Math.Round(outcomes.Average(outcome => outcome.MeanTokens)));
        return [.. SampleCounts.Where(n => n <= evidence.SamplesOf(cell))
            .Select(n => PointOf(n * one, evidence.Interval(evidence.PerSeed(cell, outcome => outcome.BestOf(n)))))];
    }

    private static Point PointOf(double x, Interval interval) => new(x, interval.Value, interval.Low, interval.High);
}
