using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Tasks.CountDown;
using Retort.Tasks.Sudoku;
using Retort.Training.Rl;

namespace Retort.Recipes.Backtracking;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class BacktrackingPresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges C1 and C2"),
        new("full", "all claims with 3 seeds, an hour and a half on 2 cores, can be continued and split (--claims, --seeds)"),
        new("paper", "the paper's own sizes, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static BacktrackingSettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static BacktrackingSettings Smoke { get; } = new()
    {
        TestProblems = 8,
        DirectSamples = 4,
        DecodeSequences = 8,
        Main = Tiny,
        Small = Tiny,
        CountDownStudy = SmokeStudy(128),
        SudokuStudy = SmokeStudy(160),
        SearchRl = SmokeRl,
        DirectRl = SmokeRl,
    };

    private static RlSettings SmokeRl => new() { Steps = 2, PromptsPerStep = 4, SamplesPerPrompt = 2, DecodeSequences = 8 };

    /// <summary>
    /// Ten minutes buy about ten million training tokens in all. They go furthest on small numbers, one heuristic, the beginnings of
    /// traces and short ones first; docs/log.md tells what was tried.
    /// </summary>
    private static BacktrackingSettings Quick { get; } = new()
    {
        Main = new() { NumLayers = 3, IntermediateSize = 256 },
        Small = new() { HiddenSize = 64, NumLayers = 3, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 128 },
        CountDown = new() { Numbers = new(1, 9), Target = new(10, 30), Heuristic = HeuristicChoice.Sum, RestateTarget = true },
        CountDownStudy = new()
        {
            TrainProblems = 100_000,
            SearchContext = 256,
            WindowsPerTrace = 1,
            Lengths = [new(128, 1), new(255, 2, From: 0.35), new(256, 1, From: 0.35)],
            MarkWeight = 5,
            Budgets = [32, 64, 128, 256],
            Search = new() { Steps = 7000, BatchSequences = 8, PeakLearningRate = 5e-3 },
            Direct = new() { Steps = 300, BatchSequences = 128, PeakLearningRate = 3e-3, WarmupSteps = 50 },
        },
        SudokuStudy = new()
        {
            TrainProblems = 40_000,
            SearchContext = 288,
            WindowsPerTrace = 1,
            Lengths = [new(128, 1), new(288, 2, From: 0.35)],
            DirectContext = 128,
            Budgets = [96, 128, 192, 288],
            Search = new() { Steps = 3600, BatchSequences = 8, PeakLearningRate = 5e-3 },
            Direct = new() { Steps = 1800, BatchSequences = 12, PeakLearningRate = 5e-3 },
        },
    };

    /// <summary>Quick's models and data, all claims, three seeds.</summary>
    private static BacktrackingSettings Full { get; } = Quick with { Seeds = [1, 2, 3] };

    /// <summary>Section 3 of the specification: the 17M models on the authors' own data settings.</summary>
    private static BacktrackingSettings Paper { get; } = new()
    {
        Seeds = [42],
        TestProblems = 200,
        Main = new() { HiddenSize = 512, NumLayers = 8, NumHeads = 4, NumKvHeads = 1, IntermediateSize = 1024, QueryKeyNorm = false },
        Small = new() { HiddenSize = 256, NumLayers = 6, NumHeads = 4, NumKvHeads = 1, IntermediateSize = 512, QueryKeyNorm = false },
        CountDown = CountDownSettings.Paper,
        Sudoku = SudokuSettings.Paper,
        ShallowSudoku = SudokuSettings.Paper with { EasyFills = 10 },
        CountDownStudy = new()
        {
            TrainProblems = 500_000,
            SearchContext = 4096,
            DirectContext = 512,
            Budgets = [256, 512, 1024, 2048, 4096],
            Search = new() { Steps = 545_760, BatchSequences = 32, PeakLearningRate = 1e-5, WarmupSteps = 1 },
            Direct = new() { Steps = 118_760, BatchSequences = 48, PeakLearningRate = 1e-5, WarmupSteps = 1 },
        },
        SearchRl = PaperRl with { Steps = 350 },
        DirectRl = PaperRl with { Steps = 3100 },
        SudokuStudy = new()
        {
            TrainProblems = 2_800_000,
            SearchContext = 4096,
            DirectContext = 1024,
            Budgets = [400, 512, 1024, 2048, 4096],
            Search = new() { Steps = 797_000, BatchSequences = 60, PeakLearningRate = 1e-4, WarmupSteps = 4000 },
            Direct = new() { Steps = 160_000, BatchSequences = 128, PeakLearningRate = 1e-4, WarmupSteps = 4000 },
        },
    };

    private static RlSettings PaperRl => new()
    {
        PromptsPerStep = 256,
        SamplesPerPrompt = 8,
        Temperature = 0.7,
        LearningRate = 1e-6,
        KlCoefficient = 0.001,
        EntropyCoefficient = 0.001,
    };

    private static ModelShape Tiny => new() { HiddenSize = 32, NumLayers = 1, NumHeads = 2, NumKvHeads = 1, IntermediateSize = 64 };

    private static StudySettings SmokeStudy(int context) => new()
    {
        TrainProblems = 200,
        SearchContext = context,
        DirectContext = 128,
        Budgets = [64, 128],
        Search = new() { Steps = 5, BatchSequences = 8 },
        Direct = new() { Steps = 5, BatchSequences = 8 },
    };
}
