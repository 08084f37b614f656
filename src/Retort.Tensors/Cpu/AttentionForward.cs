using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Causal attention of one whole sequence (training, scoring). A unit of work is a sequence, a key/value head and a range
/// of query rows; the order of every sum is that of docs/numerics.md, so how units are cut changes no bit.
/// </summary>
internal static unsafe class AttentionForward
{
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>Scratch a worker needs, in floats (best aligned to 64 bytes), for sequences up to <paramref name="tokens"/>.</summary>
    public static long ScratchFloats(in HeadShape shape, int tokens) =>
        2L * AttentionShape.RoundUp(tokens, Tile) * shape.HeadDim
        + AttentionStream<AttentionLanesPortable, ContiguousTiles, float>.ScratchFloats(shape.HeadDim);

    /// <summary>
    /// Rows <paramref name="rowBegin"/> to <paramref name="rowEnd"/> of all query heads that read <paramref name="kvHead"/>.
    /// All pointers are at the sequence's first row: qkv [tokens, QkvWidth], output [tokens, OutputWidth],
    /// lse [tokens, NumHeads] (null: not kept).
    /// </summary>
    public static void Run(
        in HeadShape shape, float* qkv, float* output, float* lse, ScoreBias bias, int kvHead, int rowBegin, int rowEnd, float* scratch)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Run<AttentionLanes512>(shape, qkv, output, lse, bias, kvHead, rowBegin, rowEnd, scratch);
        }
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
        {
            Run<AttentionLanes256>(shape, qkv, output, lse, bias, kvHead, rowBegin, rowEnd, scratch);
        }
        else
        {
            Run<AttentionLanesPortable>(shape, qkv, output, lse, bias, kvHead, rowBegin, rowEnd, scratch);
        }
    }

    internal static void Run<TLanes>(
        in HeadShape shape, float* qkv, float* output, float* lse, ScoreBias bias, int kvHead, int rowBegin, int rowEnd, float* scratch)
        where TLanes : struct, IAttentionLanes
    {
        if (rowBegin >= rowEnd)
        {
            return;
        }

        var keys = scratch;
        var values = keys + (nint)AttentionShape.RoundUp(rowEnd, Tile) * shape.HeadDim;
        var block = values + (nint)AttentionShape.RoundUp(rowEnd, Tile) * shape.HeadDim;
        AttentionPacking.Tiles(qkv + shape.KeyOffset(kvHead), shape.QkvWidth, rowEnd, shape.HeadDim, keys);
        AttentionPacking.Rows(qkv + shape.ValueOffset(kvHead), shape.QkvWidth, rowEnd, shape.HeadDim, values);
        AttentionQueries<TLanes, ContiguousTiles, float>.Run(
            shape, qkv + (nint)rowBegin * shape.QkvWidth, output + (nint)rowBegin * shape.OutputWidth,
            lse == null ? null : lse + (nint)rowBegin * shape.NumHeads, bias.From(rowBegin), kvHead, rowBegin, rowEnd - rowBegin,
            new ContiguousTiles(keys, values, bias.Ids, shape.HeadDim), block);
    }
}

/// <summary>
/// Cuts the queries of one key/value head into blocks of six: heads of the group inside, rows outside, so that a decode
/// step with grouped heads fills a block and a long prefill wastes little above the diagonal.
/// </summary>
internal static unsafe class AttentionQueries<TLanes, TTiles, TStored>
    where TLanes : struct, IAttentionLanes
    where TTiles : struct, IAttentionTiles<TStored>
    where TStored : unmanaged
{
    /// <summary>Rows <paramref name="qkv"/> .. are at places <paramref name="start"/> .. of their sequence.</summary>
    public static void Run(
        in HeadShape shape, float* qkv, float* output, float* lse, ScoreBias bias, int kvHead, int start, int rows, TTiles tiles,
        float* scratch)
    {
        const int maxRows = AttentionStream<TLanes, TTiles, TStored>.MaxRows;
        int group = shape.Group, headDim = shape.HeadDim, firstHead = kvHead * group;
        var visible = stackalloc int[maxRows];
        var heads = stackalloc int[maxRows];
        var ids = stackalloc int[maxRows];
        var scale = shape.Scale;
        var queries = AttentionStream<TLanes, TTiles, TStored>.Queries(scratch);
        int row = 0, head = 0;
        while (row < rows)
        {
            var count = 0;
            for (; count < maxRows && row < rows; count++)
            {
                AttentionPacking.Copy(
                    qkv + (nint)row * shape.QkvWidth + (firstHead + head) * headDim, queries + count * headDim, headDim);
                visible[count] = start + row + 1;
                heads[count] = firstHead + head;
                ids[count] = bias.IsAbsent ? 0 : bias.Ids[row];
                if (++head == group)
                {
                    head = 0;
                    row++;
                }
            }

            AttentionStream<TLanes, TTiles, TStored>.Attend(
                count, headDim, scale, visible, new RowBias(bias, heads, ids), tiles, scratch);
            for (var query = 0; query < count; query++)
            {
                nint at = visible[query] - 1 - start;
                AttentionStream<TLanes, TTiles, TStored>.Finish(
                    query, headDim, scratch, output + at * shape.OutputWidth + heads[query] * headDim,
                    lse == null ? null : lse + at * shape.NumHeads + heads[query]);
            }
        }
    }
}
