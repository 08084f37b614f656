using Retort.Analysis.Search;
using Retort.Recipes.Report;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>Results as numbers; shares in percent, means over seeds.</summary>
internal static class GraphTables
{
    private static readonly int[] Draws = [1, 2, 4, 8, 16, 32, 64, 128];

    /// <summary>All tables the evidence can fill.</summary>
    public static IReadOnlyList<ReportTable> All(Evidence evidence)
    {
        var tables = new List<ReportTable>();
        if (evidence.Models.Any())
        {
            tables.Add(Models(evidence));
            tables.Add(BySamples(evidence));
        }

        tables.AddRange(evidence.Models.Where(model => IsSearch(evidence, model)).Select(model => Grid(evidence, model)));
        tables.Add(Queries(evidence));
        return tables;
    }

    /// <summary>The searching model at the study's depth, whose chains are looked at by length.</summary>
    public static bool IsSearch(Evidence evidence, GraphModel model) =>
        model.Strategy == ChainStrategy.DfsBacktracking && model.Depth == evidence.Settings.Depth;

    /// <summary>Lengths that the sweep over S shows, at most so many.</summary>
    public static int[] Lengths(Evidence evidence, GraphModel model, int most)
    {
        var (low, high) = (GraphJudge.Shortest(evidence.Settings), GraphJudge.Budgets(evidence, model)[^1]);
        var step = Math.Max(1, (high - low + most - 1) / most);
        return [.. Enumerable.Range(0, (high - low) / step + 1).Select(i => low + i * step)];
    }

    private static ReportTable Models(Evidence evidence) => new(
        "Models, greedy chains: evidence with its 95 % interval, decisions, chains that are walks (percent), lengths in vertices; blind and paper: the rate of a "
            + "search that does not look ahead, and the paper's at this depth (its search writes no backtracking)",
        ["model", "steps", "evidence", "low", "high", "decision", "walks", "mean length", "verified length, samples", "blind", "paper"],
        [.. evidence.Models.Select(model =>
        {
            var proof = evidence.Of(model, GraphJudge.GreedyEvidence);
            double? blind = model.Strategy switch
            {
                ChainStrategy.Path => BridgeRates.Path(model.Depth, evidence.Settings.Task.DeadEnd > 0),
                ChainStrategy.ShortestPath => BridgeRates.ShortestPath(model.Depth, evidence.Settings.Task.DeadEnd > 0),
                _ => null,
            };
            return (IReadOnlyList<Cell>)[
                model.Name, model.Steps(evidence.Settings), Percent(proof.Value), Percent(proof.Low), Percent(proof.High),
                Percent(evidence.Mean(model, GraphJudge.GreedyDecision)), Percent(evidence[model].Average(outcome => outcome.Walks)),
                Math.Round(evidence[model].Average(outcome => outcome.MeanLength), 1),
                Rounded(evidence.Mean(model, (outcome, all) => outcome.VerifiedLength(all))), Percent(blind),
                model.Further == FurtherTraining.None && model.WalkSteps == 0 ? Percent(PaperValues.Evidence(model.Strategy, model.Depth)) : "",
            ];
        })]);

    private static ReportTable BySamples(Evidence evidence)
    {
        int[] draws = [.. Draws.Where(n => n <= evidence.Settings.Samples)];
        return new(
            "Samples at temperature 1: accuracy of best-of-N with a verifier (one chain is evidence, else a guess) and of majority votes (percent), and N for 90 % evidence",
            ["model", .. draws.Select(n => $"best of {n}"), .. draws.Select(n => $"majority of {n}"), "N for 90 %"],
            [.. evidence.Models.Select(model => (IReadOnlyList<Cell>)[
                model.Name,
                .. draws.Select(n => Percent(evidence.Mean(model, (outcome, all) => outcome.BestOf(GraphOutcome.Unbounded, n, all)))),
                .. draws.Select(n => Percent(evidence.Mean(model, (outcome, all) => outcome.Majority(n, all)))),
                evidence.Mean(model, (outcome, all) => outcome.SamplesFor(0.9, all)) is var needed && needed <= evidence.Settings.Samples
                    ? Math.Round(needed, 1) : $"above {evidence.Settings.Samples}",
            ])]);
    }

    private static ReportTable Grid(Evidence evidence, GraphModel model)
    {
        int[] draws = [.. Draws.Where(n => n <= evidence.Settings.Samples)];
        return new(
            $"{model.Name}: accuracy of best-of-N by the vertices S of a chain (percent), and of the random search that it was taught",
            ["S", .. draws.Select(n => $"N = {n}"), .. draws.Select(n => $"search, {n}")],
            [.. Lengths(evidence, model, 14).Select(most => (IReadOnlyList<Cell>)[
                most, .. draws.Select(n => Percent(evidence.Mean(model, (outcome, all) => outcome.BestOf(most, n, all)))),
                .. draws.Select(n => Percent(BridgeRates.Accuracy(BridgeRates.AnyOf(evidence.Teacher(model).Within(most), n)))),
            ])]);
    }

    private static ReportTable Queries(Evidence evidence)
    {
        var settings = evidence.Settings;
        return new(
            $"Vertex query model: success (percent) by share of the theorem's queries; {settings.QueryRuns:N0} runs each",
            ["graph", "policy", "queries: too few", "success", "majority of 64 runs", "queries: enough", "success "],
            [
                .. evidence.Queries.Paths.Select(pair => Row($"two paths of {settings.PathVertices}", pair.Key, pair.Value, QueryStudy.TooFewOnPaths(settings), settings.PathVertices - 1)),
                .. evidence.Queries.Bridges.Select(pair => Row(
                    $"bridge of {pair.Key}", nameof(QueryPolicy.DepthFirst), pair.Value, QueryStudy.TooFewOnBridge(settings, pair.Key), QueryStudy.EnoughOnBridge(settings, pair.Key))),
            ]);

        static IReadOnlyList<Cell> Row(string graph, string policy, QueryCurve curve, int few, int enough) =>
        [
            graph, policy, few, Percent(curve.Success(few)), Percent(CoinMajority.Accuracy(curve.Success(few), 64)), enough, Percent(curve.Success(enough)),
        ];
    }

    private static Cell Percent(double? share) => share is { } value && double.IsFinite(value) ? Math.Round(100 * value, 1) : "";

    private static Cell Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 1) : "";
}
