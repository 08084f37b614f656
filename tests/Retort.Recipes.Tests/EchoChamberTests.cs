using System.Text.Json;
using Retort.Core;
using Retort.Recipes.EchoChamber;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class EchoChamberTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("retort-echo-chamber-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Smoke_writes_the_whole_run_folder_and_judges_nothing()
    {
        var outcome = Run("a");
        var report = Report("a");
        Assert.False(outcome.AnyClaimFails);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"E{i}"), report.Claims.Select(claim => claim.Id));
        Assert.All(report.Claims, claim => Assert.Equal(ClaimVerdict.NotRun, claim.Verdict));
        Assert.True(report.Flops.Train > 0 && report.Flops.Sample > 0);
        Assert.NotEmpty(report.Departures);
        foreach (var file in new[] { "config.yaml", "metrics.jsonl", "timing.jsonl", "report.html" })
        {
            Assert.True(File.Exists(At("a", file)), file);
        }

        Assert.All(report.Figures, figure => Assert.True(File.Exists(At("a", figure)), figure));
        Assert.All(report.Tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
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
            Assert.Equal(File.ReadAllBytes(At("whole", "metrics.jsonl")), File.ReadAllBytes(At(cut, "metrics.jsonl")));
            foreach (var written in new[] { "evaluations", "stages", "checkpoints" }.SelectMany(inner => Directory.GetFiles(At("whole", inner), "*", SearchOption.AllDirectories)))
            {
                Assert.Equal(File.ReadAllBytes(written), File.ReadAllBytes(written.Replace(At("whole"), At(cut), StringComparison.Ordinal)));
            }
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
    public void Parts_of_different_seeds_join_without_training()
    {
        Run("one", seeds: [1]);
        Run("two", seeds: [2]);
        new EchoChamberRecipe().Run(Context("joined") with { MergeFolders = [At("one"), At("two")] });
        var (report, parts) = (Report("joined"), new[] { "one", "two" }.Select(Report).ToArray());
        Assert.Equal([1UL, 2UL], report.Seeds);
        Assert.Equal(parts.Sum(part => part.Flops.Train), report.Flops.Train);
        Assert.Equal(parts[0].Tables[1].Rows.Select(row => row[0].Text), report.Tables[1].Rows.Select(row => row[0].Text));
        Assert.False(Directory.Exists(At("joined", "checkpoints")));
    }

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
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named)
    {
        var error = Assert.Throws<UserError>(() => new EchoChamberRecipe().Run(Context("refused") with { Overrides = [setting] }));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("refused")));
    }

    [Theory]
    [InlineData("smoke")]
    [InlineData("quick")]
    [InlineData("full")]
    [InlineData("paper")]
    public void Every_preset_is_priced_without_being_run(string preset)
    {
        var outcome = new EchoChamberRecipe().Run(Context(preset) with { Preset = preset, DryRun = true });
        using var plan = JsonDocument.Parse(outcome.Json);
        Assert.True(plan.RootElement.GetProperty("flops").GetDouble() > 0);
        Assert.True(plan.RootElement.GetProperty("peak_bytes").GetInt64() > 0);
        Assert.False(Directory.Exists(At(preset)));
    }

    [Fact]
    public void Departures_are_those_of_the_settings()
    {
        var full = EchoChamberDepartures.Of(EchoChamberPresets.Settings("full"));
        Assert.Contains(full, line => line.Contains("frozen", StringComparison.Ordinal));
        Assert.DoesNotContain(EchoChamberDepartures.Of(EchoChamberPresets.Settings("quick")), line => line.Contains("frozen", StringComparison.Ordinal));
        Assert.DoesNotContain(
            EchoChamberDepartures.Of(EchoChamberPresets.Settings("paper")), line => line.Contains("KL coefficients are larger", StringComparison.Ordinal));
    }

    private RecipeOutcome Run(string name, CancelAfter? interruption = null, ulong[]? seeds = null, string[]? claims = null)
    {
        var context = Context(name) with { Seeds = seeds, Claims = claims };
        return new EchoChamberRecipe().Run(interruption is null
            ? context
            : context with { Progress = interruption, Cancellation = interruption.Token });
    }

    private RecipeContext Context(string name) => new() { Preset = "smoke", OutputFolder = At(name) };

    private RunReport Report(string name) => RunReport.FromJson(File.ReadAllText(At(name, "report.json")), name);

    private string At(params string[] parts) => Path.Combine([root, .. parts]);
}
