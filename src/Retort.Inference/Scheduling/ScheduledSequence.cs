namespace Retort.Inference.Scheduling;

/// <summary>Where a live sequence stands.</summary>
public enum SequencePhase
{
    /// <summary>It holds no keys and values: it has not begun, or lost them and will compute them again.</summary>
    Waiting,

    /// <summary>It has a place in the batch.</summary>
    Running,

    /// <summary>It was preempted and keeps its pages.</summary>
    Paused,

    /// <summary>It was preempted and its pages lie in the host's pool.</summary>
    Swapped,

    /// <summary>It is done or was cancelled.</summary>
    Ended,
}

/// <summary>
/// What scheduling knows of a sequence: plain data, the same for the engine and for a simulation. Lengths are in tokens.
/// </summary>
public class ScheduledSequence
{
    private int[] pages = [];
    private long order;

    /// <summary>Place in the order of arrival; unique, decides ties.</summary>
    public required long Order { get => order; init => order = value; }

    /// <summary>When it arrived, on the caller's clock.</summary>
    public double ArrivalSeconds { get; init; }

    /// <summary>Tokens of its prompt, at least one.</summary>
    public required int NumPromptTokens { get; init; }

    /// <summary>Prompt and output together never exceed this.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Lower is served sooner under <see cref="OrderingKey.Priority"/>.</summary>
    public int Priority { get; init; }

    /// <summary>r: output tokens predicted at arrival, fixed.</summary>
    public double PredictedLength { get; set; }

    /// <summary>a: output tokens drawn so far.</summary>
    public int NumGenerated { get; set; }

    /// <summary>L: output tokens still to come, as predicted now.</summary>
    public double PredictedRemaining { get; set; }

    /// <summary>Where it stands.</summary>
    public SequencePhase Phase { get; internal set; }

    /// <summary>Whether it ever had a place in the batch.</summary>
    public bool HasBegun { get; internal set; }

    /// <summary>Tokens whose keys are in its pages (or will be, once the step in hand has run).</summary>
    public int NumCached { get; set; }

    /// <summary>Tokens known but not cached: the rest of the prompt, what must be computed again, the token drawn last.</summary>
    public int NumPending => NumPromptTokens + NumGenerated - NumCached;

    /// <summary>The most tokens it ever had cached; feeding any of them again is recomputation.</summary>
    public int MostCached { get; internal set; }

    /// <summary>Times it lost its place or its pages.</summary>
    public int NumPreemptions { get; internal set; }

    /// <summary>Tokens fed again after their keys were given up.</summary>
    public int NumRecomputed { get; internal set; }

    /// <summary>Prompt and drawn tokens, for a ledger that finds equal prefixes; else not looked at.</summary>
    public virtual ReadOnlySpan<int> KnownTokens => [];

    /// <summary>Keys of the prompt that samples of one request share, while they are held.</summary>
    public Kv.SharedPrefix? Prefix { get; init; }

    /// <summary>Its pages in order of position; of the host's pool while <see cref="SequencePhase.Swapped"/>.</summary>
    public ReadOnlySpan<int> Pages => pages.AsSpan(0, NumPages);

    /// <summary>How many pages it holds.</summary>
    public int NumPages { get; private set; }

    /// <summary>Full pages that a prefix cache has been told of.</summary>
    internal int NumRegisteredPages { get; set; }

    /// <summary>The last of them.</summary>
    internal Kv.PrefixChain Chain { get; set; }

    /// <summary>Its keys depend on its tokens alone, so that another request with the same beginning can use them.</summary>
    internal bool SharesKeys { get; init; } = true;

    /// <summary>Sorts before others when lower: the rank after protection and starvation guard.</summary>
    internal double Key { get; set; }

    /// <summary>May not be displaced any more (section 3.1: age at or past floor(C r)): from now on nothing looks at its predictions.</summary>
    internal bool IsProtected { get; set; }

    /// <summary>Place in the heap of those without a place in the batch.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>Scheduling round since which it has had no place.</summary>
    internal long WaitingSinceRound { get; set; }

    /// <summary>A guard keeps it first until it has drawn so many tokens.</summary>
    internal int PinnedUntilGenerated { get; set; }

    /// <summary>A sequence that has ended begins another life: a simulation needs millions and makes as many as are live at once.</summary>
    internal void Renew(long newOrder)
    {
        (order, HasBegun, NumGenerated, NumCached, MostCached) = (newOrder, false, 0, 0, 0);
        (NumPreemptions, NumRecomputed, PinnedUntilGenerated) = (0, 0, 0);
    }

    internal void AddPage(int page)
    {
        if (NumPages == pages.Length)
        {
            // Once, to the most it can ever need: a decode step that takes a page allocates nothing.
            Array.Resize(ref pages, Kv.PageCount.For(MaxLength));
        }

        pages[NumPages++] = page;
    }

    internal void SetPage(int index, int page) => pages[index] = page;

    internal void ClearPages() => NumPages = 0;

    /// <summary>Whether it comes before another: by key, then by arrival.</summary>
    internal bool IsBefore(ScheduledSequence other) => Key < other.Key || (Key == other.Key && Order < other.Order);
}
