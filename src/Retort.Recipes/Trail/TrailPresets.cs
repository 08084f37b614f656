using Retort.Core;

namespace Retort.Recipes.Trail;

/// <summary>The recipe's presets: one record, some fields changed.</summary>
internal static class TrailPresets
{
    /// <summary>From the smallest to the largest.</summary>
    public static IReadOnlyList<RecipePreset> All { get; } =
    [
        new("smoke", "seconds: proves the plumbing, judges nothing"),
        new("quick", "at most 10 minutes on 2 cores: judges C1, C3, C5 and C6"),
        new("full", "all claims, 6 layers of width 128, two hours on 2 cores, can be continued"),
        new("paper", "20,000 requests and ten seeds, for larger machines; --dry-run prices it"),
    ];

    /// <summary>A preset's settings.</summary>
    public static TrailSettings Settings(string preset) => preset switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => Paper,
        _ => throw UserError.Request("preset", $"'{preset}' is unknown", string.Join(", ", All.Select(p => p.Name))),
    };

    private static TrailSettings Smoke { get; } = new()
    {
        Seeds = [1, 2],
        Model = new() { HiddenSize = 32, NumLayers = 3, NumHeads = 2, NumKvHeads = 1, IntermediateSize = 64 },
        Context = 96,
        Task = new() { MaxOutputTokens = 40, StringLength = new(2, 8), RepeatRounds = new(2, 4), MaxCounted = 30 },
        TrainProblems = 400,
        Training = new() { Steps = 12, BatchSequences = 8 },
        Predictor = new() { Requests = 200, ProbingRequests = 100, StepsPerRequest = 4, Epochs = 1 },
        RecordedRequests = 40,
        RoomyKvTokens = 512,
        TightKvTokens = 160,
        Live = new() { Requests = 30, OverloadRequests = 20, BurstRequests = 20, Overloads = [1.2], CalibrationSeconds = 0.01, OverheadPairs = 3 },
        Counted = new()
        {
            Requests = 40,
            BurstRequests = 30,
            Seeds = 2,
            Loads = [0.95],
            NoiseErrors = [0, 20],
            QueueLoads = [0.5],
            QueueJobs = 6400,
        },
    };

    private static TrailSettings Quick { get; } = new()
    {
        Seeds = [1, 2, 3, 4],
        Model = new() { HiddenSize = 64, NumLayers = 4, NumHeads = 4, NumKvHeads = 4, IntermediateSize = 192 },
        TrainProblems = 60_000,
        Training = new() { Steps = 5000, BatchSequences = 16, PeakLearningRate = 5e-3 },
        Predictor = new() { Requests = 40_000, ProbingRequests = 3000 },
        RecordedRequests = 2000,
        Live = new() { Requests = 600, OverloadRequests = 300, BurstRequests = 0, Overloads = [1.2], CalibrationSeconds = 0.3 },
        Counted = new()
        {
            Requests = 6000,
            Seeds = 8,
            Loads = [0.95],
            Cost = new() { Step = 12, DecodeRow = 17, PrefillToken = 11, PromptPrediction = 0.2, HiddenPromptPrediction = 0.5, HiddenPrediction = 0.25 },
            QueueLoads = [0.5, 0.8],
            QueueJobs = 400_000,
        },
    };

    private static TrailSettings Full { get; } = new();

    private static TrailSettings Paper { get; } = new()
    {
        Seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        Training = new() { Steps = 60_000, BatchSequences = 64, PeakLearningRate = 3e-3, WarmupSteps = 500 },
        TrainProblems = 2_000_000,
        RecordedRequests = 20_000,
        Live = new() { Requests = 20_000, OverloadRequests = 10_000, BurstRequests = 2000 },
        Counted = new() { Requests = 10_000, Seeds = 30 },
    };
}
