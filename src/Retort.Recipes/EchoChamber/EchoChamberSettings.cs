using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.EchoChamber;

/// <summary>How models of one size are made before anything is reinforced.</summary>
public sealed record PretrainingSettings
{
    /// <summary>Training sequences, background included; each comes again when all have come.</summary>
    [Doc("Training sequences, facts included", Unit = "sequences"), Positive]
    public int Sequences { get; init; } = 60_000;

    /// <summary>Most optimiser steps; the learning rate's cosine ends there.</summary>
    [Doc("Most optimiser steps; the learning rate falls to a tenth until there"), Positive]
    public int MaxSteps { get; init; } = 2000;

    /// <summary>Sequences in a global batch.</summary>
    [Doc("Sequences in a global batch", Unit = "sequences"), Positive]
    public int BatchSequences { get; init; } = 64;

    /// <summary>Highest learning rate.</summary>
    [Doc("Highest learning rate"), Positive]
    public double PeakLearningRate { get; init; } = 4e-3;

    /// <summary>Steps of linear warm-up.</summary>
    [Doc("Steps of linear warm-up"), NotNegative]
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Greedy accuracy at which pretraining ends: reinforcement needs room above and something to begin with.</summary>
    [Doc("Greedy accuracy on validation problems at which pretraining ends"), Range(0, 1)]
    public double StopAccuracy { get; init; } = 0.5;

    /// <summary>Steps between looks at that accuracy.</summary>
    [Doc("Steps between looks at that accuracy", Unit = "steps"), Positive]
    public int LookEvery { get; init; } = 25;

    /// <summary>Validation problems of a look.</summary>
    [Doc("Validation problems of a look", Unit = "problems"), Positive]
    public int LookProblems { get; init; } = 200;

    /// <summary>The trainer's settings for so many steps.</summary>
    internal TrainerSettings TrainerFor(int steps) => new()
    {
        BatchSequences = BatchSequences,
        Schedule = new LearningRateSchedule
        {
            PeakLearningRate = PeakLearningRate,
            WarmupSteps = Math.Min(WarmupSteps, steps / 2),
            TotalSteps = steps,
        },
    };
}

/// <summary>Every setting of the recipe. A preset is this record with some fields changed.</summary>
public sealed record EchoChamberSettings : ICheckedSettings
{
    /// <summary>Seeds of weights, data order and samples. The problems are the same for all.</summary>
    [Doc("Seeds of weights, data order and samples")]
    public IReadOnlyList<ulong> Seeds { get; init; } = [1];

    /// <summary>The model of every claim.</summary>
    [Doc("The model of every claim")]
    public ModelShape Small { get; init; } = new() { HiddenSize = 64, NumLayers = 2, NumHeads = 2, NumKvHeads = 2, IntermediateSize = 192 };

    /// <summary>The larger one of E5.</summary>
    [Doc("The larger model of claim E5")]
    public ModelShape Large { get; init; } = new() { HiddenSize = 160, NumLayers = 4, NumHeads = 5, NumKvHeads = 5, IntermediateSize = 480 };

    /// <summary>Problems and background.</summary>
    [Doc("Problems and background; shares, corruption and copies are the recipe's to set")]
    public ScrambledArithmeticSettings Task { get; init; } = ScrambledArithmeticSettings.Equal;

    /// <summary>Share of tagged answers with a wrong operand in the mixtures of E4.</summary>
    [Doc("Share of tagged answers with a wrong operand in the mixtures of E4"), Range(0, 1)]
    public double TaggedCorruption { get; init; } = 0.25;

    /// <summary>Share of programs, the rest tagged, where the more accurate format is expected to win (E4).</summary>
    [Doc("Share of programs, the rest tagged, where programs are expected to win (E4)"), Range(0.001, 1)]
    public double NormalShare { get; init; } = 0.28;

    /// <summary>Share of programs where the more common format is expected to win (E4).</summary>
    [Doc("Share of programs, the rest tagged, where tagged answers are expected to win (E4)"), Range(0.001, 1)]
    public double FailureShare { get; init; } = 0.11;

    /// <summary>Further shares of programs at which the winner is looked for.</summary>
    [Doc("Further shares of programs at which the winner is looked for (E4)"), Range(0.001, 1)]
    public IReadOnlyList<double> ScannedShares { get; init; } = [0.04, 0.18, 0.5];

    /// <summary>Rewards drawn by a fixed coin for each format beside the real ones (section 6).</summary>
    [Doc("Whether E1 and E4 are run again with rewards drawn by a fixed coin for each format (section 6)")]
    public bool FrozenControls { get; init; } = true;

    /// <summary>Share of background for E5, where programs repeat the prompt: natural answers must be within reach of the large model.</summary>
    [Doc("Background's share of the data of E5, where programs repeat the prompt"), Range(0, 1)]
    public double SizeBackground { get; init; } = 0.85;

    /// <summary>Sequences of E6's data with one copy of each program; it is gone through once.</summary>
    [Doc("Sequences of E6's data with one copy of each program; gone through once", Unit = "sequences"), Positive]
    public int CopySequences { get; init; } = 40_000;

    /// <summary>Share of programs in E6's data with one copy, the rest of the answers being natural.</summary>
    [Doc("Share of programs in E6's data with one copy, the rest natural"), Range(0, 1)]
    public double CopyShare { get; init; } = 0.25;

    /// <summary>Copies of E6, ascending.</summary>
    [Doc("Copies of each program in E6, ascending"), Range(1, 64)]
    public IReadOnlyList<int> Copies { get; init; } = [1, 2, 4, 8];

    /// <summary>Pretraining of small models.</summary>
    [Doc("Pretraining of small models")]
    public PretrainingSettings Pretraining { get; init; } = new();

    /// <summary>Pretraining of the large model and of the small one beside it (E5).</summary>
    [Doc("Pretraining of the large model, and of the small one beside it (E5)")]
    public PretrainingSettings SizePretraining { get; init; } = new() { MaxSteps = 6000, PeakLearningRate = 2e-3, StopAccuracy = 0.7 };

    /// <summary>Reinforcement by GRPO and PPO.</summary>
    [Doc("Reinforcement; algorithm and klCoefficient are the recipe's to set")]
    public RlSettings Rl { get; init; } = new() { Steps = 150, PromptsPerStep = 32, SamplesPerPrompt = 8, UpdatesPerPass = 2, LearningRate = 2e-4 };

    /// <summary>Learning rate of the large model's reinforcement.</summary>
    [Doc("Learning rate of the large model's reinforcement"), Positive]
    public double LargeLearningRate { get; init; } = 1e-4;

    /// <summary>Weights of the divergence from the base that are tried beside 0, ascending (E3).</summary>
    [Doc("Weights of the divergence from the base model that are tried beside 0, ascending (E3)"), Positive]
    public IReadOnlyList<double> KlCoefficients { get; init; } = [0.1, 0.3, 1];

    /// <summary>Expert iteration.</summary>
    [Doc("Expert iteration")]
    public ExpertIterationSettings Expert { get; init; } = new();

    /// <summary>Problems of reinforcement, which are gone through again and again.</summary>
    [Doc("Problems of reinforcement, gone through again and again", Unit = "problems"), Positive]
    public int RlProblems { get; init; } = 1000;

    /// <summary>Steps after which runs that are followed are asked the test problems, ascending; the last step is always one.</summary>
    [Doc("Steps after which runs that are followed are asked the test problems, ascending; the last is always one"), Positive]
    public IReadOnlyList<int> AskAfter { get; init; } = [5, 10, 20, 40, 80];

    /// <summary>Test problems, none of which was trained on.</summary>
    [Doc("Unseen test problems", Unit = "problems"), Positive]
    public int TestProblems { get; init; } = 250;

    /// <summary>Samples of base models and of the run that E2 follows.</summary>
    [Doc("Samples of a test problem, of base models and of the run that E2 follows", Unit = "samples"), Range(2, 1024)]
    public int Samples { get; init; } = 16;

    /// <summary>Samples of the other runs.</summary>
    [Doc("Samples of a test problem, of the other runs", Unit = "samples"), Range(2, 1024)]
    public int FewSamples { get; init; } = 4;

    /// <summary>Sequences decoded together.</summary>
    [Doc("Sequences decoded together", Unit = "sequences"), Positive]
    public int DecodeSequences { get; init; } = 128;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        SeedList.FindProblem(nameof(Seeds), Seeds) is { } seeds ? seeds
        : Rl.FindProblem() is { } inner ? new(nameof(Rl), $"{inner.Property}: {inner.What}", inner.Expected)
        : !Ascends(KlCoefficients) || KlCoefficients.Count == 0 ? new(nameof(KlCoefficients), "is empty or does not ascend", "weights, each larger than the one before")
        : !Ascends(AskAfter) ? new(nameof(AskAfter), "does not ascend", "steps, each larger than the one before")
        : !Ascends(Copies) || Copies.Count < 2 ? new(nameof(Copies), "has fewer than two or does not ascend", "numbers of copies, each larger than the one before")
        : !Ascends(ScannedShares) ? new(nameof(ScannedShares), "does not ascend", "shares, each larger than the one before")
        : Task.Steps.High < 3 || Task.Steps.Low > 2 ? new(nameof(Task), $"has problems of {Task.Steps} steps", "2 steps and more among them: E9 learns on those of 2")
        : null;

    private static bool Ascends<T>(IReadOnlyList<T> values)
        where T : IComparable<T> => values.Zip(values.Skip(1)).All(pair => pair.First.CompareTo(pair.Second) < 0);
}
