using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The cached keys and values of one sequence in one layer: pages of 16 tokens in two pools. A key page is
/// [numKvHeads][headDim][16] (lanes across keys), a value page [numKvHeads][16][headDim].
/// </summary>
internal readonly unsafe struct AttentionPages<TStored>(TStored* keys, TStored* values, int* ids, nint pageStride, int* pages)
    where TStored : unmanaged
{
    /// <summary>First element of the pool of key pages.</summary>
    public readonly TStored* Keys = keys;

    /// <summary>First element of the pool of value pages.</summary>
    public readonly TStored* Values = values;

    /// <summary>Position ids of the pages' tokens, [pages][16]; written only where scores have a bias.</summary>
    public readonly int* Ids = ids;

    /// <summary>Elements from one page to the next, in both pools.</summary>
    public readonly nint PageStride = pageStride;

    /// <summary>The pool's index of the sequence's page i, for i ascending from its first token.</summary>
    public readonly int* Pages = pages;
}

/// <summary>
/// Attention of new tokens to a sequence's cached keys. Bits equal <see cref="AttentionForward"/> for every split of the
/// sequence into chunks. Lanes beyond the sequence's end are never used, whatever they hold.
/// </summary>
internal static unsafe class AttentionPaged
{
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>Scratch a worker needs, in floats (best aligned to 64 bytes).</summary>
    public static long ScratchFloats(in HeadShape shape) =>
        Math.Max(
            AttentionStream<AttentionLanesPortable, PagedTiles<float>, float>.ScratchFloats(shape.HeadDim),
            AttentionDecode<AttentionLanesPortable, float>.ScratchFloats(shape.HeadDim));

    /// <summary>
    /// Writes the keys and values of <paramref name="rows"/> new tokens (qkv [rows, QkvWidth]) into the pages at
    /// positions <paramref name="start"/> .. start + rows - 1.
    /// </summary>
    public static void Append<TStored>(
        in HeadShape shape, float* qkv, ScoreBias bias, int start, int rows, in AttentionPages<TStored> pages)
        where TStored : unmanaged
    {
        var headDim = shape.HeadDim;
        for (var row = 0; row < rows; row++, qkv += shape.QkvWidth)
        {
            var lane = (start + row) % Tile;
            if (!bias.IsAbsent)
            {
                pages.Ids[pages.Pages[(start + row) / Tile] * Tile + lane] = bias.Ids[row];
            }

            var page = pages.Pages[(start + row) / Tile] * pages.PageStride;
            TStored* key = pages.Keys + page + lane, value = pages.Values + page + lane * headDim;
            float* fromKey = qkv + shape.KeyOffset(0), fromValue = qkv + shape.ValueOffset(0);
            for (var kvHead = 0; kvHead < shape.NumKvHeads; kvHead++)
            {
                Stored.Lane(fromKey + kvHead * headDim, headDim, key + kvHead * headDim * Tile);
                Stored.Row(fromValue + kvHead * headDim, headDim, value + kvHead * headDim * Tile);
            }
        }
    }

    /// <summary>
    /// New tokens at positions <paramref name="start"/> .. attend to keys 0 .. their own position, already appended:
    /// qkv [rows, QkvWidth] gives the queries, output is [rows, OutputWidth]. A unit is a range of key/value heads and,
    /// by moving the pointers and <paramref name="start"/>, of rows.
    /// </summary>
    public static void Attend<TStored>(
        in HeadShape shape, float* qkv, float* output, ScoreBias bias, int start, int rows, int kvHeadBegin, int kvHeadEnd,
        in AttentionPages<TStored> pages, float* scratch)
        where TStored : unmanaged
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Attend<AttentionLanes512, TStored>(shape, qkv, output, bias, start, rows, kvHeadBegin, kvHeadEnd, pages, scratch);
        }
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
        {
            Attend<AttentionLanes256, TStored>(shape, qkv, output, bias, start, rows, kvHeadBegin, kvHeadEnd, pages, scratch);
        }
        else
        {
            Attend<AttentionLanesPortable, TStored>(shape, qkv, output, bias, start, rows, kvHeadBegin, kvHeadEnd, pages, scratch);
        }
    }

    internal static void Attend<TLanes, TStored>(
        in HeadShape shape, float* qkv, float* output, ScoreBias bias, int start, int rows, int kvHeadBegin, int kvHeadEnd,
        in AttentionPages<TStored> pages, float* scratch)
        where TLanes : struct, IAttentionLanes
        where TStored : unmanaged
    {
        if (rows == 1 && bias.IsAbsent && AttentionDecode<TLanes, TStored>.Suits(shape))
        {
            AttentionDecode<TLanes, TStored>.Run(shape, qkv, output, start, kvHeadBegin, kvHeadEnd, pages, scratch);
            return;
        }

        for (var kvHead = kvHeadBegin; kvHead < kvHeadEnd; kvHead++)
        {
            nint head = kvHead * shape.HeadDim * Tile;
            var tiles = new PagedTiles<TStored>(
                pages.Keys + head, pages.Values + head, pages.Ids, pages.PageStride, pages.Pages);
            AttentionQueries<TLanes, PagedTiles<TStored>, TStored>.Run(
                shape, qkv, output, null, bias, kvHead, start, rows, tiles, scratch);
        }
    }
}

internal readonly unsafe struct PagedTiles<TStored>(TStored* keys, TStored* values, int* ids, nint pageStride, int* pages)
    : IAttentionTiles<TStored>
    where TStored : unmanaged
{
    public bool Contiguous => false;

    public TStored* Keys(int tile) => keys + pages[tile] * pageStride;

    public TStored* Values(int tile) => values + pages[tile] * pageStride;

    public int* Ids(int tile) => ids + pages[tile] * AttentionShape.TileKeys;
}
