using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>A contiguous run of a global batch's sequences, on the device for one forward and backward pass.</summary>
internal sealed class MicroBatch
{
    private readonly int[] starts, shardStarts, copies, firstCopies, copyPositions;
    private readonly Tensor[] columns;
    private readonly bool hasNextPositions;

    /// <summary>Room for so many sequences and, where they branch, rows; with <paramref name="hasNextPositions"/> for the targets' position ids.</summary>
    public MicroBatch(int maxSequences, int maxShards, int numColumns, int maxBranches = 1, int maxRows = 0, bool hasNextPositions = false)
    {
        this.hasNextPositions = hasNextPositions;
        (starts, shardStarts, columns) = (new int[maxSequences * maxBranches + 1], new int[maxShards + 1], new Tensor[numColumns]);
        (copies, firstCopies, copyPositions) = maxBranches > 1 ? (new int[maxRows], new int[maxRows], new int[maxRows]) : ([], [], []);
    }

    public ModelInput Input { get; private set; }

    public IntTensor Targets { get; private set; }

    /// <summary>Position ids of the targets; absent unless asked for.</summary>
    public IntTensor NextPositions { get; private set; }

    public GradientShards Shards { get; private set; }

    /// <summary>Its first row in the global batch.</summary>
    public int FirstRow { get; private set; }

    public int NumRows { get; private set; }

    /// <summary>One of the batch's columns, [rows, 1].</summary>
    public Tensor Column(int column) => columns[column];

    /// <summary>
    /// Uploads leaf <paramref name="leaf"/> of <paramref name="leaves"/>, or part <paramref name="part"/> of its
    /// <paramref name="partsPerLeaf"/> parts.
    /// </summary>
    public void Upload(Tape tape, GlobalBatch batch, int leaf, int leaves, int shardsPerLeaf, int part, int partsPerLeaf)
    {
        var (leafFirst, leafEnd) = (batch.FirstSequence(leaf, leaves), batch.FirstSequence(leaf + 1, leaves));
        var first = leafFirst + (leafEnd - leafFirst) * part / partsPerLeaf;
        var end = leafFirst + (leafEnd - leafFirst) * (part + 1) / partsPerLeaf;
        var (firstRow, endRow) = (batch.SequenceStarts[first], batch.SequenceStarts[end]);
        (FirstRow, NumRows) = (firstRow, endRow - firstRow);
        for (var shard = 0; shard <= shardsPerLeaf; shard++)
        {
            shardStarts[shard] = partsPerLeaf > 1
                ? (shard == 0 ? 0 : NumRows)
                : batch.SequenceStarts[batch.FirstSequence(leaf * shardsPerLeaf + shard, leaves * shardsPerLeaf)] - firstRow;
        }

        var tokens = Put(tape, batch.Tokens[firstRow..endRow]);
        var positions = Put(tape, batch.Positions[firstRow..endRow]);
        Targets = Put(tape, batch.Targets[firstRow..endRow]);
        NextPositions = hasNextPositions ? Put(tape, batch.NextPositions[firstRow..endRow]) : default;
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = tape.Take(NumRows, 1);
            tape.Device.Write(columns[c], batch.Column(c)[firstRow..endRow]);
        }

        Input = batch.MaxBranches > 1
            ? Branches(tape, batch, first, end, tokens, positions)
            : Sequences(tape, batch, first, end, tokens, positions);
        Shards = new GradientShards(Put(tape, shardStarts.AsSpan(0, shardsPerLeaf + 1)), ContinueChain: part > 0);
    }

    private ModelInput Sequences(Tape tape, GlobalBatch batch, int first, int end, IntTensor tokens, IntTensor positions)
    {
        var keysSeen = 0L;
        for (var s = first; s <= end; s++)
        {
            starts[s - first] = batch.SequenceStarts[s] - FirstRow;
            if (s < end)
            {
                keysSeen += KeysSeen(batch.SequenceStarts[s + 1] - batch.SequenceStarts[s]);
            }
        }

        return ModelInput.Sequences(tokens, positions, Put(tape, starts.AsSpan(0, end - first + 1)), keysSeen);
    }

    /// <summary>
    /// Each branch becomes a sequence of its own for attention: copies of the common rows, then the branch's. Of the common rows' results
    /// the first copy's is kept; all are equal.
    /// </summary>
    private ModelInput Branches(Tape tape, GlobalBatch batch, int first, int end, IntTensor tokens, IntTensor positions)
    {
        var (numCopies, numBranches, keysSeen) = (0, 0, 0L);
        for (var s = first; s < end; s++)
        {
            var start = batch.SequenceStarts[s];
            var branches = batch.BranchStarts(s);
            for (var b = 0; b < branches.Length; b++)
            {
                starts[numBranches++] = numCopies;
                for (var row = start; row < branches[0]; row++)
                {
                    firstCopies[row - FirstRow] = b == 0 ? numCopies : firstCopies[row - FirstRow];
                    copyPositions[numCopies] = batch.Positions[row];
                    copies[numCopies++] = row - FirstRow;
                }

                var branchEnd = b + 1 < branches.Length ? branches[b + 1] : batch.SequenceStarts[s + 1];
                for (var row = branches[b]; row < branchEnd; row++)
                {
                    firstCopies[row - FirstRow] = numCopies;
                    copyPositions[numCopies] = batch.Positions[row];
                    copies[numCopies++] = row - FirstRow;
                }

                keysSeen += KeysSeen(numCopies - starts[numBranches - 1]);
            }
        }

        starts[numBranches] = numCopies;
        return ModelInput.Branches(
            tokens, positions, Put(tape, starts.AsSpan(0, numBranches + 1)), Put(tape, copies.AsSpan(0, numCopies)),
            Put(tape, firstCopies.AsSpan(0, NumRows)), Put(tape, copyPositions.AsSpan(0, numCopies)), keysSeen);
    }

    private static long KeysSeen(long length) => length * (length + 1) / 2;

    private static IntTensor Put(Tape tape, ReadOnlySpan<int> values)
    {
        var tensor = tape.TakeInts(values.Length);
        tape.Device.Write(tensor, values);
        return tensor;
    }
}
