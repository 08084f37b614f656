namespace Retort.Training;

/// <summary>
/// One global batch on the host: sequences end to end without padding, inputs, next-token targets (-1: not learned) and as many columns
/// of numbers a row as its objective reads. Arrays are sized once, so filling allocates nothing.
/// </summary>
internal sealed class GlobalBatch
{
    private readonly int[] tokens, targets, positions, sequenceStarts;
    private readonly float[][] columns;

    /// <summary>An empty batch with room for so many sequences of at most <paramref name="maxLength"/> tokens.</summary>
    public GlobalBatch(int maxSequences, int maxLength, int numColumns)
    {
        MaxRows = maxSequences * (maxLength - 1);
        (tokens, targets, positions) = (new int[MaxRows], new int[MaxRows], new int[MaxRows]);
        columns = [.. Enumerable.Range(0, numColumns).Select(_ => new float[MaxRows])];
        sequenceStarts = new int[maxSequences + 1];
    }

    public int NumSequences { get; private set; }

    /// <summary>Rows of a batch of the longest sequences.</summary>
    public int MaxRows { get; }

    public int NumRows => sequenceStarts[NumSequences];

    public int NumColumns => columns.Length;

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Targets => targets.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Positions => positions.AsSpan(0, NumRows);

    /// <summary>First row of each sequence; the last entry is the number of rows.</summary>
    public ReadOnlySpan<int> SequenceStarts => sequenceStarts.AsSpan(0, NumSequences + 1);

    /// <summary>One number a row.</summary>
    public Span<float> Column(int column) => columns[column].AsSpan(0, NumRows);

    /// <summary>Forgets its sequences.</summary>
    public void Clear() => NumSequences = 0;

    /// <summary>Adds a sequence whose tokens from <paramref name="lossStart"/> on are learned; returns its first row.</summary>
    public int Add(ReadOnlySpan<int> sequence, int lossStart)
    {
        var first = NumRows;
        var row = first;
        for (var i = 0; i + 1 < sequence.Length; i++, row++)
        {
            (tokens[row], positions[row], targets[row]) = (sequence[i], i, i + 1 >= lossStart ? sequence[i + 1] : -1);
        }

        sequenceStarts[++NumSequences] = row;
        return first;
    }

    /// <summary>Adds a sequence of another batch, with the columns that both have; returns its first row.</summary>
    public int Add(GlobalBatch other, int sequence)
    {
        var (from, length, first) = (other.sequenceStarts[sequence], other.sequenceStarts[sequence + 1] - other.sequenceStarts[sequence], NumRows);
        Array.Copy(other.tokens, from, tokens, first, length);
        Array.Copy(other.targets, from, targets, first, length);
        Array.Copy(other.positions, from, positions, first, length);
        for (var c = 0; c < Math.Min(NumColumns, other.NumColumns); c++)
        {
            Array.Copy(other.columns[c], from, columns[c], first, length);
        }

        sequenceStarts[++NumSequences] = first + length;
        return first;
    }

    /// <summary>First sequence of part <paramref name="part"/> when the batch is cut into <paramref name="parts"/> contiguous parts.</summary>
    public int FirstSequence(int part, int parts) => (int)((long)NumSequences * part / parts);
}
