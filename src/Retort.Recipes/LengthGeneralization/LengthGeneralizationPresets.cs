using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class LengthGeneralizationPresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges B4, B5 and B6"),
        new("full", "all claims but those about sparse parity and text, with 3 seeds, in stages (--claims, --seeds) of at most 2 hours on 2 cores"),
        new("paper", "models and lengths of the position-coupling code, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static LengthGeneralizationSettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static LengthGeneralizationSettings Base { get; } = new()
    {
        ParityModels = new() { Training = Steps(6000), TestLengths = [6, 9, 12, 15, 18, 24, 36] },
        VariableModels = new()
        {
            Model = new() { HiddenSize = 64, NumLayers = 3, NumHeads = 4, NumKvHeads = 4, IntermediateSize = 256 },
            Training = Steps(5000),
            TestLengths = [6, 9, 12, 15, 18, 24, 36],
        },
    };

    private static LengthGeneralizationSettings Smoke { get; } = Base with
    {
        Parity = Base.Parity with { Length = new(1, 6) },
        ParityModels = SmokeModels with { TestLengths = [6, 12] },
        Variables = Base.Variables with { Length = new(2, 6) },
        VariableModels = SmokeModels with { TestLengths = [6, 9] },
        Ablations = false,
        DecodeSequences = 16,
    };

    /// <summary>Six schemes on parity, predictive coupling on variable assignment, one seed.</summary>
    private static LengthGeneralizationSettings Quick { get; } = Base with
    {
        VariableModels = Base.VariableModels with { Training = Steps(3000) },
        Ablations = false,
    };

    /// <summary>Everything, three seeds.</summary>
    private static LengthGeneralizationSettings Full { get; } = Base with { Seeds = [1, 2, 3] };

    /// <summary>Sizes, lengths and rates of the position-coupling code for parity (section 5.2), and the proposal of section 5.3 for variables.</summary>
    private static LengthGeneralizationSettings Paper { get; } = Base with
    {
        Seeds = [1, 2, 3, 4],
        Parity = Base.Parity with { Length = new(1, 20), LongWeight = 0 },
        ParityModels = PaperModels with
        {
            Training = new() { Steps = 50_000, BatchSequences = 20, PeakLearningRate = 3e-5, WarmupSteps = 500 },
            Problems = 10_000,
            TestLengths = [.. Enumerable.Range(1, 20).Select(i => 5 * i)],
        },
        Variables = Base.Variables with { Length = new(2, 40), LongWeight = 0, NumNames = 402 },
        VariableModels = PaperModels with
        {
            Training = new() { Steps = 50_000, BatchSequences = 256, PeakLearningRate = 3e-4, WarmupSteps = 500 },
            Problems = 10_000_000,
            TestLengths = [10, 20, 30, 40, 50, 60, 80, 100, 150, 200],
        },
    };

    private static ModelTraining Steps(int steps) => new() { Steps = steps, BatchSequences = 64, PeakLearningRate = 3e-3 };

    private static ScratchpadSettings SmokeModels => new()
    {
        Model = new() { HiddenSize = 16, NumLayers = 1, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 32 },
        Training = new() { Steps = 4, BatchSequences = 8, WarmupSteps = 1 },
        Problems = 50,
        TestProblems = 6,
    };

    private static ScratchpadSettings PaperModels => new()
    {
        Model = new() { HiddenSize = 512, NumLayers = 6, NumHeads = 8, NumKvHeads = 8, IntermediateSize = 2048, QueryKeyNorm = false },
        TestProblems = 1000,
        CoupledJitter = PositionJitterKind.Offset,
    };
}
