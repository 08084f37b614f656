using Retort.Recipes.GraphConnectivity;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class GraphConnectivityTests() : RecipeTests(
    new GraphConnectivityRecipe(), ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "T2", "T3", "T1", "A10", "A11"])
{
    protected override void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
        Assert.Equal(
            ["d2-dfsBacktracking", "d2-path", "d2-shortestPath", "d2-path-verified"],
            report.Tables.First(table => table.Name.StartsWith("Models", StringComparison.Ordinal)).Rows.Select(row => row[0].Text));
        foreach (var figure in new[] { "strategies", "samples", "length", "d2-dfsBacktracking-scaling", "d2-dfsBacktracking-equal-tokens", "two-paths", "bridges" })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }

        // Checkpoints say which ids their tokens have, for eval.
        Assert.Contains("positions: coupled", File.ReadAllText(At("a", "checkpoints", "d2-path-seed1", "step-00000004", "task.yaml")), StringComparison.Ordinal);
        Assert.Contains("\"self/d2-path-verified-seed1\"", File.ReadAllText(At("a", "metrics.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_cut_off_anywhere_continues_to_the_bytes_of_an_unbroken_one()
    {
        string[] everything = [.. GraphClaims.Judged.Select(claim => claim.Id)];
        Run("whole", claims: everything);
        // Progress is told at every step and sample: these fall into training, self-training, its controls and questions.
        foreach (var reports in new[] { 9, 60, 140, 260, 300 })
        {
            var cut = $"cut{reports}";
            Assert.ThrowsAny<OperationCanceledException>(() => Run(cut, new CancelAfter(reports), claims: everything));
            Run(cut, claims: everything);
            SameBytes("whole", cut, "evaluations", "stages", "checkpoints");
        }

        var report = Report("whole");
        var settings = GraphPresets.Settings("smoke");
        Assert.Equal(
            everything.SelectMany(claim => GraphModel.Of(claim, settings)).Select(model => model.Name).Distinct().Order(),
            report.Tables[0].Rows.Select(row => row[0].Text).Order());
        foreach (var figure in new[] { "depth", "samples-needed", "self-training", "layers", "walks" })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training() =>
        Assert.Equal(JoinSeeds(1, 2).Tables[0].Rows.Select(row => row[0].Text), Report("first").Tables[0].Rows.Select(row => row[0].Text));

    [Fact]
    public void Parts_with_other_settings_do_not_join() => DoesNotJoin(1, 2, "training.peakLearningRate=0.004");

    // Each of these would be met only in the middle of a run, or after it.
    [Theory]
    [InlineData("model.numHeads=3", "numHeads")]
    [InlineData("seeds=[]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("depths=[2]", "two or more")]
    [InlineData("depths=[2, 1]", "ascending")]
    [InlineData("depth=3", "one of depths")]
    [InlineData("searchSteps=[4]", "one for each of depths")]
    [InlineData("task.shape=twoPath", "bridge")]
    [InlineData("walkSteps=[]", "walkSteps")]
    [InlineData("selfTraining.maxNewTokens=4", "selfTraining")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

    [Fact]
    public void Departures_are_those_of_the_settings()
    {
        Assert.Contains(GraphDepartures.Of(GraphPresets.Settings("quick")), line => line.StartsWith("One seed", StringComparison.Ordinal));
        var paper = GraphDepartures.Of(GraphPresets.Settings("paper"));
        Assert.DoesNotContain(paper, line => line.Contains("An edge is one input token", StringComparison.Ordinal));
    }

    [Fact]
    public void Strategies_learn_from_as_many_answer_tokens()
    {
        var settings = GraphPresets.Settings("full");
        foreach (var depth in settings.Depths)
        {
            double[] tokens = [.. GraphModel.Compared.Select(strategy => new GraphModel(depth, strategy, 2)).Select(model => model.Steps(settings) * model.MeanAnswerTokens(settings))];
            Assert.All(tokens, one => Assert.Equal(tokens[0], one, 0.01 * tokens[0]));
        }
    }
}
