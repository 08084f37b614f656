using Retort.Core;
using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.SolutionTree;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class TreePresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges W1 and W2"),
        new("full", "all claims but W6 and W7 with 3 seeds and every condition, in stages (--claims) of at most 2 hours on 2 cores"),
        new("paper", "the paper's own sizes, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static TreeSettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static TreeSettings Base { get; } = new();

    private static TreeSettings Smoke { get; } = Base with
    {
        World = new() { NumStates = 6, NumActions = 4, Steps = new(3, 3), NumIrrelevant = 1 },
        Model = new() { HiddenSize = 16, NumLayers = 1, NumHeads = 1, NumKvHeads = 1, IntermediateSize = 32, QueryKeyNorm = false },
        Pretraining = new() { Problems = 200, Steps = 6, BatchSequences = 8 },
        RlProblems = 8,
        Rl = Base.Rl with { Steps = 3, PromptsPerStep = 4, SamplesPerPrompt = 4, DecodeSequences = 8 },
        Vary = new()
        {
            WallProblems = 4,
            ProblemCounts = [16],
            FewActions = 3,
            FewerActions = [2],
            Betas = [1],
            HeldOut = [0, 0.2],
            RolloutTemperatures = [1.3],
            Entropies = [0],
            Groups = [2],
        },
        Evaluation = new()
        {
            TestProblems = 8,
            RlProblems = 8,
            Samples = 2,
            Temperatures = [0.2, 1, 1.2],
            SideTemperatures = [0.2, 1],
            ProbesPerPair = 2,
            CurveProblems = 4,
            CurvePoints = 2,
            DecodeSequences = 16,
        },
    };

    /// <summary>One pretraining, two runs of reinforcement learning: the base condition for W1, few RL problems for W2.</summary>
    private static TreeSettings Quick { get; } = Base with
    {
        Rl = Base.Rl with { Steps = 80 },
        Evaluation = new() { Samples = 16, Temperatures = [0.2, 0.6, 1, 1.2, 1.4, 1.6], CurvePoints = 8 },
    };

    /// <summary>Three worlds in which 65 to 75 % of the test problems have no unseen pair.</summary>
    private static TreeSettings Full { get; } = Base with { Seeds = [1, 4, 6] };

    /// <summary>The paper's base condition (sections 3 and 4): 5 to 10 steps among 20 states, 1 M parameters, 128 samples.</summary>
    private static TreeSettings Paper { get; } = Base with
    {
        World = SolutionTreeSettings.Base,
        Model = new() { HiddenSize = 128, NumLayers = 4, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 512, QueryKeyNorm = false },
        Pretraining = new() { Problems = 200_000, Steps = 3125, PeakLearningRate = 1e-3 },
        RlProblems = 128,
        Rl = Base.Rl with { Steps = 400 },
        Vary = new() { WallProblems = 32, ProblemCounts = [64, 256, 512, 2048], FewActions = 10 },
        Evaluation = new()
        {
            Samples = 128,
            Temperatures = [0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2],
        },
    };
}
