namespace Retort.Training;

/// <summary>
/// Token sequences in one flat array: what a model is trained on. Each has a first token that is to be learned; earlier ones are
/// only read. Appending allocates; reading does not.
/// </summary>
public sealed class SequenceSet
{
    private readonly List<int> starts = [0];
    private readonly List<int> lossStarts = [];
    private int[] tokens = new int[1024];

    /// <summary>Number of sequences.</summary>
    public int Count => lossStarts.Count;

    /// <summary>Tokens of all sequences.</summary>
    public int NumTokens => starts[^1];

    /// <summary>Tokens of the longest sequence.</summary>
    public int MaxLength { get; private set; }

    /// <summary>Sequence <paramref name="index"/>.</summary>
    public ReadOnlySpan<int> this[int index] => tokens.AsSpan(starts[index], starts[index + 1] - starts[index]);

    /// <summary>Position of the first token of the sequence that is a target; at least 1, since position 0 has no predecessor.</summary>
    public int LossStart(int index) => lossStarts[index];

    /// <summary>The sequences of at most <paramref name="maxTokens"/> tokens, in their order: this very set if it has no longer ones.</summary>
    public SequenceSet UpTo(int maxTokens)
    {
        if (MaxLength <= maxTokens)
        {
            return this;
        }

        var chosen = Enumerable.Range(0, Count).Where(i => this[i].Length <= maxTokens).ToArray();
        var shorter = new SequenceSet { tokens = new int[chosen.Sum(i => this[i].Length)] };
        foreach (var i in chosen)
        {
            shorter.Add(this[i], LossStart(i));
        }

        return shorter;
    }

    /// <summary>Adds a sequence of at least two tokens, of which those from <paramref name="lossStart"/> on are learned.</summary>
    public void Add(ReadOnlySpan<int> sequence, int lossStart = 1)
    {
        if (sequence.Length < 2)
        {
            throw new ArgumentException("a sequence needs at least two tokens: one to read, one to predict");
        }

        var end = NumTokens + sequence.Length;
        if (end > tokens.Length)
        {
            Array.Resize(ref tokens, Math.Max(end, tokens.Length * 2));
        }

        sequence.CopyTo(tokens.AsSpan(NumTokens));
        starts.Add(end);
        lossStarts.Add(Math.Max(1, lossStart));
        MaxLength = Math.Max(MaxLength, sequence.Length);
    }
}
