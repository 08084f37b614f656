using System.Runtime.CompilerServices;

namespace Retort.Tensors.Cpu;

/// <summary>Where the tiles of 16 keys and of 16 values lie: contiguous scratch when training, pages when generating.</summary>
internal unsafe interface IAttentionTiles<TStored>
    where TStored : unmanaged
{
    /// <summary>Keys [headDim][16] of a tile.</summary>
    TStored* Keys(int tile);

    /// <summary>Values [16][headDim] of a tile.</summary>
    TStored* Values(int tile);

    /// <summary>Position ids of a tile's keys; read only where scores have a bias.</summary>
    int* Ids(int tile);

    /// <summary>Whether the values of consecutive tiles follow one another.</summary>
    bool Contiguous { get; }
}

internal readonly unsafe struct ContiguousTiles(float* keys, float* values, int* ids, int headDim) : IAttentionTiles<float>
{
    public bool Contiguous => true;

    public float* Keys(int tile) => keys + (nint)tile * AttentionShape.TileKeys * headDim;

    public float* Values(int tile) => values + (nint)tile * AttentionShape.TileKeys * headDim;

    public int* Ids(int tile) => ids + tile * AttentionShape.TileKeys;
}

/// <summary>The bias of a block of query rows: each row's head and position id.</summary>
internal readonly unsafe struct RowBias(ScoreBias bias, int* heads, int* ids)
{
    public bool IsAbsent => bias.IsAbsent;

    /// <summary>Scales a row's scores of one tile of keys and adds their bias.</summary>
    public void Apply(int row, float* scores, int* keyIds, int keys, float scale) =>
        bias.Apply(scores, heads[row], ids[row], keyIds, keys, scale);
}

/// <summary>
/// The online softmax of docs/numerics.md for up to six queries at once against one stream of keys. It is the only
/// forward pass: training, prefill, chunks and decode differ in where tiles lie and how queries are grouped, so their
/// bits agree by construction.
/// </summary>
internal static unsafe class AttentionStream<TLanes, TTiles, TStored>
    where TLanes : struct, IAttentionLanes
    where TTiles : struct, IAttentionTiles<TStored>
    where TStored : unmanaged
{
    /// <summary>Queries a block: with 16 keys they fill twelve 256-bit accumulators.</summary>
    public const int MaxRows = 6;

    /// <summary>Keys a softmax block.</summary>
    public const int BlockKeys = 64;

    private const int Tile = AttentionShape.TileKeys;
    private const int PaddedRows = 8;

    /// <summary>Scratch: scores, lane sums, maxima and factors, outputs, queries.</summary>
    public static int ScratchFloats(int headDim) =>
        MaxRows * BlockKeys + MaxRows * Tile + 2 * PaddedRows + AttentionShape.RoundUp(2 * MaxRows * headDim, Tile);

    /// <summary>Where a caller puts its queries [rows][headDim].</summary>
    public static float* Queries(float* scratch) => scratch + MaxRows * BlockKeys + MaxRows * Tile + 2 * PaddedRows;

    /// <summary>Where the unnormalised outputs lie.</summary>
    private static float* Outputs(float* scratch, int headDim) => Queries(scratch) + MaxRows * headDim;

    /// <summary>
    /// Attends <paramref name="rows"/> queries, query r to keys 0 .. visible[r] - 1 (ascending in r).
    /// Call <see cref="Finish"/> for each row afterwards.
    /// </summary>
    [SkipLocalsInit]
    public static void Attend(
        int rows, int headDim, float scale, int* visible, in RowBias bias, TTiles tiles, float* scratch)
    {
        var scores = scratch;
        var sums = scores + MaxRows * BlockKeys;
        var max = sums + MaxRows * Tile;
        var factors = max + PaddedRows;
        var queries = Queries(scratch);
        var outputs = Outputs(scratch, headDim);
        var numPanels = headDim / Tile;
        var panels = stackalloc TStored*[Math.Max(numPanels, BlockKeys / Tile)];

        new Span<float>(sums, rows * Tile).Clear();
        new Span<float>(max, PaddedRows).Fill(float.NegativeInfinity);
        var score = new Product
        {
            A = queries,
            ARow = headDim,
            AStep = 1,
            BStep = Tile,
            Steps = headDim,
            CRow = BlockKeys,
            Start = ProductStart.Zero,
        };
        var mix = new Product
        {
            ARow = BlockKeys,
            AStep = 1,
            BStep = headDim,
            CRow = headDim,
            Factors = factors,
        };

        var numKeys = visible[rows - 1];
        for (var first = 0; first < numKeys; first += BlockKeys)
        {
            var keys = Math.Min(BlockKeys, numKeys - first);
            var numTiles = (keys + Tile - 1) / Tile;
            for (var tile = 0; tile < numTiles; tile++)
            {
                panels[tile] = tiles.Keys(first / Tile + tile);
            }

            TLanes.Multiply(rows, score, panels, numTiles, scores);
            for (var tile = 0; tile < numTiles && !bias.IsAbsent; tile++)
            {
                var biased = Math.Min(Tile, keys - tile * Tile);
                for (var row = 0; row < rows; row++)
                {
                    bias.Apply(row, scores + row * BlockKeys + tile * Tile, tiles.Ids(first / Tile + tile), biased, scale);
                }
            }

            TLanes.Softmax(rows, scores, numTiles, visible, first, bias.IsAbsent ? scale : 1, max, factors, sums);

            mix.Start = first == 0 ? ProductStart.Zero : ProductStart.Scale;
            var run = tiles.Contiguous ? keys : Tile;
            for (var key = 0; key < keys; key += run)
            {
                // Only real keys: a value beyond the last query's own key is never read.
                mix.Steps = Math.Min(run, keys - key);
                mix.A = scores + key;
                AttentionProducts.Columns<TLanes, TStored>(
                    rows, headDim, mix, tiles.Values((first + key) / Tile), panels, outputs);
                mix.Start = ProductStart.Load;
            }
        }
    }

    /// <summary>Writes one query's output [headDim]; returns its log-sum-exp's parts in <paramref name="lse"/> unless null.</summary>
    public static void Finish(int row, int headDim, float* scratch, float* target, float* lse)
    {
        var sums = scratch + MaxRows * BlockKeys;
        var max = sums + MaxRows * Tile;
        var sum = AttentionMath.Tree(sums + row * Tile);
        TLanes.Divide(Outputs(scratch, headDim) + row * headDim, target, headDim, sum);
        if (lse != null)
        {
            *lse = max[row] + AttentionMath.Log(sum);
        }
    }
}
