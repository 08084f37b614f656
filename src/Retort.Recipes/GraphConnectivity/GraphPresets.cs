using Retort.Core;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class GraphPresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges A1, A3, A4, T2 and T3"),
        new("full", "all claims with 3 seeds, in stages (--claims, --seeds) of at most 2 hours on 2 cores"),
        new("paper", "the paper's depths, models and raw lists of edges, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static GraphStudySettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Base,
        "full" => Base with { Seeds = [1, 2, 3] },
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static GraphStudySettings Base { get; } = new();

    private static GraphStudySettings Smoke { get; } = Base with
    {
        Task = Base.Task with { ShortLength = 1, LongLength = 2, DeadEnd = 1 },
        Model = new() { HiddenSize = 16, NumLayers = 1, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 32 },
        DeeperLayers = 2,
        Training = new() { BatchSequences = 8, WarmupSteps = 1 },
        Depths = [1, 2],
        SearchSteps = [3, 4],
        Problems = 40,
        WalkSteps = [3, 5],
        TestProblems = 6,
        Samples = 4,
        SelfTraining = Base.SelfTraining with { Rounds = 2, BatchSequences = 8, DecodeSequences = 16, Epochs = 1 },
        SelfProblems = 12,
        QueryDepths = [1, 2],
        PathVertices = 8,
        QueryRuns = 200,
        DecodeSequences = 16,
    };

    /// <summary>Models, batches and rates of section 3.</summary>
    private static GraphStudySettings Paper { get; } = Base with
    {
        Task = GraphConnectivitySettings.Paper,
        Model = new() { HiddenSize = 128, NumLayers = 4, NumHeads = 4, NumKvHeads = 4, IntermediateSize = 128, QueryKeyNorm = false },
        DeeperLayers = 8,
        Training = new() { BatchSequences = 1000, PeakLearningRate = 3e-3, WarmupSteps = 6500 },
        Depths = [1, 2, 3, 4, 5],
        SearchSteps = [100_000, 90_000, 80_000, 70_000, 65_000],
        Depth = 5,
        Problems = 500_000,
        WalkSteps = [20, 25, 30, 35, 40],
        TestProblems = 5000,
        Samples = 128,
        SelfTraining = Base.SelfTraining with { Rounds = 4, Epochs = 20, BatchSequences = 1000 },
        SelfProblems = 500_000,
    };
}
