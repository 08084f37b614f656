using System.Runtime.CompilerServices;

namespace Retort.Tensors.Cpu;

/// <summary>
/// One new token, several key/value heads together: each page is read from end to end once, the exponentials of up to eight
/// heads fill the vector, and small heads mix their values in lockstep, because one head's chain alone would leave
/// the multiply-add units waiting. The sums are those of <see cref="AttentionStream{TLanes, TTiles, TStored}"/>.
/// </summary>
internal static unsafe class AttentionDecode<TLanes, TStored>
    where TLanes : struct, IAttentionLanes
    where TStored : unmanaged
{
    /// <summary>Query heads at once: what <see cref="IAttentionLanes.Softmax"/> takes.</summary>
    private const int MaxRows = 8;
    private const int BlockKeys = 64;
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>Whether a group of query heads fits the kernels' rows.</summary>
    public static bool Suits(in HeadShape shape) => shape.Group <= 6;

    public static int ScratchFloats(int headDim) =>
        MaxRows * (BlockKeys + Tile + 2) + AttentionShape.RoundUp(MaxRows * headDim, Tile);

    /// <summary>The row of qkv at position <paramref name="position"/>, whose keys and values are in the pages.</summary>
    public static void Run(
        in HeadShape shape, float* qkv, float* output, int position, int kvHeadBegin, int kvHeadEnd,
        in AttentionPages<TStored> pages, float* scratch)
    {
        var perChunk = MaxRows / shape.Group;
        for (var kvHead = kvHeadBegin; kvHead < kvHeadEnd; kvHead += perChunk)
        {
            var chunk = Math.Min(perChunk, kvHeadEnd - kvHead);
            nint head = kvHead * shape.HeadDim * Tile;
            var at = kvHead * shape.Group * shape.HeadDim;
            var tiles = new PagedTiles<TStored>(pages.Keys + head, pages.Values + head, pages.Ids, pages.PageStride, pages.Pages);
            Chunk(shape, qkv + at, output + at, position + 1, chunk, tiles, scratch);
        }
    }

    [SkipLocalsInit]
    private static void Chunk(
        in HeadShape shape, float* queries, float* output, int numKeys, int numKvHeads, PagedTiles<TStored> tiles, float* scratch)
    {
        int headDim = shape.HeadDim, group = shape.Group, rows = numKvHeads * group;
        var tileFloats = headDim * Tile;
        var scale = shape.Scale;
        var scores = scratch;
        var sums = scores + MaxRows * BlockKeys;
        var max = sums + MaxRows * Tile;
        var factors = max + MaxRows;
        var outputs = factors + MaxRows;
        var numPanels = headDim / Tile;
        var panels = stackalloc TStored*[Math.Max(numPanels, BlockKeys / Tile)];
        var visible = stackalloc int[MaxRows];
        new Span<int>(visible, MaxRows).Fill(numKeys);
        new Span<float>(sums, rows * Tile).Clear();
        new Span<float>(max, MaxRows).Fill(float.NegativeInfinity);
        new Span<float>(outputs, rows * headDim).Clear();
        var score = new Product
        {
            ARow = headDim,
            AStep = 1,
            BStep = Tile,
            Steps = headDim,
            CRow = BlockKeys,
            Start = ProductStart.Zero,
        };
        var mix = new Product { ARow = BlockKeys, AStep = 1, BStep = headDim, CRow = headDim, Start = ProductStart.Load };
        for (var first = 0; first < numKeys; first += BlockKeys)
        {
            var keys = Math.Min(BlockKeys, numKeys - first);
            var numTiles = (keys + Tile - 1) / Tile;
            var scored = 0;
            while (scored < numTiles
                && TLanes.ScoreHeads(numKvHeads, group, headDim, queries, tiles.Keys(first / Tile + scored), scores + scored * Tile))
            {
                scored++;
            }

            for (var kvHead = 0; scored == 0 && kvHead < numKvHeads; kvHead++)
            {
                for (var tile = 0; tile < numTiles; tile++)
                {
                    panels[tile] = tiles.Keys(first / Tile + tile) + kvHead * tileFloats;
                }

                score.A = queries + kvHead * group * headDim;
                TLanes.Multiply(group, score, panels, numTiles, scores + kvHead * group * BlockKeys);
            }

            TLanes.Softmax(rows, scores, numTiles, visible, first, scale, max, factors, sums);
            if (first > 0)
            {
                TLanes.ScaleRows(rows, headDim, factors, outputs);
            }

            for (var key = 0; key < keys; key += Tile)
            {
                var steps = Math.Min(Tile, keys - key);
                var values = tiles.Values((first + key) / Tile);
                var done = TLanes.MixHeads(rows, group, headDim, scores + key, values, steps, outputs);
                for (; done < rows; done += group)
                {
                    mix.A = scores + done * BlockKeys + key;
                    mix.Steps = steps;
                    var from = values + done / group * tileFloats;
                    AttentionProducts.Columns<TLanes, TStored>(group, headDim, mix, from, panels, outputs + done * headDim);
                }
            }
        }

        for (var row = 0; row < rows; row++)
        {
            var sum = AttentionMath.Tree(sums + row * Tile);
            TLanes.Divide(outputs + row * headDim, output + row * headDim, headDim, sum);
        }
    }
}
