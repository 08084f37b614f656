using Retort.Core;

namespace Retort.Recipes.EchoChamber;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class EchoChamberPresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges E1 and E4"),
        new("full", "all claims with 3 seeds, in stages (--claims, --seeds) of at most 2 hours on 2 cores"),
        new("paper", "models of the paper's sizes on the same task, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static EchoChamberSettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static EchoChamberSettings Base { get; } = new();

    private static EchoChamberSettings Smoke { get; } = Base with
    {
        Small = new() { HiddenSize = 16, NumLayers = 1, NumHeads = 1, NumKvHeads = 1, IntermediateSize = 32 },
        Large = new() { HiddenSize = 32, NumLayers = 1, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 64 },
        Pretraining = SmokePretraining,
        SizePretraining = SmokePretraining,
        CopySequences = 100,
        Copies = [1, 2],
        KlCoefficients = [0.1],
        ScannedShares = [],
        Rl = Base.Rl with { Steps = 3, PromptsPerStep = 4, SamplesPerPrompt = 4, UpdatesPerPass = 2, DecodeSequences = 16 },
        Expert = new() { Rounds = 2, SamplesPerPrompt = 4, Threshold = 0, BatchSequences = 8, DecodeSequences = 16 },
        RlProblems = 8,
        AskAfter = [1],
        TestProblems = 6,
        Samples = 4,
        FewSamples = 2,
        DecodeSequences = 16,
    };

    /// <summary>Three bases, each reinforced by GRPO.</summary>
    private static EchoChamberSettings Quick { get; } = Base with
    {
        Pretraining = new() { MaxSteps = 1500 },
        ScannedShares = [],
        FrozenControls = false,
    };

    /// <summary>Everything, three seeds.</summary>
    private static EchoChamberSettings Full { get; } = Base with { Seeds = [1, 2, 3] };

    /// <summary>Models, batches and rates of section 3; the problems stay the toy's.</summary>
    private static EchoChamberSettings Paper { get; } = Base with
    {
        Small = new() { HiddenSize = 768, NumLayers = 12, NumHeads = 12, NumKvHeads = 12, IntermediateSize = 3072, QueryKeyNorm = false },
        Large = new() { HiddenSize = 2048, NumLayers = 16, NumHeads = 16, NumKvHeads = 16, IntermediateSize = 8192, QueryKeyNorm = false },
        Pretraining = PaperPretraining,
        SizePretraining = PaperPretraining,
        CopySequences = 10_000_000,
        Rl = Base.Rl with { Steps = 1160, PromptsPerStep = 64, UpdatesPerPass = 8, Temperature = 0.7, LearningRate = 1e-6, Beta2 = 0.95 },
        LargeLearningRate = 1e-6,
        KlCoefficients = [0.001, 0.01],
        Expert = new() { SamplesPerPrompt = 64, TopP = 0.95, BatchSequences = 256, LearningRate = 1e-4 },
        RlProblems = 7473,
        AskAfter = [10, 20, 40, 80, 160, 320, 640],
        TestProblems = 1319,
        Samples = 64,
        FewSamples = 64,
    };

    private static PretrainingSettings SmokePretraining => new()
    {
        Sequences = 200,
        MaxSteps = 4,
        BatchSequences = 8,
        LookEvery = 2,
        LookProblems = 4,
    };

    private static PretrainingSettings PaperPretraining => new()
    {
        Sequences = 25_000_000,
        MaxSteps = 50_000,
        BatchSequences = 512,
        PeakLearningRate = 1e-3,
        WarmupSteps = 5000,
        LookEvery = 1000,
        LookProblems = 1000,
    };
}
