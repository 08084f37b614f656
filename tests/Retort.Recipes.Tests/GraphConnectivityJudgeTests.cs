using Retort.Recipes.GraphConnectivity;
using Retort.Recipes.Report;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.Tests;

/// <summary>Every rule, on made-up models for which the claim is true, or not.</summary>
public sealed class GraphConnectivityJudgeTests
{
    private const int Problems = 200, Samples = 16;

    private static readonly GraphStudySettings Settings = new() { TestProblems = Problems, Samples = Samples, QueryRuns = 20_000 };
    private static readonly QueryStudy Queries = QueryStudy.Measure(Settings, 2, CancellationToken.None);

    /// <summary>A model's made-up rates: of evidence, of right decisions without it, and a chain's vertices.</summary>
    private readonly record struct Made(double Evidence, double Guess = 0.5, int Length = 10, double Walks = 1);

    [Theory]
    [InlineData("A1")]
    [InlineData("A2")]
    [InlineData("A3")]
    [InlineData("A4")]
    [InlineData("A5")]
    [InlineData("A6")]
    [InlineData("A7")]
    [InlineData("A8")]
    [InlineData("A9")]
    [InlineData("T2")]
    [InlineData("T3")]
    public void A_claim_holds_of_models_that_behave_so(string id) => Assert.Equal(ClaimVerdict.Holds, Judge(id, AsClaimed).Verdict);

    [Theory]
    [InlineData("A1")]
    [InlineData("A2")]
    [InlineData("A3")]
    [InlineData("A5")]
    [InlineData("A6")]
    [InlineData("A7")]
    [InlineData("A8")]
    [InlineData("A9")]
    public void A_claim_does_not_hold_where_all_models_are_alike(string id) =>
        Assert.NotEqual(ClaimVerdict.Holds, Judge(id, _ => new(0.97, 0.5, 7)).Verdict);

    [Theory]
    [InlineData("A1")]
    [InlineData("A3")]
    [InlineData("A4")]
    [InlineData("A6")]
    [InlineData("A8")]
    public void Search_that_was_not_learned_proves_nothing(string id) => Assert.Equal(
        ClaimVerdict.Inconclusive, Judge(id, model => AsClaimed(model) with { Evidence = 0.9 * AsClaimed(model).Evidence }).Verdict);

    [Fact]
    public void A_model_that_cannot_look_up_an_edge_fails_for_another_reason() =>
        Assert.Equal(ClaimVerdict.Inconclusive, Judge("A1", model => AsClaimed(model) with { Walks = 0.5 }).Verdict);

    /// <summary>The theorems' thresholds are not met by an algorithm that is told more than a query's answer.</summary>
    [Fact]
    public void Knowing_early_fails_the_theorems()
    {
        var early = new QueryStudy(
            Queries.Paths.ToDictionary(pair => pair.Key, pair => pair.Value with { Known = [.. pair.Value.Known.Select(_ => 0.5)] }),
            Queries.Bridges.ToDictionary(pair => pair.Key, pair => pair.Value with { Known = [.. pair.Value.Known.Select(_ => 0.5)] }));
        Assert.Equal(ClaimVerdict.Fails, Judge("T2", AsClaimed, early).Verdict);
        Assert.Equal(ClaimVerdict.Fails, Judge("T3", AsClaimed, early).Verdict);
    }

    private static Made AsClaimed(GraphModel model) => model switch
    {
        { Further: FurtherTraining.Verified } => new(0.7, Length: 14),
        { Strategy: ChainStrategy.DfsBacktracking } => new(0.99, Length: 17),
        { Strategy: ChainStrategy.Dfs, HasOwnDepth: true } => new(0.8),
        { Strategy: ChainStrategy.Dfs } => new(0.3),
        { Strategy: ChainStrategy.Path } => new(0.7 * Math.Pow(0.5, model.Depth - 1)),
        { Strategy: ChainStrategy.ShortestPath } => new(0.33 * Math.Pow(0.25, model.Depth - 1)),
        _ => new(0.03 * model.WalkSteps),
    };

    private static ClaimResult Judge(string id, Func<GraphModel, Made> made, QueryStudy? queries = null)
    {
        var claim = GraphClaims.Judged.First(one => one.Id == id);
        return GraphJudge.Judge(claim, new Evidence(
            Settings, GraphModel.Of(id, Settings).ToDictionary(
                model => model.Name, model => (model, (IReadOnlyList<GraphOutcome>)[Outcome(made(model))])), queries ?? Queries, 2));
    }

    /// <summary>Problems and samples in even proportions, so that rates are what they are said to be; every seventh chain is shorter.</summary>
    private static GraphOutcome Outcome(Made made)
    {
        ChainFacts Facts(int problem, int sample)
        {
            var place = (problem * 0.6180339887 + sample * 0.7548776662) % 1;
            var isProof = place < made.Evidence;
            var guess = (place - made.Evidence) / Math.Max(1e-9, 1 - made.Evidence) < made.Guess;
            return new(made.Length + (problem + sample) % 7 - 3, isProof, (problem % 100) < 100 * made.Walks, isProof || guess ? 1 : 0);
        }

        return new(
            [.. Enumerable.Range(0, Problems).Select(problem => Facts(problem, 0))],
            [.. Enumerable.Range(0, Problems).Select(problem => Enumerable.Range(1, Samples).Select(sample => Facts(problem, sample)).ToArray())]);
    }
}
