namespace Retort.Training;

/// <summary>
/// One global batch on the host: sequences end to end without padding, inputs, next-token targets (-1: not learned) and as many columns
/// of numbers a row as its objective reads. A sequence may branch: tokens that all its branches begin with lie there once. Arrays are
/// sized once, so filling allocates nothing.
/// </summary>
internal sealed class GlobalBatch
{
    private readonly int[] tokens, targets, positions, nextPositions, sequenceStarts, branchStarts, firstBranches;
    private readonly float[][] columns;
    private readonly int vocabularySize;

    /// <summary>
    /// An empty batch with room for so many sequences, each of so many branches of at most <paramref name="maxLength"/> tokens. Tokens beyond
    /// the vocabulary (<see cref="Models.PairTokens"/>) are read and never learned.
    /// </summary>
    public GlobalBatch(int maxSequences, int maxLength, int numColumns, int maxBranches = 1, int vocabularySize = int.MaxValue)
    {
        (MaxBranches, this.vocabularySize) = (maxBranches, vocabularySize);
        MaxRows = maxSequences * maxBranches * (maxLength - 1);
        (tokens, targets, positions, nextPositions) = (new int[MaxRows], new int[MaxRows], new int[MaxRows], new int[MaxRows]);
        columns = [.. Enumerable.Range(0, numColumns).Select(_ => new float[MaxRows])];
        (sequenceStarts, firstBranches) = (new int[maxSequences + 1], new int[maxSequences + 1]);
        branchStarts = new int[maxSequences * maxBranches + 1];
    }

    public int NumSequences { get; private set; }

    /// <summary>Most branches of a sequence; 1: none branches.</summary>
    public int MaxBranches { get; }

    /// <summary>Rows of a batch of the longest sequences.</summary>
    public int MaxRows { get; }

    public int NumRows => sequenceStarts[NumSequences];

    public int NumColumns => columns.Length;

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Targets => targets.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Positions => positions.AsSpan(0, NumRows);

    /// <summary>Position id of each row's target; -1 where there is none.</summary>
    public ReadOnlySpan<int> NextPositions => nextPositions.AsSpan(0, NumRows);

    /// <summary>First row of each sequence; the last entry is the number of rows.</summary>
    public ReadOnlySpan<int> SequenceStarts => sequenceStarts.AsSpan(0, NumSequences + 1);

    /// <summary>One number a row.</summary>
    public Span<float> Column(int column) => columns[column].AsSpan(0, NumRows);

    /// <summary>
    /// First row of each branch of a sequence; what lies before the first is common to all. A branch ends where the next begins, the last
    /// with the sequence.
    /// </summary>
    public ReadOnlySpan<int> BranchStarts(int sequence) => branchStarts.AsSpan(firstBranches[sequence]..firstBranches[sequence + 1]);

    /// <summary>Forgets its sequences.</summary>
    public void Clear() => NumSequences = 0;

    /// <summary>
    /// Adds a sequence whose tokens from <paramref name="lossStart"/> on are learned; returns its first row. Without
    /// <paramref name="positionIds"/> they are places.
    /// </summary>
    public int Add(ReadOnlySpan<int> sequence, int lossStart, ReadOnlySpan<int> positionIds = default)
    {
        var first = Begin();
        branchStarts[firstBranches[NumSequences]++] = first;
        for (var i = 0; i + 1 < sequence.Length; i++)
        {
            var (here, next) = positionIds.IsEmpty ? (i, i + 1) : (positionIds[i], positionIds[i + 1]);
            AddRow(sequence[i], here, i + 1 >= lossStart ? sequence[i + 1] : -1, i + 1 >= lossStart ? next : -1);
        }

        return first;
    }

    /// <summary>Begins a sequence that branches after these tokens, which are read and not learned.</summary>
    public void AddCommon(ReadOnlySpan<int> common)
    {
        Begin();
        for (var i = 0; i < common.Length; i++)
        {
            AddRow(common[i], i, -1, -1);
        }
    }

    /// <summary>
    /// Adds a branch to the last sequence: token <paramref name="first"/> at <paramref name="position"/>, then <paramref name="learned"/>, all
    /// of which are learned. Returns the row that predicts the first of them.
    /// </summary>
    public int AddBranch(int first, int position, ReadOnlySpan<int> learned)
    {
        var row = NumRows;
        branchStarts[firstBranches[NumSequences]++] = row;
        for (var i = 0; i < learned.Length; i++)
        {
            AddRow(i == 0 ? first : learned[i - 1], position + i, learned[i], position + i + 1);
        }

        return row;
    }

    /// <summary>Adds a sequence of another batch, with the columns that both have; returns its first row.</summary>
    public int Add(GlobalBatch other, int sequence)
    {
        var (from, first) = (other.sequenceStarts[sequence], Begin());
        var length = other.sequenceStarts[sequence + 1] - from;
        Array.Copy(other.tokens, from, tokens, first, length);
        Array.Copy(other.targets, from, targets, first, length);
        Array.Copy(other.positions, from, positions, first, length);
        Array.Copy(other.nextPositions, from, nextPositions, first, length);
        for (var c = 0; c < Math.Min(NumColumns, other.NumColumns); c++)
        {
            Array.Copy(other.columns[c], from, columns[c], first, length);
        }

        foreach (var start in other.BranchStarts(sequence))
        {
            branchStarts[firstBranches[NumSequences]++] = start - from + first;
        }

        sequenceStarts[NumSequences] = first + length;
        return first;
    }

    /// <summary>First sequence of part <paramref name="part"/> when the batch is cut into <paramref name="parts"/> contiguous parts.</summary>
    public int FirstSequence(int part, int parts) => (int)((long)NumSequences * part / parts);

    /// <summary>Begins a sequence; returns its first row.</summary>
    private int Begin()
    {
        var first = NumRows;
        NumSequences++;
        (sequenceStarts[NumSequences], firstBranches[NumSequences]) = (first, firstBranches[NumSequences - 1]);
        return first;
    }

    private void AddRow(int token, int position, int target, int nextPosition)
    {
        ref var row = ref sequenceStarts[NumSequences];
        (target, nextPosition) = target < vocabularySize ? (target, nextPosition) : (-1, -1);
        (tokens[row], positions[row], targets[row], nextPositions[row]) = (token, position, target, nextPosition);
        row++;
    }
}
