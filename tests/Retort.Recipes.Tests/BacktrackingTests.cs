using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Recipes.Backtracking;
using Retort.Recipes.Report;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class BacktrackingTests : IDisposable
{
    private static readonly string[] Smaller =
    [
        "testProblems=4", "directSamples=2", "countDownStudy.trainProblems=40", "sudokuStudy.trainProblems=20",
    ];

    private readonly string root = Directory.CreateTempSubdirectory("retort-backtracking-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Smoke_writes_the_whole_run_folder_and_judges_nothing()
    {
        var outcome = Run("a");
        var report = Report("a");
        Assert.False(outcome.AnyClaimFails);
        Assert.Equal(["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10"], report.Claims.Select(claim => claim.Id));
        Assert.All(report.Claims, claim => Assert.Equal(ClaimVerdict.NotRun, claim.Verdict));
        Assert.All(report.Claims, claim => Assert.NotNull(claim.Reason));
        Assert.True(report.Flops.Train > 0 && report.Flops.Sample > 0);
        Assert.NotEmpty(report.Departures);
        foreach (var file in new[] { "config.yaml", "metrics.jsonl", "timing.jsonl", "report.html" })
        {
            Assert.True(File.Exists(At("a", file)), file);
        }

        Assert.All(report.Figures, figure => Assert.True(File.Exists(At("a", figure)), figure));
        Assert.All(File.ReadLines(At("a", "metrics.jsonl")), line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public void A_run_cut_off_in_the_middle_continues_to_the_bytes_of_an_unbroken_one()
    {
        Run("whole");
        Assert.ThrowsAny<OperationCanceledException>(() => Run("cut", new CancelAfter(reports: 12)));
        Run("cut");
        Assert.Equal(File.ReadAllBytes(At("whole", "metrics.jsonl")), File.ReadAllBytes(At("cut", "metrics.jsonl")));
        foreach (var evaluation in Directory.GetFiles(At("whole", "evaluations")))
        {
            Assert.Equal(File.ReadAllBytes(evaluation), File.ReadAllBytes(At("cut", "evaluations", Path.GetFileName(evaluation))));
        }

        var model = Path.Combine("checkpoints", "sudoku-direct-seed1", "step-00000005", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(At("whole", model)), File.ReadAllBytes(At("cut", model)));
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training()
    {
        Run("one", seeds: [1]);
        Run("two", seeds: [2]);
        Context("joined", merge: [At("one"), At("two")], out var context);
        new BacktrackingRecipe().Run(context);
        var report = Report("joined");
        Assert.Equal([1UL, 2UL], report.Seeds);
        var parts = new[] { "one", "two" }.Select(Report).ToArray();
        Assert.Equal(parts.Sum(part => part.Flops.Train), report.Flops.Train);
        Assert.True(report.WallSeconds >= parts.Sum(part => part.WallSeconds));
        Assert.False(Directory.Exists(At("joined", "checkpoints")));
    }

    // Each of these would be met only in the middle of a run, or after it.
    [Theory]
    [InlineData("main.numHeads=3", "numHeads")]
    [InlineData("seeds=[]", "seeds")]
    [InlineData("seeds=[1, 1]", "each seed once")]
    [InlineData("searchRl.algorithm=ppo", "searchRl: is ppo")]
    [InlineData("directRl.algorithm=ppo", "directRl: is ppo")]
    [InlineData("countDownStudy.budgets=[]", "budgets")]
    [InlineData("countDownStudy.budgets=[128, 64]", "budgets")]
    [InlineData("countDownStudy.budgets=[64, 1024]", "searchContext")]
    [InlineData("sudokuStudy.directContext=16", "directContext")]
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named)
    {
        Context("refused", null, out var context, extra: [setting]);
        var error = Assert.Throws<UserError>(() => new BacktrackingRecipe().Run(context));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("refused")));
    }

    [Fact]
    public void What_was_spent_before_a_kill_is_in_the_report()
    {
        // A killed run leaves no last words: only what it booked on the way.
        Run("whole");
        Run("killed");
        File.Delete(At("killed", "report.json"));
        File.Delete(At("killed", "evaluations", "sudoku-direct-seed1.jsonl"));
        Run("killed");
        var (whole, killed) = (Report("whole"), Report("killed"));
        Assert.Equal(whole.Flops.Train, killed.Flops.Train);
        Assert.True(killed.Flops.Sample > whole.Flops.Sample);
        Assert.True(killed.WallSeconds > 0);
        Assert.Contains("C1 NotRun", File.ReadAllText(At("killed", "log.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Departures_are_those_of_the_settings()
    {
        Run("small");
        var report = Report("small");
        Assert.Contains(report.Departures, line => line.Contains("6x6", StringComparison.Ordinal));
        Context("noNorm", null, out var context, extra: ["main.queryKeyNorm=false"]);
        new BacktrackingRecipe().Run(context);
        var other = Report("noNorm");
        Assert.Equal(["Queries and keys are normalised."], report.Departures.Except(other.Departures));
    }

    [Fact]
    public void Parts_with_other_settings_do_not_join()
    {
        Run("one", seeds: [1]);
        Context("other", null, out var other, extra: ["temperature=0.9"], seeds: [2]);
        new BacktrackingRecipe().Run(other);
        Context("joined", [At("one"), At("other")], out var context);
        var error = Assert.Throws<UserError>(() => new BacktrackingRecipe().Run(context));
        Assert.Contains("other settings", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smoke")]
    [InlineData("quick")]
    [InlineData("full")]
    [InlineData("paper")]
    public void Every_preset_is_priced_without_being_run(string preset)
    {
        var outcome = new BacktrackingRecipe().Run(new RecipeContext { Preset = preset, OutputFolder = At(preset), DryRun = true });
        using var plan = JsonDocument.Parse(outcome.Json);
        Assert.True(plan.RootElement.GetProperty("flops").GetDouble() > 0);
        Assert.True(plan.RootElement.GetProperty("peak_bytes").GetInt64() > 0);
        Assert.False(Directory.Exists(At(preset)));
    }

    [Fact]
    public void An_unknown_claim_is_refused_with_the_nearest_one()
    {
        var context = new RecipeContext { Preset = "full", OutputFolder = At("x"), Claims = ["C11"] };
        var error = Assert.Throws<UserError>(() => new BacktrackingRecipe().Run(context));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains("C10", error.Message, StringComparison.Ordinal);
    }

    // The table of section 4: hidden, layers, kv width, MLP; cost in 1e9 at 256 and at 4096 tokens, two digits.
    [Theory]
    [InlineData(256, 6, 1, 512, 0.91, 27)]
    [InlineData(512, 8, 1, 1024, 4.7, 107)]
    [InlineData(512, 10, 2, 2048, 9.9, 199)]
    [InlineData(1024, 12, 2, 3072, 37, 696)]
    public void The_papers_cost_formula_gives_the_papers_table(int hidden, int layers, int kvHeads, int mlp, double short256, double long4096)
    {
        var heads = hidden == 256 || layers == 8 ? 4 : 8;
        var config = new ModelConfig
        {
            VocabularySize = 46,
            HiddenSize = hidden,
            NumLayers = layers,
            NumHeads = heads,
            NumKvHeads = kvHeads,
            IntermediateSize = mlp,
            MaxPositions = 4096,
        };
        Assert.Equal(1, BacktrackingTables.PaperFormula(config, 256) / (short256 * 1e9), 0.02);
        Assert.Equal(1, BacktrackingTables.PaperFormula(config, 4096) / (long4096 * 1e9), 0.02);
    }

    [Fact]
    public void The_engines_count_is_twice_the_papers_linear_part_and_four_times_its_attention()
    {
        var config = new ModelConfig
        {
            VocabularySize = 16,
            HiddenSize = 64,
            NumLayers = 3,
            NumHeads = 4,
            NumKvHeads = 2,
            IntermediateSize = 128,
            MaxPositions = 512,
        };
        foreach (var tokens in new[] { 1, 17, 512 })
        {
            var (h, attention) = (64.0, 3 * 64.0 * tokens * (tokens + 1) / 2);
            var linear = BacktrackingTables.PaperFormula(config, tokens) - attention;
            Assert.Equal(2 * linear + 4 * attention + 2 * h * 16 * tokens, GenerationCost.Flops(config, tokens));
        }
    }

    private RecipeOutcome Run(string name, CancelAfter? interruption = null, ulong[]? seeds = null)
    {
        Context(name, null, out var context, seeds: seeds);
        return new BacktrackingRecipe().Run(interruption is null
            ? context
            : context with { Progress = interruption, Cancellation = interruption.Token });
    }

    private void Context(string name, string[]? merge, out RecipeContext context, string[]? extra = null, ulong[]? seeds = null) => context = new()
    {
        Preset = "smoke",
        OutputFolder = At(name),
        Overrides = [.. Smaller, .. extra ?? []],
        Seeds = seeds,
        MergeFolders = merge ?? [],
    };

    private RunReport Report(string name) => RunReport.FromJson(File.ReadAllText(At(name, "report.json")), name);

    private string At(params string[] parts) => Path.Combine([root, .. parts]);
}
