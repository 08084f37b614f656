using Retort.Core;
using Retort.Tasks;
using Retort.Training.Rl;

namespace Retort.Cli;

/// <summary>How a model learns from rewards.</summary>
internal enum RlMethod
{
    /// <summary>By policy gradient: section rl.</summary>
    PolicyGradient,

    /// <summary>From its own correct completions: section expertIteration.</summary>
    ExpertIteration,
}

/// <summary>The settings of a run of reinforcement learning, the task's apart.</summary>
internal interface IRlRunSettings
{
    string Model { get; }

    string Reference { get; }

    ulong Seed { get; }

    RlMethod Method { get; }

    RlDataSettings Data { get; }

    RlSettings Rl { get; }

    ExpertIterationSettings ExpertIteration { get; }

    RlEvaluationSettings Evaluation { get; }
}

/// <summary>Everything that decides a run of reinforcement learning.</summary>
internal sealed record RlRunSettings<TTask> : IRlRunSettings, ICheckedSettings
    where TTask : notnull
{
    [Doc("The task")]
    public string Name { get; init; } = "";

    [Doc("The model to begin with: the folder of a run, or a checkpoint")]
    public string Model { get; init; } = "";

    [Doc("The model to stay near, where rl.klCoefficient is not 0; empty: the one it begins with")]
    public string Reference { get; init; } = "";

    [Doc("Seed of rollouts and the order of problems; the problems have their own, task.seed")]
    public ulong Seed { get; init; } = 1;

    [Doc("The task's settings; by default the model's own")]
    public required TTask Task { get; init; }

    [Doc("What is learned from")]
    public RlDataSettings Data { get; init; } = new();

    [Doc("policyGradient: section rl; expertIteration: section expertIteration")]
    public RlMethod Method { get; init; }

    [Doc("Policy gradients: GRPO, PPO, REINFORCE")]
    public RlSettings Rl { get; init; } = new();

    [Doc("Learning from correct completions")]
    public ExpertIterationSettings ExpertIteration { get; init; } = new();

    [Doc("How it is tried")]
    public RlEvaluationSettings Evaluation { get; init; } = new();

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        Method == RlMethod.ExpertIteration && Data.Problems == 0
            ? new("data.problems", "is 0, and expert iteration asks every problem in every round", "at least 1 problem")
        : Reference.Length > 0 && Rl.KlCoefficient == 0
            ? new(nameof(Reference), "is given, and rl.klCoefficient is 0", "a coefficient above 0, or no reference")
        : Data.Split == Split.Test
            ? new("data.split", "is test, whose problems show before and after what was learned", "train or validation")
        : null;
}

internal sealed record RlDataSettings
{
    [Doc("Problems to learn from, gone through again and again; 0: fresh ones for ever", Unit = "problems"), Range(0, 100_000_000)]
    public int Problems { get; init; } = 1000;

    [Doc("Which of the task's splits they are; solution-tree and scrambled-arithmetic begin with validation, for their training split is pretraining")]
    public Split Split { get; init; } = Split.Train;
}

internal sealed record RlEvaluationSettings
{
    [Doc("Steps between evaluations on validation problems (and checkpoints, and samples shown); 0: at the beginning and the end only", Unit = "steps"), NotNegative]
    public int Every { get; init; } = 25;

    [Doc("Problems asked each time", Unit = "problems"), Range(1, 1_000_000)]
    public int Problems { get; init; } = 100;

    [Doc("Samples of each test problem, before and after", Unit = "samples"), Range(1, 10_000)]
    public int Samples { get; init; } = 8;

    [Doc("Temperature of the test's samples; validation is greedy"), Range(0, 100)]
    public float Temperature { get; init; } = 1;

    [Doc("Sequences decoded together", Unit = "sequences"), Range(1, 4096)]
    public int Batch { get; init; } = 128;
}
