namespace Retort.Training;

/// <summary>
/// One global batch on the host: sequences end to end without padding, inputs and next-token targets (-1: not learned).
/// Arrays are sized once from the longest sequence, so filling allocates nothing.
/// </summary>
internal sealed class GlobalBatch
{
    private readonly int[] tokens, targets, positions, sequenceStarts;
    private readonly float[] weights;
    private readonly IReadOnlyDictionary<int, float>? targetWeights;

    public GlobalBatch(int numSequences, int maxLength, IReadOnlyDictionary<int, float>? targetWeights = null)
    {
        this.targetWeights = targetWeights;
        MaxRows = numSequences * (maxLength - 1);
        (tokens, targets, positions) = (new int[MaxRows], new int[MaxRows], new int[MaxRows]);
        weights = targetWeights is null ? [] : new float[MaxRows];
        sequenceStarts = new int[numSequences + 1];
    }

    public int NumSequences => sequenceStarts.Length - 1;

    /// <summary>Rows of a batch of the longest sequences.</summary>
    public int MaxRows { get; }

    public int NumRows => sequenceStarts[^1];

    /// <summary>Sum of the targets' weights: the loss is the weighted mean over them.</summary>
    public double TotalWeight { get; private set; }

    /// <summary>What a row's loss is multiplied by for the mean.</summary>
    public float GradientScale => TotalWeight > 0 ? (float)(1 / TotalWeight) : 1;

    /// <summary>Weight of each row's target; empty: all 1.</summary>
    public ReadOnlySpan<float> Weights => weights.AsSpan(0, Math.Min(weights.Length, NumRows));

    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Targets => targets.AsSpan(0, NumRows);

    public ReadOnlySpan<int> Positions => positions.AsSpan(0, NumRows);

    /// <summary>First row of each sequence; the last entry is the number of rows.</summary>
    public ReadOnlySpan<int> SequenceStarts => sequenceStarts;

    /// <summary>Fills the batch with the mixture's next sequences.</summary>
    public void Fill(Mixture mixture)
    {
        TotalWeight = 0;
        for (var s = 0; s < NumSequences; s++)
        {
            var (set, index) = mixture.Next();
            var sequence = set[index];
            var (row, lossStart) = (sequenceStarts[s], set.LossStart(index));
            for (var i = 0; i + 1 < sequence.Length; i++, row++)
            {
                var learned = i + 1 >= lossStart;
                (tokens[row], positions[row], targets[row]) = (sequence[i], i, learned ? sequence[i + 1] : -1);
                var weight = learned ? WeightOf(sequence[i + 1]) : 0;
                TotalWeight += weight;
                if (weights.Length > 0)
                {
                    weights[row] = weight;
                }
            }

            sequenceStarts[s + 1] = row;
        }
    }

    private float WeightOf(int target) => targetWeights is not null && targetWeights.TryGetValue(target, out var weight) ? weight : 1;

    /// <summary>First sequence of part <paramref name="part"/> when the batch is cut into <paramref name="parts"/> contiguous parts.</summary>
    public int FirstSequence(int part, int parts) => (int)((long)NumSequences * part / parts);
}
