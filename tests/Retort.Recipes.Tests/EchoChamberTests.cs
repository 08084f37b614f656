using System.Text.Json;
using Retort.Recipes.EchoChamber;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class EchoChamberTests() : RecipeTests(new EchoChamberRecipe(), Enumerable.Range(1, 10).Select(i => $"E{i}"))
{
    protected override void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
        var runs = report.Tables.First(table => table.Name.StartsWith("Runs", StringComparison.Ordinal));
        Assert.Equal(["equal-grpo", "equal-kl0.1", "equal-ppo", "equal-expert", "equal-frozen"], runs.Rows.Select(row => row[0].Text));
        var rollouts = File.ReadLines(At("a", "metrics.jsonl")).Where(line => line.Contains("\"curve/equal-ppo-seed1\"", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, rollouts.Length);
        using var first = JsonDocument.Parse(rollouts[0]);
        Assert.Equal(16, first.RootElement.GetProperty("completions").GetInt32());
    }

    [Fact]
    public void A_run_cut_off_anywhere_continues_to_the_bytes_of_an_unbroken_one()
    {
        Run("whole");
        // Progress is told at every step and sample: these fall into pretraining, looks at it, GRPO, PPO, expert iteration and questions.
        foreach (var reports in new[] { 5, 30, 60, 125, 165, 190 })
        {
            var cut = $"cut{reports}";
            Assert.ThrowsAny<OperationCanceledException>(() => Run(cut, new CancelAfter(reports)));
            Run(cut);
            SameBytes("whole", cut, "evaluations", "stages", "checkpoints");
        }
    }

    [Fact]
    public void Every_run_of_the_full_study_can_be_made()
    {
        Run("full", claims: [.. EchoChamberClaims.All.Select(claim => claim.Id)]);
        var report = Report("full");
        var settings = EchoChamberPresets.Settings("smoke");
        var runs = report.Tables.First(table => table.Name.StartsWith("Runs", StringComparison.Ordinal));
        Assert.Equal(PolicyRun.All(settings).Keys, runs.Rows.Select(row => row[0].Text));
        foreach (var figure in new[] { "equal-grpo-accuracy", "kl", "flip", "copies", "sizes", "methods", "stability", "transfer" })
        {
            Assert.Contains($"figures/{figure}.svg", report.Figures);
        }
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training() =>
        Assert.Equal(JoinSeeds(1, 2).Tables[1].Rows.Select(row => row[0].Text), Report("first").Tables[1].Rows.Select(row => row[0].Text));

    [Fact]
    public void Parts_with_other_settings_do_not_join() => DoesNotJoin(1, 2, "rl.learningRate=0.002");

    // Each of these would be met only in the middle of a run, or after it.
    [Theory]
    [InlineData("small.numHeads=3", "numHeads")]
    [InlineData("seeds=[]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("rl.updatesPerPass=3", "rl")]
    [InlineData("rl.maxStaleness=1", "rl.maxStaleness: is 1 in the run equal-ppo")]
    [InlineData("klCoefficients=[1, 0.1]", "klCoefficients")]
    [InlineData("copies=[4]", "copies")]
    [InlineData("task.steps=3..4", "task")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

    [Fact]
    public void Departures_are_those_of_the_settings()
    {
        var full = EchoChamberDepartures.Of(EchoChamberPresets.Settings("full"));
        Assert.Contains(full, line => line.Contains("frozen", StringComparison.Ordinal));
        Assert.DoesNotContain(EchoChamberDepartures.Of(EchoChamberPresets.Settings("quick")), line => line.Contains("frozen", StringComparison.Ordinal));
        Assert.DoesNotContain(
            EchoChamberDepartures.Of(EchoChamberPresets.Settings("paper")), line => line.Contains("KL coefficients are larger", StringComparison.Ordinal));
    }
}
