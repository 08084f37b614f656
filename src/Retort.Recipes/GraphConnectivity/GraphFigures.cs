using Retort.Analysis.Search;
using Retort.Recipes.Figures;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>The study's figures (section 5 of the specification), drawn for whatever models were made.</summary>
internal static class GraphFigures
{
    private static readonly int[] Draws = [1, 2, 4, 8, 16, 32];

    /// <summary>All figures the evidence can fill.</summary>
    public static IReadOnlyList<Figure> All(Evidence evidence)
    {
        var settings = evidence.Settings;
        var figures = new List<Figure>();
        bool Has(string claim) => GraphModel.Of(claim, settings).All(evidence.Has);
        if (Has("A2"))
        {
            figures.Add(Depths(evidence));
            figures.Add(SamplesNeeded(evidence));
        }

        if (Has("A1"))
        {
            figures.Add(Bars(evidence, "strategies", "What a chain of thought shows decides what a model can do", GraphModel.Of("A1", settings)));
            figures.Add(BySamples(evidence));
            figures.Add(ByLength(evidence, "length", "Greedy evidence by the length a chain may have", GraphModel.Of("A1", settings)));
        }

        foreach (var model in evidence.Models.Where(model => GraphTables.IsSearch(evidence, model)))
        {
            figures.Add(Scaling(evidence, model));
            figures.Add(EqualTokens(evidence, model));
        }

        if (Has("A7"))
        {
            figures.Add(ByLength(evidence, "self-training", "Self-training gains in long chains", GraphModel.Of("A7", settings)));
        }

        if (Has("A8"))
        {
            figures.Add(Bars(evidence, "layers", "A shallow model needs its backtracking written out", GraphModel.Of("A8", settings)));
        }

        if (Has("A9"))
        {
            figures.Add(Bars(evidence, "walks", "Walks of bounded length lie between", GraphModel.Of("A9", settings)));
        }

        figures.Add(Paths(evidence));
        figures.Add(Bridges(evidence));
        return figures;
    }

    /// <summary>Figure 5.1.</summary>
    private static Figure Depths(Evidence evidence)
    {
        var settings = evidence.Settings;
        Series Measured(ChainStrategy strategy, int color) => new(GraphModel.Label(strategy), SeriesKind.Line,
            [.. settings.Depths.Select(depth => Interval(depth, evidence.Of(new(depth, strategy, settings.Model.NumLayers), GraphJudge.GreedyEvidence)))])
        { Color = color };
        Series Paper(ChainStrategy strategy, int color) => new(GraphModel.Label(strategy) + ", paper", SeriesKind.Scatter,
            [.. settings.Depths.Where(depth => PaperValues.Evidence(strategy, depth) is not null).Select(depth => new Point(depth, PaperValues.Evidence(strategy, depth)!.Value))])
        { Color = color };
        Series Blind(ChainStrategy strategy, Func<int, bool, double> rate, int color) => new(GraphModel.Label(strategy) + ", blind", SeriesKind.Band,
            [.. settings.Depths.Select(depth => new Point(depth, rate(depth, settings.Task.DeadEnd > 0)))])
        { Color = color, Dashed = true };
        return new(
            "depth", "Short chains fail exponentially with depth, search does not", Depth, Share("evidence"),
            [
                .. GraphModel.Compared.Select(Measured), .. GraphModel.Compared.Select(Paper),
                Blind(ChainStrategy.Path, BridgeRates.Path, 1), Blind(ChainStrategy.ShortestPath, BridgeRates.ShortestPath, 2),
            ])
        {
            Caption = $"Share of greedy chains that prove the answer, {settings.TestProblems} problems of each depth; bars: 95 % intervals. Dots: the paper's models. Dashed: a random "
                + "search that wastes no vertex, or takes the shortest way, by chance.",
        };
    }

    /// <summary>Claim A5.</summary>
    private static Figure SamplesNeeded(Evidence evidence)
    {
        var settings = evidence.Settings;
        return new(
            "samples-needed", "Samples that make one proof 90 % likely", Depth, new("samples") { Scale = AxisScale.Log, Format = NumberFormat.Plain, Min = 0.8 },
            [.. GraphModel.Compared.Select(strategy => new Series(GraphModel.Label(strategy), SeriesKind.Line, [.. settings.Depths.Select(depth => Interval(
                depth, evidence.Of(new(depth, strategy, settings.Model.NumLayers), (outcome, chosen) => outcome.SamplesFor(0.9, chosen))))]))])
        { Caption = $"Of {settings.Samples} samples at temperature 1; {2 * settings.Samples}: they do not suffice. Bars: 95 % intervals.", References = [new(settings.Samples, "samples drawn")] };
    }

    /// <summary>Figures 5.2: evidence and decisions side by side.</summary>
    private static Figure Bars(Evidence evidence, string name, string title, IReadOnlyList<GraphModel> models) => new(
        name, title, new("") { Categories = [.. models.Select(model => model.Name)] }, Share("share of problems"),
        [
            new("evidence", SeriesKind.Bars, [.. models.Select((model, i) => Interval(i, evidence.Of(model, GraphJudge.GreedyEvidence)))]),
            new("decision", SeriesKind.Bars, [.. models.Select((model, i) => Interval(i, evidence.Of(model, GraphJudge.GreedyDecision)))]),
        ])
    { Caption = "Greedy. Evidence: the chain proves the answer. Decision: the answer is right; a guess is half right. Bars: 95 % intervals." };

    /// <summary>Figure 5.4: a verifier and a vote.</summary>
    private static Figure BySamples(Evidence evidence)
    {
        int[] draws = [.. Draws.Where(n => n <= evidence.Settings.Samples)];
        var models = GraphModel.Of("A1", evidence.Settings);
        Series Curve(GraphModel model, int color, string label, bool dashed, Func<GraphOutcome, int, int[], double> of) => new(
            $"{GraphModel.Label(model.Strategy)}, {label}", SeriesKind.Line,
            [.. draws.Select(n => Interval(n, evidence.Of(model, (outcome, chosen) => of(outcome, n, chosen.ToArray()))))])
        { Color = color, Dashed = dashed };
        return new(
            "samples", "A verifier makes more of samples than a vote, a longer chain more than both", new("samples N") { Scale = AxisScale.Log, Format = NumberFormat.Plain },
            Share("accuracy") with { Min = 0.4 },
            [
                .. models.Select((model, i) => Curve(model, i, "best of N", false, (outcome, n, chosen) => outcome.BestOf(GraphOutcome.Unbounded, n, chosen))),
                .. models.Select((model, i) => Curve(model, i, "majority", true, (outcome, n, chosen) => outcome.Majority(n, chosen))),
            ])
        { Caption = "Temperature 1. Best of N: one chain proves the answer, else a fair guess. Every N is an expectation over subsets of the same samples; bars: 95 % intervals." };
    }

    private static Figure ByLength(Evidence evidence, string name, string title, IReadOnlyList<GraphModel> models)
    {
        var settings = evidence.Settings;
        var most = new GraphConnectivityTask(settings.TaskOf(settings.Depth, ChainStrategy.DfsBacktracking)).Settings.MaxChain;
        int[] lengths = [.. Enumerable.Range(GraphJudge.Shortest(settings), most - GraphJudge.Shortest(settings) + 1)];
        return new(
            name, title, new("vertices S of a chain, at most") { Format = NumberFormat.Plain }, Share("evidence"),
            [.. models.Select(model => new Series(model.Name, SeriesKind.Band, [.. lengths.Select(length => new Point(
                length, evidence.Mean(model, (outcome, all) => outcome.GreedyWithin(length, all))))]))])
        {
            References = [new(settings.Depth * settings.Task.LongLength + 1, "longest simple path", Vertical: true)],
            Caption = "Share of problems whose greedy chain proves the answer within S vertices; means over seeds.",
        };
    }

    /// <summary>Figure 5.3, with the random search that was taught.</summary>
    private static Figure Scaling(Evidence evidence, GraphModel model)
    {
        int[] draws = [.. Draws.Where(n => n <= evidence.Settings.Samples)];
        var (lengths, teacher) = (GraphTables.Lengths(evidence, model, 24), evidence.Teacher(model));
        return new(
            model.Name + "-scaling", "A longer chain, or more of them", new("vertices S of a chain, at most") { Format = NumberFormat.Plain }, Share("accuracy of best-of-N") with { Min = 0.45 },
            [
                .. draws.Select((n, i) => new Series($"N = {n}", SeriesKind.Line, [.. lengths.Select(length => new Point(
                    length, evidence.Mean(model, (outcome, all) => outcome.BestOf(length, n, all))))]) { Color = i }),
                .. draws.Select((n, i) => new Series($"N = {n}, random search", SeriesKind.Band, [.. lengths.Select(length => new Point(
                    length, BridgeRates.Accuracy(BridgeRates.AnyOf(teacher.Within(length), n))))]) { Color = i, Dashed = true }),
            ])
        { Caption = $"{model.Name}, temperature 1; every cell from the same samples. Dashed: the random search that the model was taught, Monte Carlo of {teacher.Count:N0} traces." };
    }

    /// <summary>Claim A4.</summary>
    private static Figure EqualTokens(Evidence evidence, GraphModel model)
    {
        var budgets = GraphJudge.Budgets(evidence, model);
        int[] draws = [.. new[] { 1, 2, 3, 4 }.Where(n => n <= evidence.Settings.Samples)];
        int[] shown = [.. Enumerable.Range(budgets[0], (int)(1.5 * (budgets[^1] - budgets[0])) + 1)];
        return new(
            model.Name + "-equal-tokens", "One long chain beats several short ones of the same tokens", new("chain tokens in all, S N") { Format = NumberFormat.Plain }, Share("accuracy of best-of-N") with { Min = 0.45 },
            [.. draws.Select(n => new Series($"N = {n}", SeriesKind.Band, [.. shown.Select(budget => Interval(
                budget, evidence.Of(model, (outcome, chosen) => outcome.BestOf(budget / n, n, chosen))))]))])
        { Caption = "Temperature 1; N chains of S = B / N vertices at most share a budget of B. Bands: 95 % intervals." };
    }

    private static Figure Paths(Evidence evidence)
    {
        var settings = evidence.Settings;
        return new(
            "two-paths", $"Two paths of {settings.PathVertices} vertices: nothing is known until half of one is seen", new("queries") { Format = NumberFormat.Plain }, Share("success") with { Min = 0.45 },
            [.. evidence.Queries.Paths.Select(pair => new Series(Words(pair.Key), SeriesKind.Band, [.. pair.Value.Queries.Select(q => new Point(q, pair.Value.Success(q)))]))])
        {
            References = [new((settings.PathVertices - 2) / 2.0, "(L - 2) / 2", Vertical: true), new(settings.PathVertices - 1, "L - 1", Vertical: true)],
            Caption = $"The vertex query model, {settings.QueryRuns:N0} runs a policy; a run that does not know guesses.",
        };
    }

    private static Figure Bridges(Evidence evidence)
    {
        var settings = evidence.Settings;
        var unit = 2.0 * settings.Task.ShortLength;
        return new(
            "bridges", "Bridges: a threshold between 3/2 and 2 short ways' queries a block, sharper with depth", new("queries / (2 l d)"), Share("success") with { Min = 0.45 },
            [.. evidence.Queries.Bridges.Select(pair => new Series($"d = {pair.Key}", SeriesKind.Band, [.. pair.Value.Queries.Where(q => q <= 2 * unit * pair.Key).Select(
                q => new Point(q / (unit * pair.Key), pair.Value.Success(q)))]))])
        {
            References = [new(0.75, "3/2 l d", Vertical: true), new(1, "2 l d", Vertical: true)],
            Caption = $"The vertex query model with random depth-first search, {settings.QueryRuns:N0} runs a depth; a run that does not know guesses. The longer the bridge, the more certainly too few queries fail.",
        };
    }

    private static Point Interval(double x, Analysis.Interval interval) => new(x, interval.Value, interval.Low, interval.High);

    private static string Words(string policy) => string.Concat(policy.Select((letter, i) => i > 0 && char.IsUpper(letter) ? " " + char.ToLowerInvariant(letter) : $"{letter}"));

    private static Axis Depth => new("blocks d") { Format = NumberFormat.Plain };

    private static Axis Share(string label) => new(label) { Format = NumberFormat.Percent, Min = 0, Max = 1 };
}
