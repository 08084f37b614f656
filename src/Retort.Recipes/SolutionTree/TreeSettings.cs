using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Tasks.SolutionTree;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.SolutionTree;

/// <summary>How a world's model is pretrained.</summary>
public sealed record TreePretraining
{
    /// <summary>Problems of the pretraining distribution.</summary>
    [Doc("Problems of the pretraining distribution", Unit = "problems"), Positive]
    public int Problems { get; init; } = 96_000;

    /// <summary>Optimiser steps.</summary>
    [Doc("Optimiser steps"), Positive]
    public int Steps { get; init; } = 1500;

    /// <summary>Sequences in a global batch.</summary>
    [Doc("Sequences in a global batch", Unit = "sequences"), Positive]
    public int BatchSequences { get; init; } = 64;

    /// <summary>Highest learning rate; it falls to zero along a line.</summary>
    [Doc("Highest learning rate; it falls to zero along a line"), Positive]
    public double PeakLearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps that the learning rate rises.</summary>
    [Doc("Share of the steps that the learning rate rises"), Range(0, 0.5)]
    public double WarmupShare { get; init; } = 0.05;

    /// <summary>The trainer's settings (section 4.1): no weight decay, gradients of at most 1.</summary>
    internal TrainerSettings TrainerSettings => new()
    {
        BatchSequences = BatchSequences,
        Optimizer = new AdamWSettings { Beta2 = 0.999f, WeightDecay = 0 },
        Schedule = new LearningRateSchedule
        {
            Shape = ScheduleShape.Linear,
            PeakLearningRate = PeakLearningRate,
            WarmupSteps = (int)(WarmupShare * Steps),
            TotalSteps = Steps,
            FinalFraction = 0,
        },
    };
}

/// <summary>What models are asked.</summary>
public sealed record TreeEvaluation : ICheckedSettings
{
    /// <summary>Test problems.</summary>
    [Doc("Test problems", Unit = "problems"), Positive]
    public int TestProblems { get; init; } = 512;

    /// <summary>Problems of reinforcement learning that are asked, at most.</summary>
    [Doc("Problems of reinforcement learning that are asked, at most", Unit = "problems"), Positive]
    public int RlProblems { get; init; } = 256;

    /// <summary>Samples of each problem at each temperature: the K of coverage.</summary>
    [Doc("Samples of each problem at each temperature", Unit = "samples"), Positive]
    public int Samples { get; init; } = 32;

    /// <summary>Temperatures, ascending. The first is the low one.</summary>
    [Doc("Temperatures, ascending; the first is the low one"), Positive]
    public IReadOnlyList<double> Temperatures { get; init; } = [0.05, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0];

    /// <summary>Temperatures of conditions that no claim is judged on.</summary>
    [Doc("Temperatures of conditions that no claim is judged on, some of those"), Positive]
    public IReadOnlyList<double> SideTemperatures { get; init; } = [0.2, 1.0, 1.4, 1.6];

    /// <summary>Where gains are measured and plans and executions are counted.</summary>
    [Doc("Temperature at which gains, plans and executions are looked at, one of those"), Positive]
    public double Middle { get; init; } = 1.0;

    /// <summary>How far up precision should be flat after reinforcement learning.</summary>
    [Doc("Temperature up to which precision should be flat, one of those"), Positive]
    public double Hot { get; init; } = 1.2;

    /// <summary>Questions about each pair of state and action.</summary>
    [Doc("Questions about each pair of state and action", Unit = "questions"), Positive]
    public int ProbesPerPair { get; init; } = 8;

    /// <summary>Problems of each kind asked while a model learns.</summary>
    [Doc("Problems of each kind asked while a model learns", Unit = "problems"), Positive]
    public int CurveProblems { get; init; } = 128;

    /// <summary>Times that they are asked in a training.</summary>
    [Doc("Times that a model is asked while it learns"), Positive]
    public int CurvePoints { get; init; } = 15;

    /// <summary>Sequences decoded together.</summary>
    [Doc("Sequences decoded together", Unit = "sequences"), Positive]
    public int DecodeSequences { get; init; } = 256;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        Temperatures.Count < 2 || !Ascends(Temperatures)
            ? new(nameof(Temperatures), "has fewer than two or does not ascend", "at least two, each above the one before")
        : SideTemperatures.Count == 0 || !Ascends(SideTemperatures) || SideTemperatures.Except(Temperatures).Any()
            ? new(nameof(SideTemperatures), "is empty, does not ascend or has others", $"some of {string.Join(", ", Temperatures)}")
        : !SideTemperatures.Contains(Middle) ? new(nameof(Middle), $"is {Middle}", $"one of {string.Join(", ", SideTemperatures)}")
        : !Temperatures.Skip(1).Contains(Hot) ? new(nameof(Hot), $"is {Hot}", $"one of {string.Join(", ", Temperatures.Skip(1))}")
        : null;

    private static bool Ascends(IReadOnlyList<double> values) => values.Zip(values.Skip(1)).All(pair => pair.First < pair.Second);
}

/// <summary>What is varied beside the base condition, one thing at a time (sections 7 and 8.4).</summary>
public sealed record TreeVariations : ICheckedSettings
{
    /// <summary>Problems of reinforcement learning in the condition where the wall stands.</summary>
    [Doc("Problems of reinforcement learning where the wall stands", Unit = "problems"), Positive]
    public int WallProblems { get; init; } = 32;

    /// <summary>Other numbers of problems.</summary>
    [Doc("Other numbers of problems, by the same steps and, up to twice the base, by the same visits", Unit = "problems"), Positive]
    public IReadOnlyList<int> ProblemCounts { get; init; } = [64, 128, 512, 1024];

    /// <summary>Actions of the world with a small action space.</summary>
    [Doc("Actions of the world with a small action space", Unit = "actions"), Range(2, 100)]
    public int FewActions { get; init; } = 10;

    /// <summary>Actions of still smaller worlds.</summary>
    [Doc("Actions of still smaller worlds", Unit = "actions"), Range(2, 100)]
    public IReadOnlyList<int> FewerActions { get; init; } = [5];

    /// <summary>Other strengths of the spurious context.</summary>
    [Doc("Other Dirichlet parameters of the spurious context"), Positive]
    public IReadOnlyList<double> Betas { get; init; } = [0.1, 1];

    /// <summary>Shares of pairs held out of pretraining, where actions are drawn evenly.</summary>
    [Doc("Shares of pairs held out of pretraining, where actions are drawn evenly"), Range(0, 0.5)]
    public IReadOnlyList<double> HeldOut { get; init; } = [0, 0.05, 0.1, 0.2];

    /// <summary>Other temperatures of the rollouts.</summary>
    [Doc("Other temperatures of the rollouts"), Positive]
    public IReadOnlyList<double> RolloutTemperatures { get; init; } = [0.7, 1.3];

    /// <summary>Other weights of the entropy.</summary>
    [Doc("Other weights of the entropy"), NotNegative]
    public IReadOnlyList<double> Entropies { get; init; } = [0, 0.01];

    /// <summary>Other sizes of a group, the completions of a step being as many.</summary>
    [Doc("Other sizes of a group, the completions of a step being as many", Unit = "completions"), Range(2, 4096)]
    public IReadOnlyList<int> Groups { get; init; } = [4, 32];

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        HeldOut.Count == 0 || HeldOut.Distinct().Count() < HeldOut.Count
            ? new(nameof(HeldOut), "is empty or has one twice", "different shares, one at least")
        : ProblemCounts.Append(WallProblems).Distinct().Count() <= ProblemCounts.Count
            ? new(nameof(ProblemCounts), "has one twice or that of the wall", $"different numbers, none of them {WallProblems}")
        : null;
}

/// <summary>Every setting of the recipe. A preset is this record with some fields changed.</summary>
public sealed record TreeSettings : ICheckedSettings
{
    /// <summary>
    /// Seeds of world, weights, data order and samples: another seed is another world. Shares of test problems without an unseen pair differ
    /// between worlds; those of the presets were chosen by that share alone, before any training.
    /// </summary>
    [Doc("Seeds of world, weights, data order and samples")]
    public IReadOnlyList<ulong> Seeds { get; init; } = [1];

    /// <summary>Of these, those that conditions without a claim are run for.</summary>
    [Doc("Seeds that conditions without a claim are run for")]
    public IReadOnlyList<ulong> SideSeeds { get; init; } = [1];

    /// <summary>The base world; its worldSeed is the run's.</summary>
    [Doc("The base world; its worldSeed is the run's")]
    public SolutionTreeSettings World { get; init; } = SolutionTreeSettings.Wall;

    /// <summary>The model.</summary>
    [Doc("The model")]
    public ModelShape Model { get; init; } = new()
    {
        HiddenSize = 64,
        NumLayers = 3,
        NumHeads = 2,
        NumKvHeads = 2,
        IntermediateSize = 256,
        QueryKeyNorm = false,
    };

    /// <summary>How a world's model is pretrained.</summary>
    [Doc("How a world's model is pretrained")]
    public TreePretraining Pretraining { get; init; } = new();

    /// <summary>Problems of reinforcement learning in the base condition.</summary>
    [Doc("Problems of reinforcement learning in the base condition", Unit = "problems"), Positive]
    public int RlProblems { get; init; } = 256;

    /// <summary>Reinforcement learning in the base condition (sections 4.1 and 8.2).</summary>
    [Doc("Reinforcement learning in the base condition")]
    public RlSettings Rl { get; init; } = new()
    {
        Steps = 100,
        PromptsPerStep = 32,
        SamplesPerPrompt = 8,
        Passes = 4,
        LearningRate = 5e-5,
        MaxGradientNorm = 0.2,
        KlCoefficient = 0.001,
        EntropyCoefficient = 0.001,
    };

    /// <summary>What is varied.</summary>
    [Doc("What is varied beside the base condition")]
    public TreeVariations Vary { get; init; } = new();

    /// <summary>What models are asked.</summary>
    [Doc("What models are asked")]
    public TreeEvaluation Evaluation { get; init; } = new();

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        SeedList.FindProblem(nameof(Seeds), Seeds) is { } seeds ? seeds
        : SideSeeds.Count > 0 && SeedList.FindProblem(nameof(SideSeeds), SideSeeds) is { } side ? side
        : Vary.ProblemCounts.Append(Vary.WallProblems).Contains(RlProblems)
            ? new(nameof(RlProblems), $"is {RlProblems}, which is varied to as well", "another number than vary.wallProblems and vary.problemCounts")
        : Vary.FewerActions.Append(Vary.FewActions).Any(actions => actions >= World.NumActions)
            ? new(nameof(Vary), "has action spaces that are not smaller", $"fewer actions than the world's {World.NumActions}")
        : Vary.Groups.Any(group => Rl.Completions % group != 0)
            ? new(nameof(Vary), $"has groups that do not divide {Rl.Completions} completions", "divisors of promptsPerStep x samplesPerPrompt")
        : World.HeldOutPairs != 0 || World.Actions != ActionBias.Dirichlet || World.Context != ContextMode.Dirichlet
            ? new(nameof(World), "is no base world", "the bias of actions and contexts, and nothing held out: these are varied")
        : World.WorldSeed != 0 ? new(nameof(World), "has a worldSeed", "worldSeed: 0; worlds are named by seeds")
        : Rl.Algorithm == RlAlgorithm.Ppo ? new(nameof(Rl), "is ppo, whose values these models do not have", "grpo or reinforce")
        : Rl.MaxNewTokens != 0 ? new(nameof(Rl), "has maxNewTokens", "maxNewTokens: 0; answers have the world's length")
        : null;
}
