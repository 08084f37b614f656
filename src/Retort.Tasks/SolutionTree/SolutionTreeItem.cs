namespace Retort.Tasks.SolutionTree;

/// <summary>One problem with its path.</summary>
/// <param name="Id">"test-17", or what the caller named it.</param>
/// <param name="Prompt">Start state, problem states, contexts, irrelevant numbers.</param>
/// <param name="Answer">States and actions in turn.</param>
/// <param name="States">s_0 to s_n.</param>
/// <param name="Actions">a_0 to a_(n-1): what the problem states name.</param>
public sealed record SolutionTreeItem(
    string Id, string Prompt, string Answer, IReadOnlyList<int> States, IReadOnlyList<int> Actions) : TaskItem(Id, Prompt, Answer)
{
    /// <summary>The pairs of state and action that the answer needs, as <see cref="SolutionTreeWorld.Pair"/> numbers them.</summary>
    public IEnumerable<int> Pairs(SolutionTreeWorld world) => Actions.Select((action, i) => world.Pair(States[i], action));
}

/// <summary>One step of an answer as the model wrote it; what is missing or no such number is -1.</summary>
/// <param name="State">The model's own state before the step.</param>
/// <param name="Action">The action it chose.</param>
/// <param name="Next">The state it wrote after the step.</param>
/// <param name="IsPlanned">The action is the one the problem names here.</param>
/// <param name="IsExecuted">The action leads from the model's own state to the one it wrote.</param>
public readonly record struct SolutionTreeStep(int State, int Action, int Next, bool IsPlanned, bool IsExecuted);

/// <summary>An answer's steps and what they come to (section 3.5). Correct is exactly "planned and executed".</summary>
/// <param name="Steps">The problem's n steps as the model wrote them.</param>
/// <param name="IsPlanned">The answer has the problem's actions and no other.</param>
/// <param name="IsExecuted">It is wholly of the grammar, begins at the problem's state, and every step of it leads where it says.</param>
/// <param name="Canonical">The answer with single spaces if it is of the grammar; else null.</param>
public sealed record SolutionTreeJudgement(IReadOnlyList<SolutionTreeStep> Steps, bool IsPlanned, bool IsExecuted, string? Canonical)
{
    /// <summary>The answer is the demonstration, token for token.</summary>
    public bool IsCorrect => IsPlanned && IsExecuted;

    /// <summary>Share of the problem's actions that are right.</summary>
    public double PlanAccuracy => Share(step => step.IsPlanned);

    /// <summary>Share of the steps that lead where they say.</summary>
    public double ExecutionAccuracy => Share(step => step.IsExecuted);

    private double Share(Func<SolutionTreeStep, bool> holds) => Steps.Count == 0 ? 0 : Steps.Count(holds) / (double)Steps.Count;
}
