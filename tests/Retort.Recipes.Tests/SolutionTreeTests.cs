using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Report;
using Retort.Recipes.SolutionTree;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class SolutionTreeTests() : RecipeTests(new SolutionTreeRecipe(), Enumerable.Range(1, 11).Select(i => $"W{i}"))
{
    protected override void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
        Assert.All(report.Claims.Where(claim => claim.Id is "W6" or "W7"), claim => Assert.Equal("it needs a language model", claim.Reason));
        using var sample = JsonDocument.Parse(File.ReadLines(At("a", "evaluations", "after-wall-seed1-test.jsonl")).First());
        Assert.Equal(
            ["problem", "model", "temperature", "sample", "correct", "answer", "plan", "execute"],
            sample.RootElement.EnumerateObject().Select(field => field.Name));
    }

    [Fact]
    public void Every_condition_and_control_world_of_the_full_study_can_be_run()
    {
        Run("full", claims: ["W10", "W11"]);
        var report = Report("full");
        var conditions = new TreeConditions(TreePresets.Settings("smoke"));
        var table = report.Tables.First(table => table.Name.StartsWith("Conditions", StringComparison.Ordinal));
        Assert.Equal(conditions.All.Select(condition => condition.Label), table.Rows.Select(row => row[0].Text));
        Assert.Equal(2, report.Tables.First(table => table.Name.StartsWith("Control", StringComparison.Ordinal)).Rows.Count);
        Assert.All(report.Tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
        foreach (var figure in new[] { "conditions-problems", "plan-execute-world", "sizing", "held-out", "base-curve", "base-known-after", "base-self-sorted-before", "base-gain" })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }
    }

    [Fact]
    public void A_run_cut_off_in_the_middle_continues_to_the_bytes_of_an_unbroken_one()
    {
        Run("whole");
        // In pretraining, in the third of four evaluations of three temperatures, in reinforcement learning.
        foreach (var reports in new[] { 4, 12, 8 })
        {
            Assert.ThrowsAny<OperationCanceledException>(() => Run("cut", new CancelAfter(reports)));
        }

        Run("cut");
        SameBytes("whole", "cut", "evaluations", "stages");
        var model = Path.Combine("checkpoints", "after-wall-seed1", "step-00000003", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(At("whole", model)), File.ReadAllBytes(At("cut", model)));
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training() =>
        Assert.Equal(2, JoinSeeds(1, 4).Tables.First(table => table.Name.StartsWith("Worlds", StringComparison.Ordinal)).Rows.Count);

    [Fact]
    public void Parts_with_other_settings_do_not_join() => DoesNotJoin(1, 4, "evaluation.samples=3");

    // Each of these would be met only in the middle of a run, or after it.
    [Theory]
    [InlineData("model.numHeads=3", "numHeads")]
    [InlineData("seeds=[]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("sideSeeds=[1, 1]", "sideSeeds: has 1 more than once")]
    [InlineData("evaluation.temperatures=[1, 0.2]", "temperatures")]
    [InlineData("evaluation.sideTemperatures=[0.3]", "sideTemperatures")]
    [InlineData("evaluation.hot=0.9", "hot")]
    [InlineData("evaluation.middle=1.2", "middle")]
    [InlineData("rlProblems=16", "rlProblems")]
    [InlineData("vary.fewActions=4", "fewer actions")]
    [InlineData("vary.groups=[3]", "groups")]
    [InlineData("vary.problemCounts=[4]", "problemCounts")]
    [InlineData("world.heldOutPairs=0.1", "world")]
    [InlineData("world.worldSeed=3", "worldSeed")]
    [InlineData("rl.algorithm=ppo", "rl: is ppo")]
    [InlineData("rl.maxNewTokens=9", "maxNewTokens")]
    [InlineData("world.numActions=9", "numActions")]
    [InlineData("rl.samplesPerPrompt=1", "samplesPerPrompt")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

    [Fact]
    public void An_evaluation_that_is_not_this_runs_is_refused_by_its_line()
    {
        Run("a");
        var path = At("a", "evaluations", "after-wall-seed1-test.jsonl");
        var lines = File.ReadAllLines(path);
        foreach (var (changed, complaint) in new (string[], string)[]
                 {
                     ([.. lines[..^1]], "lacks samples"), ([.. lines, "{"], $"{path}:{lines.Length + 1}"),
                     ([.. lines[1..], lines[0].Replace("\"test-", "\"mine-", StringComparison.Ordinal)], "is not this run's"),
                 })
        {
            File.WriteAllLines(path, changed);
            Assert.Contains(complaint, Assert.Throws<UserError>(() => Run("a")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Claims_choose_what_is_run_and_side_conditions_run_for_their_seeds()
    {
        var settings = TreePresets.Settings("full");
        var conditions = new TreeConditions(settings);
        Assert.Equal(["base", "wall"], Names(TreeWork.Of(settings, conditions, ["W1", "W2"])));
        Assert.Equal(["base"], Names(TreeWork.Of(settings, conditions, ["W3", "W9"])));
        var all = TreeWork.Of(settings, conditions, [.. TreeClaims.All.Select(claim => claim.Id)]);
        Assert.Equal(conditions.All.Count, all.Conditions.Count);
        Assert.Equal(4, all.Controls.Count);
        Assert.All(all.Conditions, item => Assert.Equal(item.Condition.IsSide ? [1UL] : settings.Seeds, item.Seeds));
        Assert.All(TreeClaims.All, claim => Assert.All(TreeClaims.ConditionsOf(claim.Id), name =>
            Assert.Contains(conditions.All, condition => condition.Name == name && !condition.IsSide)));
        Assert.Equal(conditions.All.Count, conditions.All.Select(condition => condition.Name).Distinct().Count());
        Assert.DoesNotContain(TreeWork.Of(settings with { Seeds = [4] }, conditions, ["W10"]).Conditions, item => item.Condition.IsSide);

        static IEnumerable<string> Names(TreeWork work) => work.Conditions.Select(item => item.Condition.Name);
    }
}
