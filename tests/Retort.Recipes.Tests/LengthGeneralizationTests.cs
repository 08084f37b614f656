using Retort.Recipes.LengthGeneralization;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class LengthGeneralizationTests() : RecipeTests(new LengthGeneralizationRecipe(), LengthGeneralizationClaims.All.Select(claim => claim.Id))
{
    protected override void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
        var parity = report.Tables.First(table => table.Name.StartsWith("parity with scratchpad, trained", StringComparison.Ordinal));
        Assert.Equal(
            ["position coupling", "RoPE", "NoPE", "ALiBi", "learned, random start", "predictive coupling", "predictive coupling, ids told"],
            parity.Rows.Select(row => row[0].Text).Distinct());
        foreach (var figure in new[] { "parity", "parity-tokens", "parity-ids", "variables", "variables-tokens", "variables-ids" })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }

        // Checkpoints say which ids their tokens have, for eval.
        Assert.Contains("positions: coupled", File.ReadAllText(At("a", "checkpoints", "variables-predictive-seed1", "step-00000004", "task.yaml")), StringComparison.Ordinal);
        Assert.Contains("\"position_loss\"", File.ReadLines(At("a", "metrics.jsonl")).First(line => line.Contains("train/parity-predictive", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_cut_off_anywhere_continues_to_the_bytes_of_an_unbroken_one()
    {
        Run("whole");
        // Progress is told at every step and sample: these fall into data, training and questions of several models.
        foreach (var reports in new[] { 9, 40, 80 })
        {
            var cut = $"cut{reports}";
            Assert.ThrowsAny<OperationCanceledException>(() => Run(cut, new CancelAfter(reports)));
            Run(cut);
            SameBytes("whole", cut, "evaluations", "stages", "checkpoints");
        }
    }

    [Fact]
    public void Every_model_of_the_full_study_can_be_made()
    {
        Run("full", claims: [.. LengthGeneralizationClaims.Judged.Select(claim => claim.Id)], extra: ["ablations=true"]);
        var report = Report("full");
        Assert.Contains("figures/variables-ablations.svg", report.Figures);
        Assert.Contains("figures/parity-ablations.svg", report.Figures);
        var settings = LengthGeneralizationPresets.Settings("smoke") with { Ablations = true };
        var cells = LengthGeneralizationClaims.Judged.SelectMany(claim => ModelKind.Of(claim.Id, settings)).Distinct().Count();
        Assert.Equal(cells, report.Tables[0].Rows.Count);
        Assert.All(LengthGeneralizationClaims.Judged, claim => Assert.NotEmpty(ModelKind.Of(claim.Id, settings)));
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training() =>
        Assert.Equal(JoinSeeds(1, 2).Tables[0].Rows.Select(row => row[1].Text), Report("first").Tables[0].Rows.Select(row => row[1].Text));

    [Fact]
    public void Parts_with_other_settings_do_not_join() => DoesNotJoin(1, 2, "parityModels.training.peakLearningRate=0.004");

    // Each of these would be met only in the middle of a run, or after it.
    [Theory]
    [InlineData("parityModels.model.numHeads=3", "numHeads")]
    [InlineData("seeds=[]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("parityModels.testLengths=[6, 9]", "parityModels: testLengths lack 12")]
    [InlineData("parityModels.testLengths=[12]", "parityModels: testLengths lack 6")]
    [InlineData("parityModels.testLengths=[12, 6]", "do not ascend")]
    [InlineData("variableModels.testLengths=[6, 12]", "variableModels: testLengths lack 9")]
    [InlineData("variableModels.testLengths=[1, 6, 9]", "variableModels: asks length 1")]
    [InlineData("variables.numNames=10", "numNames")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

    [Fact]
    public void Departures_are_those_of_the_settings()
    {
        var quick = LengthGeneralizationDepartures.Of(LengthGeneralizationPresets.Settings("quick"));
        Assert.Contains(quick, line => line.StartsWith("One seed", StringComparison.Ordinal));
        var paper = LengthGeneralizationDepartures.Of(LengthGeneralizationPresets.Settings("paper"));
        Assert.DoesNotContain(paper, line => line.Contains("normalised, and the learning rate", StringComparison.Ordinal));
        Assert.DoesNotContain(paper, line => line.StartsWith("One seed", StringComparison.Ordinal));
    }
}
