using Retort.Core;

namespace Retort.Tasks.SolutionTree;

/// <summary>
/// Walk a tree of states along the path that the prompt names (section 3 of the RL-wall study): decode each action from two problem
/// states (plan), look up the state it leads to (execute).
/// <para>
/// <see cref="Split.Train"/> is the pretraining distribution: actions and contexts as the world prefers them.
/// <see cref="Split.Validation"/> holds the problems of reinforcement learning and <see cref="Split.Test"/> the test's; both draw
/// actions and contexts evenly. A path, start state and actions, belongs to the split it hashes to (8 of 10 train, 1 each validation
/// and test), so no path that is tested was ever trained on, in pretraining or afterwards, whatever the prompts around it.
/// </para>
/// Immutable; every member may be called from any thread.
/// </summary>
public sealed class SolutionTreeTask : ITask
{
    // A world of few paths may have none in a split.
    private const int MaxDraws = 100_000;

    private readonly ulong[] purposes = [.. Enum.GetNames<Split>().Select(name => CounterRandom.Hash("solution-tree/" + name))];

    /// <summary>Checks the settings (<see cref="UserError"/>) and draws the world.</summary>
    public SolutionTreeTask(SolutionTreeSettings? settings = null)
    {
        Settings = settings ?? new SolutionTreeSettings();
        if (Settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"task.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        World = new SolutionTreeWorld(Settings);
        Vocabulary = SolutionTreeGrammar.Vocabulary(Settings.NumStates);
    }

    /// <inheritdoc/>
    public string Name => "solution-tree";

    /// <summary>The settings.</summary>
    public SolutionTreeSettings Settings { get; }

    /// <summary>The world.</summary>
    public SolutionTreeWorld World { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <inheritdoc cref="ITask.Create"/>
    /// <exception cref="UserError">The world is so small that the split has no path.</exception>
    public SolutionTreeItem Create(Split split, long index)
    {
        var (states, actions, random) = DrawPath(split, index);
        return new(
            $"{split.ToString().ToLowerInvariant()}-{index}", DrawPrompt(ref random, split == Split.Train, states[0], actions),
            SolutionTreeGrammar.WriteAnswer(states, actions), states, actions);
    }

    /// <summary>
    /// A question for one entry of T: a problem that takes the pair somewhere, its answer written up to "S s A a S" inside the prompt. The
    /// answer is the next state's number. Its path is drawn as the test's are and is no problem of reinforcement learning.
    /// </summary>
    public TaskItem CreateProbe(int pair, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (state, action) = Math.DivRem(pair, Settings.NumActions);
        var random = CounterRandom.For(Settings.Seed, $"solution-tree/probe {pair}", (ulong)index);
        var actions = new int[random.NextInt32(Settings.Steps.Low, Settings.Steps.High)];
        var (states, place) = (new int[actions.Length + 1], random.NextInt32(actions.Length));
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            // A state that hardly any action leads to is asked for at the beginning.
            place = draw == MaxDraws / 100 ? 0 : place;
            states[0] = place == 0 ? state : random.NextInt32(Settings.NumStates);
            for (var i = 0; i < actions.Length; i++)
            {
                actions[i] = i == place ? action : random.NextInt32(Settings.NumActions);
                states[i + 1] = World.Next(states[i], actions[i]);
            }

            if (states[place] == state && SplitOf(states[0], actions) != Split.Validation)
            {
                var given = SolutionTreeGrammar.WriteAnswer(states.AsSpan(0, place + 2), actions.AsSpan(0, place + 1));
                var end = given.LastIndexOf(' ');
                return new($"pair-{pair}/{index}", $"{DrawPrompt(ref random, false, states[0], actions)} {given[..end]}", given[(end + 1)..]);
            }
        }

        throw UserError.Request(
            $"task {Name}", $"no path through state {state} and action {action} may be asked for", "more states, actions or steps");
    }

    /// <summary>A prompt from outside, which may have any number of steps.</summary>
    /// <exception cref="UserError">The prompt is not of the grammar, or names a step that no action makes.</exception>
    public SolutionTreeItem FromPrompt(string prompt, string id) => Read(prompt, id)
        ?? throw UserError.Request(id, $"'{prompt}' is no prompt of this world", "'S 9 P 3 C 6 P 4 I 5 :' with numbers and steps of the world");

    /// <summary>
    /// Exact match, any white space. <see cref="Verdict.Plan"/> and <see cref="Verdict.Execute"/> are the whole answer's marks; the
    /// answer is the text with single spaces if it is of the grammar.
    /// </summary>
    public Verdict Verify(TaskItem item, string completion) => Judge(item, completion) is { } judged
        ? new Verdict(judged.IsCorrect, judged.Canonical, judged.IsPlanned, judged.IsExecuted)
        : new Verdict(false);

    /// <summary>As <see cref="Verify"/>, step by step; null if the item's prompt is none of this world.</summary>
    public SolutionTreeJudgement? Judge(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        if ((item as SolutionTreeItem ?? Read(item.Prompt, item.Id)) is not { States: var states, Actions: var actions })
        {
            return null;
        }

        var (numbers, canonical) = SolutionTreeGrammar.ReadAnswer(completion, Settings.NumStates, Settings.NumActions);
        var steps = new SolutionTreeStep[Math.Max(actions.Count, numbers.Length / 2)];
        for (var i = 0; i < steps.Length; i++)
        {
            var (state, action, next) = (NumberAt(2 * i), NumberAt(2 * i + 1), NumberAt(2 * i + 2));
            steps[i] = new(state, action, next,
                i < actions.Count && action == actions[i], state >= 0 && action >= 0 && next >= 0 && World.Next(state, action) == next);
        }

        return new(
            steps[..actions.Count], steps.Length == actions.Count && Array.TrueForAll(steps, step => step.IsPlanned),
            canonical is not null && numbers[0] == states[0] && Array.TrueForAll(steps, step => step.IsExecuted), canonical);

        int NumberAt(int place) => place < numbers.Length ? numbers[place] : -1;
    }

    /// <summary>The pairs of state and action that problem number <paramref name="index"/> needs; cheaper than the problem.</summary>
    internal void AddPairs(Split split, long index, Span<int> counts)
    {
        var (states, actions, _) = DrawPath(split, index);
        for (var i = 0; i < actions.Length; i++)
        {
            counts[World.Pair(states[i], actions[i])]++;
        }
    }

    /// <summary>The split of a path; it depends on no seed.</summary>
    private static Split SplitOf(int start, ReadOnlySpan<int> actions)
    {
        Span<char> path = stackalloc char[actions.Length + 1];
        path[0] = (char)start;
        for (var i = 0; i < actions.Length; i++)
        {
            path[i + 1] = (char)actions[i];
        }

        return (CounterRandom.Hash(path.ToString()) % 10) switch
        {
            0 => Split.Validation,
            1 => Split.Test,
            _ => Split.Train,
        };
    }

    private (int[] States, int[] Actions, CounterRandom Random) DrawPath(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var random = CounterRandom.For(Settings.Seed, purposes[(int)split], (ulong)index);
        var actions = new int[random.NextInt32(Settings.Steps.Low, Settings.Steps.High)];
        var states = new int[actions.Length + 1];
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            states[0] = random.NextInt32(Settings.NumStates);
            for (var i = 0; i < actions.Length; i++)
            {
                actions[i] = split == Split.Train ? World.DrawAction(ref random, states[i]) : random.NextInt32(Settings.NumActions);
                states[i + 1] = World.Next(states[i], actions[i]);
            }

            if (SplitOf(states[0], actions) == split)
            {
                return (states, actions, random);
            }
        }

        throw UserError.Request(
            $"task {Name}", $"none of {MaxDraws} paths of {actions.Length} steps belongs to the split {split}", "more states, actions or steps");
    }

    /// <summary>A prompt that names the actions, with problem states, contexts and irrelevant numbers of its own.</summary>
    private string DrawPrompt(ref CounterRandom random, bool isPretraining, int start, int[] actions)
    {
        var (problems, contexts) = (new int[actions.Length + 1], new int[Settings.Context == ContextMode.Dropped ? 0 : actions.Length]);
        problems[0] = random.NextInt32(Settings.NumStates);
        for (var i = 0; i < actions.Length; i++)
        {
            problems[i + 1] = World.NextProblem(problems[i], actions[i]);
        }

        for (var i = 0; i < contexts.Length; i++)
        {
            contexts[i] = isPretraining ? World.DrawContext(ref random, actions[i]) : random.NextInt32(Settings.NumStates);
        }

        var irrelevant = new int[Settings.NumIrrelevant];
        foreach (ref var number in irrelevant.AsSpan())
        {
            number = random.NextInt32(Settings.NumStates);
        }

        return SolutionTreeGrammar.WritePrompt(start, problems, contexts, irrelevant);
    }

    private SolutionTreeItem? Read(string prompt, string id)
    {
        if (SolutionTreeGrammar.ReadPrompt(prompt, Settings.NumStates) is not var (start, problems))
        {
            return null;
        }

        var (states, actions) = (new int[problems.Length], new int[problems.Length - 1]);
        states[0] = start;
        for (var i = 0; i < actions.Length; i++)
        {
            actions[i] = World.ActionBetween(problems[i], problems[i + 1]);
            if (actions[i] < 0)
            {
                return null;
            }

            states[i + 1] = World.Next(states[i], actions[i]);
        }

        return new(id, prompt, SolutionTreeGrammar.WriteAnswer(states, actions), states, actions);
    }
}
