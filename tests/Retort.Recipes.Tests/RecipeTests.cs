using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>
/// What every recipe must do at its smallest, and what its tests need: a folder of their own and short ways to run, join and read.
/// </summary>
/// <param name="recipe">The recipe.</param>
/// <param name="claims">Ids of all its claims, in order.</param>
/// <param name="smaller">Settings that make its smoke preset smaller still.</param>
public abstract class RecipeTests(IRecipe recipe, IEnumerable<string> claims, params string[] smaller) : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory($"retort-{recipe.Name}-").FullName;

    public void Dispose()
    {
        Directory.Delete(root, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Smoke_writes_the_whole_run_folder_and_judges_nothing()
    {
        var outcome = Run("a");
        var report = Report("a");
        Assert.False(outcome.AnyClaimFails);
        Assert.Equal(claims, report.Claims.Select(claim => claim.Id));
        Assert.All(report.Claims, claim => Assert.Equal(ClaimVerdict.NotRun, claim.Verdict));
        Assert.All(report.Claims, claim => Assert.NotNull(claim.Reason));
        Assert.True(report.Flops.Train > 0 && report.Flops.Sample > 0);
        Assert.NotEmpty(report.Departures);
        foreach (var file in new[] { "config.yaml", "metrics.jsonl", "timing.jsonl", "report.html" })
        {
            Assert.True(File.Exists(At("a", file)), file);
        }

        Assert.All(report.Figures, figure => Assert.True(File.Exists(At("a", figure)), figure));
        Assert.All(report.Tables, table => Assert.All(table.Rows, row => Assert.Equal(table.Columns.Count, row.Count)));
        Assert.All(File.ReadLines(At("a", "metrics.jsonl")), line => JsonDocument.Parse(line).Dispose());
        CheckSmoke(outcome, report);
    }

    [Fact]
    public void Every_preset_is_priced_without_being_run()
    {
        Assert.Equal(["smoke", "quick", "full", "paper"], recipe.Presets.Select(preset => preset.Name));
        foreach (var preset in recipe.Presets)
        {
            var outcome = recipe.Run(new RecipeContext { Preset = preset.Name, OutputFolder = At(preset.Name), DryRun = true });
            using var plan = JsonDocument.Parse(outcome.Json);
            Assert.True(plan.RootElement.GetProperty("flops").GetDouble() > 0, preset.Name);
            CheckPlan(plan.RootElement);
            Assert.False(Directory.Exists(At(preset.Name)));
        }
    }

    [Fact]
    public void An_unknown_claim_is_refused_with_the_nearest_one()
    {
        var last = claims.Last();
        var error = Assert.Throws<UserError>(() => Run("refused", claims: [last + "1"]));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(last, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("refused")));
    }

    /// <summary>What the recipe's own smoke has besides.</summary>
    protected virtual void CheckSmoke(RecipeOutcome outcome, RunReport report)
    {
    }

    /// <summary>What the recipe's own plan has besides.</summary>
    protected virtual void CheckPlan(JsonElement plan) => Assert.True(plan.GetProperty("peak_bytes").GetInt64() > 0);

    /// <summary>The setting is refused by a message that has <paramref name="named"/>, before anything is written.</summary>
    protected void Refuses(string setting, string named)
    {
        var error = Assert.Throws<UserError>(() => Run("refused", extra: [setting]));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("refused")));
    }

    /// <summary>Two seeds, each in a folder of its own, are joined without training; the joined report.</summary>
    protected RunReport JoinSeeds(ulong first, ulong second)
    {
        Run("first", seeds: [first]);
        Run("second", seeds: [second]);
        Run("joined", merge: [At("first"), At("second")]);
        var (report, parts) = (Report("joined"), new[] { "first", "second" }.Select(Report).ToArray());
        Assert.Equal([first, second], report.Seeds);
        Assert.Equal(parts.Sum(part => part.Flops.Train), report.Flops.Train);
        Assert.True(report.WallSeconds >= parts.Sum(part => part.WallSeconds));
        Assert.False(Directory.Exists(At("joined", "checkpoints")));
        return report;
    }

    /// <summary>A part of another seed and another setting is not joined.</summary>
    protected void DoesNotJoin(ulong first, ulong second, string setting)
    {
        Run("first", seeds: [first]);
        Run("other", seeds: [second], extra: [setting]);
        var error = Assert.Throws<UserError>(() => Run("joined", merge: [At("first"), At("other")]));
        Assert.Contains("other settings", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Every file of these folders of the first run has the same bytes in the second.</summary>
    protected void SameBytes(string whole, string cut, params string[] folders)
    {
        Assert.Equal(File.ReadAllBytes(At(whole, "metrics.jsonl")), File.ReadAllBytes(At(cut, "metrics.jsonl")));
        foreach (var written in folders.SelectMany(inner => Directory.GetFiles(At(whole, inner), "*", SearchOption.AllDirectories)))
        {
            Assert.Equal(File.ReadAllBytes(written), File.ReadAllBytes(written.Replace(At(whole), At(cut), StringComparison.Ordinal)));
        }
    }

    private protected RecipeOutcome Run(
        string name, CancelAfter? interruption = null, ulong[]? seeds = null, string[]? extra = null, string[]? merge = null,
        string[]? claims = null)
    {
        var context = Context(name, extra) with { Seeds = seeds, Claims = claims, MergeFolders = merge ?? [] };
        return recipe.Run(interruption is null ? context : context with { Progress = interruption, Cancellation = interruption.Token });
    }

    protected RecipeContext Context(string name, string[]? extra = null) =>
        new() { Preset = "smoke", OutputFolder = At(name), Overrides = [.. smaller, .. extra ?? []] };

    protected RunReport Report(string name) => RunReport.FromJson(File.ReadAllText(At(name, "report.json")), name);

    protected string At(params string[] parts) => Path.Combine([root, .. parts]);
}
