using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Report;
using Retort.Recipes.SolutionTree;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class SolutionTreeTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retort-solution-tree-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Smoke_writes_the_whole_run_folder_and_judges_nothing()
    {
        var outcome = Run("a");
        var report = Report("a");
        Assert.False(outcome.AnyClaimFails);
        Assert.Equal(Enumerable.Range(1, 11).Select(i => $"W{i}"), report.Claims.Select(claim => claim.Id));
        Assert.All(report.Claims, claim => Assert.Equal(ClaimVerdict.NotRun, claim.Verdict));
        Assert.All(report.Claims.Where(claim => claim.Id is "W6" or "W7"), claim => Assert.Equal("it needs a language model", claim.Reason));
        Assert.True(report.Flops.Train > 0 && report.Flops.Sample > 0);
        Assert.NotEmpty(report.Departures);
        foreach (var file in new[] { "config.yaml", "metrics.jsonl", "timing.jsonl", "report.html" })
        {
            Assert.True(File.Exists(At("a", file)), file);
        }

        Assert.All(report.Figures, figure => Assert.True(File.Exists(At("a", figure)), figure));
        Assert.All(report.Tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
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
        Assert.Equal(File.ReadAllBytes(At("whole", "metrics.jsonl")), File.ReadAllBytes(At("cut", "metrics.jsonl")));
        foreach (var written in Directory.GetFiles(At("whole", "evaluations")).Concat(Directory.GetFiles(At("whole", "stages"))))
        {
            Assert.Equal(File.ReadAllBytes(written), File.ReadAllBytes(written.Replace(At("whole"), At("cut"), StringComparison.Ordinal)));
        }

        var model = Path.Combine("checkpoints", "after-wall-seed1", "step-00000003", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(At("whole", model)), File.ReadAllBytes(At("cut", model)));
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training()
    {
        Run("one", seeds: [1]);
        Run("four", seeds: [4]);
        Run("joined", merge: [At("one"), At("four")]);
        var report = Report("joined");
        Assert.Equal([1UL, 4UL], report.Seeds);
        Assert.Equal(new[] { "one", "four" }.Sum(part => Report(part).Flops.Train), report.Flops.Train);
        Assert.False(Directory.Exists(At("joined", "checkpoints")));
        Assert.Equal(2, report.Tables.First(table => table.Name.StartsWith("Worlds", StringComparison.Ordinal)).Rows.Count);
    }

    [Fact]
    public void Parts_with_other_settings_do_not_join()
    {
        Run("one", seeds: [1]);
        Run("other", seeds: [4], extra: ["evaluation.samples=3"]);
        Assert.Contains("other settings", Assert.Throws<UserError>(() => Run("joined", merge: [At("one"), At("other")])).Message, StringComparison.Ordinal);
    }

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
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named)
    {
        var error = Assert.Throws<UserError>(() => Run("refused", extra: [setting]));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("refused")));
    }

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

    [Theory]
    [InlineData("smoke")]
    [InlineData("quick")]
    [InlineData("full")]
    [InlineData("paper")]
    public void Every_preset_is_priced_without_being_run(string preset)
    {
        var outcome = new SolutionTreeRecipe().Run(new RecipeContext { Preset = preset, OutputFolder = At(preset), DryRun = true });
        using var plan = JsonDocument.Parse(outcome.Json);
        Assert.True(plan.RootElement.GetProperty("flops").GetDouble() > 0);
        Assert.True(plan.RootElement.GetProperty("peak_bytes").GetInt64() > 0);
        Assert.False(Directory.Exists(At(preset)));
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

    private RecipeOutcome Run(
        string name, CancelAfter? interruption = null, ulong[]? seeds = null, string[]? extra = null, string[]? merge = null, string[]? claims = null) =>
        new SolutionTreeRecipe().Run(new RecipeContext
        {
            Preset = "smoke",
            OutputFolder = At(name),
            Overrides = extra ?? [],
            Seeds = seeds,
            Claims = claims,
            MergeFolders = merge ?? [],
            Progress = (IProgressReporter?)interruption ?? SilentProgress.Instance,
            Cancellation = interruption?.Token ?? default,
        });

    private RunReport Report(string name) => RunReport.FromJson(File.ReadAllText(At(name, "report.json")), name);

    private string At(params string[] parts) => Path.Combine([root, .. parts]);
}
