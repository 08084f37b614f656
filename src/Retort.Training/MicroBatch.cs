using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>A contiguous run of a global batch's sequences, on the device for one forward and backward pass.</summary>
internal sealed class MicroBatch
{
    private readonly int[] starts, shardStarts;
    private readonly Tensor[] columns;

    public MicroBatch(int maxSequences, int maxShards, int numColumns) =>
        (starts, shardStarts, columns) = (new int[maxSequences + 1], new int[maxShards + 1], new Tensor[numColumns]);

    public ModelInput Input { get; private set; }

    public IntTensor Targets { get; private set; }

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
        var keysSeen = 0L;
        for (var s = first; s <= end; s++)
        {
            starts[s - first] = batch.SequenceStarts[s] - firstRow;
            if (s < end)
            {
                long length = batch.SequenceStarts[s + 1] - batch.SequenceStarts[s];
                keysSeen += length * (length + 1) / 2;
            }
        }

        for (var shard = 0; shard <= shardsPerLeaf; shard++)
        {
            shardStarts[shard] = partsPerLeaf > 1
                ? (shard == 0 ? 0 : NumRows)
                : batch.SequenceStarts[batch.FirstSequence(leaf * shardsPerLeaf + shard, leaves * shardsPerLeaf)] - firstRow;
        }

        var tokens = Put(tape, batch.Tokens[firstRow..endRow]);
        var positions = Put(tape, batch.Positions[firstRow..endRow]);
        Targets = Put(tape, batch.Targets[firstRow..endRow]);
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = tape.Take(NumRows, 1);
            tape.Device.Write(columns[c], batch.Column(c)[firstRow..endRow]);
        }

        Input = ModelInput.Sequences(tokens, positions, Put(tape, starts.AsSpan(0, end - first + 1)), keysSeen);
        Shards = new GradientShards(Put(tape, shardStarts.AsSpan(0, shardsPerLeaf + 1)), ContinueChain: part > 0);
    }

    private static IntTensor Put(Tape tape, ReadOnlySpan<int> values)
    {
        var tensor = tape.TakeInts(values.Length);
        tape.Device.Write(tensor, values);
        return tensor;
    }
}
