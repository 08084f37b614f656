namespace Retort.Training;

/// <summary>
/// One global batch on the host: sequences end to end without padding, inputs and next-token targets (-1: not learned).
/// Arrays are sized once from the longest sequence, so filling allocates nothing.
/// </summary>
internal sealed class GlobalBatch
{
    private readonly int[] tokens, targets, positions, sequenceStarts;

    public GlobalBatch(int numSequences, int maxLength)
    {
        var maxRows = numSequences * (maxLength - 1);
        (tokens, targets, positions) = (new int[maxRows], new int[maxRows], new int[maxRows]);
        sequenceStarts = new int[numSequences + 1];
    }

    public int NumSequences => sequenceStarts.Length - 1;

    public int NumRows => sequenceStarts[^1];

    /// <summary>Targets that count: the loss is the mean over them.</summary>
    public int NumTargets { get; private set; }

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Targets => targets.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Positions => positions.AsSpan(0, NumRows);

    /// <summary>First row of each sequence; the last entry is the number of rows.</summary>
    public ReadOnlySpan<int> SequenceStarts => sequenceStarts;

    /// <summary>Fills the batch with the mixture's next sequences.</summary>
    public void Fill(Mixture mixture)
    {
        NumTargets = 0;
        for (var s = 0; s < NumSequences; s++)
        {
            var (set, index) = mixture.Next();
            var sequence = set[index];
            var (row, lossStart) = (sequenceStarts[s], set.LossStart(index));
            for (var i = 0; i + 1 < sequence.Length; i++, row++)
            {
                var learned = i + 1 >= lossStart;
                (tokens[row], positions[row], targets[row]) = (sequence[i], i, learned ? sequence[i + 1] : -1);
                NumTargets += learned ? 1 : 0;
            }

            sequenceStarts[s + 1] = row;
        }
    }

    /// <summary>First sequence of part <paramref name="part"/> when the batch is cut into <paramref name="parts"/> contiguous parts.</summary>
    public int FirstSequence(int part, int parts) => (int)((long)NumSequences * part / parts);
}
