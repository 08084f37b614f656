using Retort.Inference;
using Retort.Models;
using Retort.Recipes.Backtracking;

namespace Retort.Recipes.Tests;

/// <summary>The recipe at its smallest: plumbing, continuation, joining, prices.</summary>
public sealed class BacktrackingTests() : RecipeTests(
    new BacktrackingRecipe(), Enumerable.Range(1, 10).Select(i => $"C{i}"),
    "testProblems=4", "directSamples=2", "countDownStudy.trainProblems=40", "sudokuStudy.trainProblems=20")
{
    [Fact]
    public void A_run_cut_off_in_the_middle_continues_to_the_bytes_of_an_unbroken_one()
    {
        Run("whole");
        Assert.ThrowsAny<OperationCanceledException>(() => Run("cut", new CancelAfter(reports: 12)));
        Run("cut");
        SameBytes("whole", "cut", "evaluations");
        var model = Path.Combine("checkpoints", "sudoku-direct-seed1", "step-00000005", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(At("whole", model)), File.ReadAllBytes(At("cut", model)));
    }

    [Fact]
    public void Parts_of_different_seeds_join_without_training() => JoinSeeds(1, 2);

    [Fact]
    public void Parts_with_other_settings_do_not_join() => DoesNotJoin(1, 2, "temperature=0.9");

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
    public void A_setting_that_cannot_work_is_refused_before_anything_is_written(string setting, string named) => Refuses(setting, named);

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
        Run("noNorm", extra: ["main.queryKeyNorm=false"]);
        var other = Report("noNorm");
        Assert.Equal(["Queries and keys are normalised."], report.Departures.Except(other.Departures));
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
}
