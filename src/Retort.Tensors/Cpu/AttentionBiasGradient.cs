using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The gradient of a learned score bias (<see cref="AttentionBias"/>) in one head: the scores' own gradients, computed again, summed by entry. A unit of
/// work is a head, so that no sum is shared between threads.
/// </summary>
internal static unsafe class AttentionBiasGradient
{
    private const int Tile = AttentionShape.TileKeys, RegisterRows = 6, TilesAtOnce = 4;

    /// <summary>
    /// Scratch a worker needs, in floats (best aligned to 64 bytes), for sequences up to <paramref name="tokens"/> and a table of so many entries, cut
    /// into so many shards.
    /// </summary>
    public static long ScratchFloats(in HeadShape shape, int tokens, int entries, int numShards) =>
        SequenceFloats(shape, tokens) + (long)entries * (1 + Levels(numShards));

    /// <summary>
    /// Column <paramref name="head"/> of dTable [entries, NumHeads]. Pointers are at the batch's first attention row; sequence s is rows starts[s] .. starts[s + 1] - 1
    /// and belongs to the shard of its first row.
    /// </summary>
    public static void Run(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, in AttentionBias bias, IntTensor starts, int head,
        in GradientShards shards, Tensor dTable, int maxTokens, float* scratch)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Run<AttentionLanes512>(shape, qkv, output, dOutput, lse, bias, starts, head, shards, dTable, maxTokens, scratch);
        }
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
        {
            Run<AttentionLanes256>(shape, qkv, output, dOutput, lse, bias, starts, head, shards, dTable, maxTokens, scratch);
        }
        else
        {
            Run<AttentionLanesPortable>(shape, qkv, output, dOutput, lse, bias, starts, head, shards, dTable, maxTokens, scratch);
        }
    }

    internal static void Run<TLanes>(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, in AttentionBias bias, IntTensor starts, int head,
        in GradientShards shards, Tensor dTable, int maxTokens, float* scratch)
        where TLanes : struct, IAttentionLanes
    {
        var entries = dTable.Rows;
        var sums = scratch + SequenceFloats(shape, maxTokens);
        var sequence = 0;
        for (var shard = 0; shard < shards.Count; shard++)
        {
            // As many finished halves wait as the shard's number ends in ones; each is joined, left plus right, and the result waits above them.
            var level = BitOperations.TrailingZeroCount(~shard);
            var chain = sums;
            for (var e = 0; e < entries; e++)
            {
                chain[e] = shards.ContinueChain ? dTable.Data[(nint)e * shape.NumHeads + head] : 0f;
            }

            for (; sequence + 1 < starts.Length && RowOf(bias, starts.Data[sequence]) < shards.RowStarts.Data[shard + 1]; sequence++)
            {
                var first = starts.Data[sequence];
                var tokens = starts.Data[sequence + 1] - first;
                AddSequence<TLanes>(
                    shape, qkv + (nint)first * shape.QkvWidth, output + (nint)first * shape.OutputWidth,
                    dOutput + (nint)first * shape.OutputWidth, lse + (nint)first * shape.NumHeads, ScoreBias.Of(bias).From(first), tokens, head,
                    chain, maxTokens, scratch);
            }

            for (var joined = 0; joined < level; joined++)
            {
                Elementwise.Add(sums + (nint)(1 + joined) * entries, chain, chain, 0, entries);
            }

            if (shard + 1 < shards.Count)
            {
                Elementwise.Copy(chain, sums + (nint)(1 + level) * entries, 0, entries);
            }
        }

        for (var e = 0; e < entries; e++)
        {
            dTable.Data[(nint)e * shape.NumHeads + head] = sums[e];
        }
    }

    /// <summary>Keys and values in tiles, six rows of scores and of their gradients, six queries and outputs' gradients.</summary>
    private static long SequenceFloats(in HeadShape shape, int tokens) =>
        2L * (shape.HeadDim + RegisterRows) * AttentionShape.RoundUp(tokens, Tile) + AttentionShape.RoundUp(2 * RegisterRows * shape.HeadDim, Tile);

    private static int Levels(int numShards) => int.Log2(Math.Max(1, numShards));

    private static int RowOf(in AttentionBias bias, int row) => bias.BatchRows.IsAbsent ? row : bias.BatchRows.Data[row];

    /// <summary>Adds dS of one sequence to the chain, queries ascending and keys ascending.</summary>
    private static void AddSequence<TLanes>(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, ScoreBias bias, int tokens, int head, float* chain,
        int maxTokens, float* scratch)
        where TLanes : struct, IAttentionLanes
    {
        var (headDim, kvHead) = (shape.HeadDim, head / shape.Group);
        var padded = (nint)AttentionShape.RoundUp(maxTokens, Tile);
        float* keys = scratch, values = keys + padded * headDim, scores = values + padded * headDim, dScores = scores + RegisterRows * padded;
        float* queries = dScores + RegisterRows * padded, dOutputs = queries + RegisterRows * headDim;
        var panels = stackalloc float*[TilesAtOnce];
        AttentionPacking.Tiles(qkv + shape.KeyOffset(kvHead), shape.QkvWidth, tokens, headDim, keys);
        AttentionPacking.Tiles(qkv + shape.ValueOffset(kvHead), shape.QkvWidth, tokens, headDim, values);
        var product = new Product
        {
            ARow = headDim,
            AStep = 1,
            BStep = Tile,
            Steps = headDim,
            CRow = padded,
            Start = ProductStart.Zero,
        };
        for (var row = 0; row < tokens; row += RegisterRows)
        {
            var count = Math.Min(RegisterRows, tokens - row);
            AttentionPacking.Rows(qkv + (nint)row * shape.QkvWidth + head * headDim, shape.QkvWidth, count, headDim, queries);
            AttentionPacking.Rows(dOutput + (nint)row * shape.OutputWidth + head * headDim, shape.OutputWidth, count, headDim, dOutputs);
            var numTiles = (row + count + Tile - 1) / Tile;
            for (var tile = 0; tile < numTiles; tile += TilesAtOnce)
            {
                var some = Math.Min(TilesAtOnce, numTiles - tile);
                product.A = queries;
                Panels(keys, tile, some, headDim, panels);
                TLanes.Multiply(count, product, panels, some, scores + tile * Tile);
                product.A = dOutputs;
                Panels(values, tile, some, headDim, panels);
                TLanes.Multiply(count, product, panels, some, dScores + tile * Tile);
            }

            for (var i = 0; i < count; i++)
            {
                var query = row + i;
                var at = (nint)query * shape.OutputWidth + head * headDim;
                bias.Apply(scores + i * padded, head, bias.Ids[query], bias.Ids, query + 1, shape.Scale);
                TLanes.Gradient(
                    scores + i * padded, dScores + i * padded, numTiles, query + 1, 1, lse[(nint)query * shape.NumHeads + head],
                    TLanes.Dot(dOutputs + i * headDim, output + at, headDim));
                var first = chain + bias.FirstEntry(bias.Ids[query]);
                for (var key = 0; key <= query; key++)
                {
                    first[Math.Max(0, bias.Ids[query] - bias.Ids[key])] += dScores[i * padded + key];
                }
            }
        }
    }

    private static void Panels(float* tiles, int first, int count, int headDim, float** panels)
    {
        for (var t = 0; t < count; t++)
        {
            panels[t] = tiles + (nint)(first + t) * Tile * headDim;
        }
    }
}
