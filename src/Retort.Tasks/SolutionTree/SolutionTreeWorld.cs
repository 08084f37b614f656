using Retort.Core;

namespace Retort.Tasks.SolutionTree;

/// <summary>
/// A world (section 3.1): where actions lead, and what pretraining prefers. All of it is drawn from one stream in the
/// specification's order, so that worlds that differ in their contexts only share everything else.
/// </summary>
public sealed class SolutionTreeWorld
{
    private readonly int numActions;
    private readonly int[] next, nextProblem, actionBetween;
    private readonly double[][]? actionsOf, contextsOf;

    /// <param name="settings">Checked settings.</param>
    internal SolutionTreeWorld(SolutionTreeSettings settings)
    {
        (NumStates, numActions) = (settings.NumStates, settings.NumActions);
        var random = CounterRandom.For(settings.WorldSeed, "solution-tree/world");
        next = new int[NumPairs];
        for (var pair = 0; pair < next.Length; pair++)
        {
            next[pair] = random.NextInt32(NumStates);
        }

        var preferences = new double[NumStates][];
        for (var state = 0; state < NumStates; state++)
        {
            preferences[state] = Dirichlet.DrawLogs(ref random, numActions, settings.Alpha);
        }

        (nextProblem, actionBetween) = DrawProblemTable(ref random);
        IsHeldOut = DrawHeldOut(settings);
        if (settings.Actions == ActionBias.Dirichlet || settings.HeldOutPairs > 0)
        {
            actionsOf = [.. preferences.Select((logs, state) => Dirichlet.Cumulate(
                [.. logs.Select((log, action) => IsHeldOut[Pair(state, action)] ? double.NegativeInfinity
                    : settings.Actions == ActionBias.Uniform ? 0 : log)]))];
        }

        if (settings.Context == ContextMode.Dirichlet)
        {
            contextsOf = new double[numActions][];
            for (var action = 0; action < numActions; action++)
            {
                contextsOf[action] = Dirichlet.Cumulate(Dirichlet.DrawLogs(ref random, NumStates, settings.Beta));
            }
        }
    }

    /// <summary>D: states, problem states and context values.</summary>
    public int NumStates { get; }

    /// <summary>D x A: pairs of a state and an action.</summary>
    public int NumPairs => NumStates * numActions;

    /// <summary>By pair: pretraining never takes it.</summary>
    public IReadOnlyList<bool> IsHeldOut { get; }

    /// <summary>The pair's number: state-major, 0 to <see cref="NumPairs"/> - 1.</summary>
    public int Pair(int state, int action) => state * numActions + action;

    /// <summary>T[s, a]: the state an action leads to. Two actions may lead to the same one.</summary>
    public int Next(int state, int action) => next[Pair(state, action)];

    /// <summary>R[p, a]: the problem state an action leads to, another for each action.</summary>
    public int NextProblem(int problem, int action) => nextProblem[Pair(problem, action)];

    /// <summary>The action that leads from one problem state to another; -1 if none does.</summary>
    public int ActionBetween(int problem, int after) => actionBetween[problem * NumStates + after];

    /// <summary>An action of pretraining.</summary>
    internal int DrawAction(ref CounterRandom random, int state) =>
        actionsOf is null ? random.NextInt32(numActions) : Dirichlet.Draw(ref random, actionsOf[state]);

    /// <summary>A context of pretraining.</summary>
    internal int DrawContext(ref CounterRandom random, int action) =>
        contextsOf is null ? random.NextInt32(NumStates) : Dirichlet.Draw(ref random, contextsOf[action]);

    private (int[] NextProblem, int[] ActionBetween) DrawProblemTable(ref CounterRandom random)
    {
        var (table, inverse) = (new int[NumPairs], new int[NumStates * NumStates]);
        Array.Fill(inverse, -1);
        Span<int> order = stackalloc int[NumStates];
        for (var problem = 0; problem < NumStates; problem++)
        {
            for (var i = 0; i < NumStates; i++)
            {
                order[i] = i;
            }

            random.Shuffle(order);
            for (var action = 0; action < numActions; action++)
            {
                table[Pair(problem, action)] = order[action];
                inverse[problem * NumStates + order[action]] = action;
            }
        }

        return (table, inverse);
    }

    /// <summary>As evenly over the states as whole numbers allow, from a stream of its own: the world stays what it is without them.</summary>
    private bool[] DrawHeldOut(SolutionTreeSettings settings)
    {
        var (heldOut, random) = (new bool[NumPairs], CounterRandom.For(settings.WorldSeed, "solution-tree/held-out"));
        var total = (int)Math.Round(settings.HeldOutPairs * NumPairs);
        int[] states = [.. Enumerable.Range(0, NumStates)], actions = [.. Enumerable.Range(0, numActions)];
        random.Shuffle<int>(states);
        for (var i = 0; i < NumStates; i++)
        {
            random.Shuffle<int>(actions);
            for (var k = 0; k < total / NumStates + (i < total % NumStates ? 1 : 0); k++)
            {
                heldOut[Pair(states[i], actions[k])] = true;
            }
        }

        return heldOut;
    }
}
