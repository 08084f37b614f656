using Retort.Core;

namespace Retort.Tasks.SolutionTree;

/// <summary>How pretraining draws actions.</summary>
public enum ActionBias
{
    /// <summary>From a Dirichlet(alpha) vector of the state: some pairs of state and action are hardly ever seen.</summary>
    Dirichlet,

    /// <summary>Evenly: every pair is seen.</summary>
    Uniform,
}

/// <summary>What stands beside the problem states in a prompt.</summary>
public enum ContextMode
{
    /// <summary>In pretraining a value from a Dirichlet(beta) vector of the action, which tells of it; elsewhere noise.</summary>
    Dirichlet,

    /// <summary>Noise everywhere.</summary>
    Uniform,

    /// <summary>Nothing: prompts have no context tokens.</summary>
    Dropped,
}

/// <summary>
/// Everything that decides a world of the solution-tree task and its problems (section 3 of the RL-wall study). The defaults are the
/// wall at the size of a desk; the named ones are the paper's base condition and a world whose wall breaks.
/// </summary>
public sealed record SolutionTreeSettings : ICheckedSettings
{
    private const int MaxNumber = 100;

    /// <summary>16 states and actions, four steps: most pairs that pretraining never showed lie in no small set of RL problems.</summary>
    public static SolutionTreeSettings Wall { get; } = new();

    /// <summary>10 states and actions: every pair lies in several RL problems.</summary>
    public static SolutionTreeSettings Breaks { get; } = new() { NumStates = 10, NumActions = 10 };

    /// <summary>The paper's base condition (section 3.1).</summary>
    public static SolutionTreeSettings Base { get; } = new() { NumStates = 20, NumActions = 20, Steps = new(5, 10), NumIrrelevant = 10 };

    /// <summary>Names the world: its tables and pretraining distributions.</summary>
    [Doc("Seed of the world: its tables and what pretraining prefers")]
    public ulong WorldSeed { get; init; }

    /// <summary>Names the streams of problems. Which split a problem belongs to does not depend on it.</summary>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>D: states, problem states, context values and number tokens.</summary>
    [Doc("States; also problem states, context values and number tokens", Unit = "states"), Range(2, MaxNumber)]
    public int NumStates { get; init; } = 16;

    /// <summary>A: actions, at most as many as states.</summary>
    [Doc("Actions, at most as many as states", Unit = "actions"), Range(2, MaxNumber)]
    public int NumActions { get; init; } = 16;

    /// <summary>n: actions of a problem, drawn evenly.</summary>
    [Doc("Actions of a problem, fewest to most", Unit = "actions")]
    public IntRange Steps { get; init; } = new(4, 4);

    /// <summary>m: irrelevant numbers at the end of a prompt.</summary>
    [Doc("Irrelevant numbers of a prompt", Unit = "numbers"), Range(0, 64)]
    public int NumIrrelevant { get; init; } = 2;

    /// <summary>How pretraining draws actions.</summary>
    [Doc("How pretraining draws actions")]
    public ActionBias Actions { get; init; }

    /// <summary>Dirichlet parameter of actions given the state; the smaller, the fewer are ever seen.</summary>
    [Doc("Dirichlet parameter of pretraining's actions given the state"), Range(0.01, 1000)]
    public double Alpha { get; init; } = 0.3;

    /// <summary>What stands beside the problem states in a prompt.</summary>
    [Doc("What stands beside the problem states: a spurious hint at the action in pretraining, noise, or nothing")]
    public ContextMode Context { get; init; }

    /// <summary>Dirichlet parameter of contexts given the action; the smaller, the more they tell.</summary>
    [Doc("Dirichlet parameter of pretraining's contexts given the action"), Range(0.01, 1000)]
    public double Beta { get; init; } = 0.3;

    /// <summary>Share of the pairs of state and action that pretraining never takes, spread evenly over the states.</summary>
    [Doc("Share of the pairs of state and action that pretraining never takes"), Range(0, 0.5)]
    public double HeldOutPairs { get; init; }

    /// <summary>Tokens of the longest problem: begin token, 4n + 2m + 5 of prompt (2n less without contexts), 4n + 2 of answer, end token.</summary>
    public int MaxTokens => (Context == ContextMode.Dropped ? 6 : 8) * Steps.High + 2 * NumIrrelevant + 9;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        NumStates is < 2 or > MaxNumber ? new(nameof(NumStates), $"is {NumStates}", $"in 2..{MaxNumber}")
        : NumActions < 2 || NumActions > NumStates ? new(nameof(NumActions), $"is {NumActions}", $"from 2 to numStates = {NumStates}")
        : Steps.Low > Steps.High || Steps.Low < 1 || Steps.High > 64 ? new(nameof(Steps), $"is {Steps}", "a range within 1..64")
        : NumIrrelevant is < 0 or > 64 ? new(nameof(NumIrrelevant), $"is {NumIrrelevant}", "in 0..64")
        : !Enum.IsDefined(Actions) ? new(nameof(Actions), $"is {Actions}", string.Join(", ", Enum.GetNames<ActionBias>()))
        : !Enum.IsDefined(Context) ? new(nameof(Context), $"is {Context}", string.Join(", ", Enum.GetNames<ContextMode>()))
        : Alpha is not (>= 0.01 and <= 1000) ? new(nameof(Alpha), $"is {Alpha}", "in 0.01..1000")
        : Beta is not (>= 0.01 and <= 1000) ? new(nameof(Beta), $"is {Beta}", "in 0.01..1000")
        : HeldOutPairs is not (>= 0 and <= 0.5) ? new(nameof(HeldOutPairs), $"is {HeldOutPairs}", "in 0..0.5")
        : null;
}
