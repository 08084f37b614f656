namespace Retort.Tensors;

/// <summary>
/// What one generation step feeds through the model: for each sequence in it, how many new rows, at which position they
/// begin, and the pages that hold its keys and values. Sized once for the largest step; filling it allocates nothing.
/// </summary>
public sealed class StepLayout
{
    private readonly int[] rowStarts, startPositions, pageTable;

    /// <summary>Room for a step of at most maxSequences sequences with at most maxPagesPerSequence pages each.</summary>
    public StepLayout(int maxSequences, int maxPagesPerSequence)
    {
        (MaxSequences, MaxPagesPerSequence) = (maxSequences, maxPagesPerSequence);
        rowStarts = new int[maxSequences + 1];
        startPositions = new int[maxSequences];
        pageTable = new int[maxSequences * maxPagesPerSequence];
    }

    /// <summary>The most sequences a step may hold.</summary>
    public int MaxSequences { get; }

    /// <summary>The most pages a sequence may have.</summary>
    public int MaxPagesPerSequence { get; }

    /// <summary>Sequences in this step.</summary>
    public int NumSequences { get; private set; }

    /// <summary>Rows (tokens) in this step.</summary>
    public int NumRows => rowStarts[NumSequences];

    /// <summary>Sum over rows of the keys at or before them.</summary>
    public long KeysSeen { get; private set; }

    /// <summary>Sum over sequences of the keys present after this step: what must be read from memory at least once.</summary>
    public long KeysRead { get; private set; }

    /// <summary>First row of each sequence; one more entry holds the number of rows.</summary>
    public ReadOnlySpan<int> RowStarts => rowStarts.AsSpan(0, NumSequences + 1);

    /// <summary>Position of each sequence's first new row.</summary>
    public ReadOnlySpan<int> StartPositions => startPositions.AsSpan(0, NumSequences);

    /// <summary>The pages of sequence <paramref name="sequence"/>, in order of position.</summary>
    public ReadOnlySpan<int> Pages(int sequence) =>
        pageTable.AsSpan(sequence * MaxPagesPerSequence, MaxPagesPerSequence);

    /// <summary>Empties the step.</summary>
    public void Clear()
    {
        NumSequences = 0;
        KeysSeen = KeysRead = 0;
    }

    /// <summary>Adds a sequence's next <paramref name="numRows"/> tokens, the first at <paramref name="startPosition"/>.</summary>
    public void Add(int startPosition, int numRows, ReadOnlySpan<int> pages)
    {
        var end = startPosition + numRows;
        if (pages.Length * KvPages.PageTokens < end)
        {
            throw new ArgumentException($"{pages.Length} pages cannot hold {end} tokens");
        }

        rowStarts[NumSequences + 1] = rowStarts[NumSequences] + numRows;
        startPositions[NumSequences] = startPosition;
        pages.CopyTo(pageTable.AsSpan(NumSequences * MaxPagesPerSequence, MaxPagesPerSequence));
        NumSequences++;
        KeysSeen += ((long)end * (end + 1) - (long)startPosition * (startPosition + 1)) / 2;
        KeysRead += end;
    }
}
