namespace Retort.Tasks.CountDown;

/// <summary>A state of a search as its traces show it.</summary>
/// <param name="target">The problem's target, which every state line repeats.</param>
/// <param name="goal">What this search must make: the target, or the fifth number in the first half of a stacked problem.</param>
/// <param name="numbers">The numbers in play.</param>
/// <param name="waiting">Numbers not in play, printed after them (stacked problems).</param>
/// <param name="operations">The steps from the root to this state.</param>
/// <param name="path">The node's name: the place of each step among its parent's children.</param>
internal readonly ref struct StateView(
    int target, int goal, ReadOnlySpan<int> numbers, ReadOnlySpan<int> waiting, ReadOnlySpan<Operation> operations, ReadOnlySpan<int> path)
{
    public int Target { get; } = target;

    public int Goal { get; } = goal;

    public ReadOnlySpan<int> Numbers { get; } = numbers;

    public ReadOnlySpan<int> Waiting { get; } = waiting;

    public ReadOnlySpan<Operation> Operations { get; } = operations;

    public ReadOnlySpan<int> Path { get; } = path;

    /// <summary>The last search of the problem, whose success is the problem's.</summary>
    public bool IsFinal => Waiting.Length == 0;
}

/// <summary>
/// Spells the events of a search. The searches know no spelling and the writers no search, so the two formats cannot
/// drift apart. The first state of a problem is its prompt; everything after is the answer.
/// </summary>
internal abstract class TraceWriter
{
    private int countedBytes, countedTokens;

    /// <summary>What has been written since <see cref="Clear"/>.</summary>
    public TraceText Text { get; } = new();

    /// <summary>Where the answer begins in <see cref="Text"/>.</summary>
    public int PromptLength { get; private set; }

    /// <summary>Tokens of everything written, prompt included, start and end tokens not.</summary>
    public int Tokens
    {
        get
        {
            countedTokens += CountTokens(Text.Written[countedBytes..]);
            countedBytes = Text.Length;
            return countedTokens;
        }
    }

    public void Clear()
    {
        Text.Clear();
        (PromptLength, countedBytes, countedTokens) = (0, 0, 0);
    }

    /// <summary>The problem's first state: the prompt.</summary>
    public void Prompt(in StateView root)
    {
        WritePrompt(root);
        PromptLength = Text.Length;
    }

    /// <summary>The second half of a stacked problem begins.</summary>
    public abstract void SecondHalf(in StateView root);

    /// <summary>A successor is tried; its numbers follow.</summary>
    public abstract void Explore(in StateView child);

    /// <summary>The search goes down into the successor just tried.</summary>
    public abstract void Descend(in StateView child);

    /// <summary>The successor just tried is a single number.</summary>
    public abstract void Leaf(in StateView child, bool reached);

    /// <summary>"Think": the successor just tried is judged hopeless.</summary>
    public abstract void Dismiss(in StateView child);

    /// <summary>Back to a state, whose next successor follows.</summary>
    public abstract void Return(in StateView parent);

    /// <summary>A beam search begins at the root.</summary>
    public abstract void BeginBeam(in StateView root);

    /// <summary>Beam: the successor just tried is kept for later.</summary>
    public abstract void Keep(in StateView child);

    /// <summary>Beam: a kept state is expanded.</summary>
    public abstract void Visit(in StateView state);

    /// <summary>Beam: nothing is left to expand.</summary>
    public abstract void GiveUp();

    /// <summary>Direct: the state just made, node number <paramref name="node"/> (2, 3, ...).</summary>
    public abstract void Follow(in StateView child, int node);

    protected abstract void WritePrompt(in StateView root);

    /// <summary>Tokens of a stretch of text that begins and ends between tokens.</summary>
    protected abstract int CountTokens(ReadOnlySpan<byte> text);
}
