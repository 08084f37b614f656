using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>Which gradients a unit of the backward pass writes.</summary>
[Flags]
internal enum AttentionGradients
{
    /// <summary>The queries' gradients, for the unit's rows.</summary>
    Queries = 1,

    /// <summary>The keys' and values' gradients, for the unit's rows.</summary>
    KeysAndValues = 2,
}

/// <summary>
/// Gradients of <see cref="AttentionForward"/>. One fused pass recomputes each tile of scores once and adds to all three
/// gradients (five products); where a long sequence must be cut between threads, a unit may instead ask for the
/// queries' gradients of some rows or the keys' and values' of some rows (three and four products). No score matrix is
/// kept. The order of every sum (docs/numerics.md) depends neither on that choice nor on the cut.
/// </summary>
internal static unsafe class AttentionBackward
{
    /// <summary>Queries and keys a block: three tiles of 16, eight register blocks of 6.</summary>
    private const int Block = 48;
    private const int RegisterRows = 6;
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>Scratch a worker needs, in floats (best aligned to 64 bytes), for sequences up to <paramref name="tokens"/>.</summary>
    public static long ScratchFloats(in HeadShape shape, int tokens) =>
        5L * AttentionShape.RoundUp(tokens, Block) * shape.HeadDim + 3L * Block * shape.HeadDim + 2 * Block * Block + 2 * Block;

    /// <summary>
    /// Gradients of one key/value head and the query heads that read it, of one sequence whose pointers are all at its
    /// first row: qkv and dQkv [tokens, QkvWidth], output and dOutput [tokens, OutputWidth], lse [tokens, NumHeads].
    /// Overwrites the parts of dQkv that <paramref name="gradients"/> names, rows <paramref name="rowBegin"/> to
    /// <paramref name="rowEnd"/>. Asking for both (the fused pass) requires the range to be the whole sequence.
    /// </summary>
    public static void Run(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, float* dQkv, ScoreBias bias, int tokens,
        int kvHead,
        AttentionGradients gradients, int rowBegin, int rowEnd, float* scratch)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Run<AttentionLanes512>(
                shape, qkv, output, dOutput, lse, dQkv, bias, tokens, kvHead, gradients, rowBegin, rowEnd, scratch);
        }
        else if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
        {
            Run<AttentionLanes256>(
                shape, qkv, output, dOutput, lse, dQkv, bias, tokens, kvHead, gradients, rowBegin, rowEnd, scratch);
        }
        else
        {
            Run<AttentionLanesPortable>(
                shape, qkv, output, dOutput, lse, dQkv, bias, tokens, kvHead, gradients, rowBegin, rowEnd, scratch);
        }
    }

    internal static void Run<TLanes>(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, float* dQkv, ScoreBias bias, int tokens,
        int kvHead,
        AttentionGradients gradients, int rowBegin, int rowEnd, float* scratch)
        where TLanes : struct, IAttentionLanes
    {
        var wantsQueries = gradients.HasFlag(AttentionGradients.Queries);
        var wantsKeys = gradients.HasFlag(AttentionGradients.KeysAndValues);
        if (wantsQueries && wantsKeys && (rowBegin != 0 || rowEnd != tokens))
        {
            throw new ArgumentException("The fused backward pass takes the whole sequence.", nameof(gradients));
        }

        if (rowBegin >= rowEnd)
        {
            return;
        }

        // Keys that matter: those before the last query row asked for, or exactly the key rows asked for.
        var headDim = shape.HeadDim;
        var keyBegin = wantsKeys ? rowBegin : 0;
        var queryEnd = wantsKeys ? tokens : rowEnd;
        var numKeys = rowEnd - keyBegin;
        var padded = (nint)AttentionShape.RoundUp(numKeys, Block) * headDim;
        var pass = new Pass
        {
            Shape = shape,
            Bias = bias,
            KeyBegin = keyBegin,
            NumKeys = numKeys,
            KeyTiles = scratch,
            ValueTiles = scratch + padded,
            Keys = scratch + 2 * padded,
            DKeys = scratch + 3 * padded,
            DValues = scratch + 4 * padded,
        };
        pass.Queries = scratch + 5 * padded;
        pass.DOutputs = pass.Queries + Block * headDim;
        pass.DQueries = pass.DOutputs + Block * headDim;
        pass.Scores = pass.DQueries + Block * headDim;
        pass.DScores = pass.Scores + Block * Block;
        pass.Lse = pass.DScores + Block * Block;
        pass.Dots = pass.Lse + Block;

        float* key = qkv + (nint)keyBegin * shape.QkvWidth + shape.KeyOffset(kvHead);
        float* value = qkv + (nint)keyBegin * shape.QkvWidth + shape.ValueOffset(kvHead);
        AttentionPacking.Tiles(key, shape.QkvWidth, numKeys, headDim, pass.KeyTiles);
        AttentionPacking.Tiles(value, shape.QkvWidth, numKeys, headDim, pass.ValueTiles);
        if (wantsQueries)
        {
            AttentionPacking.Rows(key, shape.QkvWidth, numKeys, headDim, pass.Keys);
        }

        if (wantsKeys)
        {
            new Span<float>(pass.DKeys, (int)(2 * padded)).Clear();
        }

        for (var head = kvHead * shape.Group; head < (kvHead + 1) * shape.Group; head++)
        {
            for (var first = rowBegin; first < queryEnd; first += Block)
            {
                var rows = Math.Min(Block, queryEnd - first);
                pass.LoadQueries<TLanes>(qkv, output, dOutput, lse, head, first, rows);
                for (var firstKey = 0; firstKey < numKeys && keyBegin + firstKey < first + rows; firstKey += Block)
                {
                    pass.Recompute<TLanes>(head, first, rows, firstKey, wantsQueries);
                    if (wantsKeys)
                    {
                        pass.AddToKeys<TLanes>(first, rows, firstKey);
                    }
                }

                if (wantsQueries)
                {
                    var target = dQkv + (nint)first * shape.QkvWidth + head * headDim;
                    for (var row = 0; row < rows; row++, target += shape.QkvWidth)
                    {
                        TLanes.Scale(pass.DQueries + row * headDim, target, headDim, shape.Scale);
                    }
                }
            }
        }

        if (wantsKeys)
        {
            float* dKey = dQkv + (nint)keyBegin * shape.QkvWidth + shape.KeyOffset(kvHead);
            float* dValue = dQkv + (nint)keyBegin * shape.QkvWidth + shape.ValueOffset(kvHead);
            for (nint row = 0; row < numKeys; row++, dKey += shape.QkvWidth, dValue += shape.QkvWidth)
            {
                TLanes.Scale(pass.DKeys + row * headDim, dKey, headDim, shape.Scale);
                TLanes.Scale(pass.DValues + row * headDim, dValue, headDim, 1f);
            }
        }
    }

    /// <summary>The scratch of one unit. Key rows count from KeyBegin, query rows from the sequence's first.</summary>
    private struct Pass
    {
        public HeadShape Shape;
        public ScoreBias Bias;
        public int KeyBegin, NumKeys;
        public float* KeyTiles, ValueTiles, Keys, DKeys, DValues;
        public float* Queries, DOutputs, DQueries, Scores, DScores, Lse, Dots;

        public readonly void LoadQueries<TLanes>(
            float* qkv, float* output, float* dOutput, float* lse, int head, int first, int rows)
            where TLanes : struct, IAttentionLanes
        {
            var headDim = Shape.HeadDim;
            nint at = (nint)first * Shape.OutputWidth + head * headDim;
            AttentionPacking.Rows(
                qkv + (nint)first * Shape.QkvWidth + head * headDim, Shape.QkvWidth, rows, headDim, Queries);
            AttentionPacking.Rows(dOutput + at, Shape.OutputWidth, rows, headDim, DOutputs);
            for (var row = 0; row < rows; row++)
            {
                Lse[row] = lse[(nint)(first + row) * Shape.NumHeads + head];
                Dots[row] = TLanes.Dot(DOutputs + row * headDim, output + at + row * (nint)Shape.OutputWidth, headDim);
            }
        }

        /// <summary>P and dS of a block of queries and keys, and its part of the queries' gradients.</summary>
        public readonly void Recompute<TLanes>(int head, int first, int rows, int firstKey, bool wantsQueries)
            where TLanes : struct, IAttentionLanes
        {
            var headDim = Shape.HeadDim;
            var scale = Bias.IsAbsent ? Shape.Scale : 1;
            var blockKeys = Math.Min(Block, NumKeys - firstKey);
            var keyPanels = stackalloc float*[Block / Tile];
            var valuePanels = stackalloc float*[Block / Tile];
            for (var tile = 0; tile < Block / Tile; tile++)
            {
                keyPanels[tile] = KeyTiles + (nint)(firstKey + Tile * tile) * headDim;
                valuePanels[tile] = ValueTiles + (nint)(firstKey + Tile * tile) * headDim;
            }

            var panels = stackalloc float*[headDim / Tile + 1];
            var product = new Product
            {
                ARow = headDim,
                AStep = 1,
                BStep = Tile,
                Steps = headDim,
                CRow = Block,
                Start = ProductStart.Zero,
            };
            var toQueries = new Product
            {
                ARow = Block,
                AStep = 1,
                BStep = headDim,
                CRow = headDim,
                Start = firstKey == 0 ? ProductStart.Zero : ProductStart.Load,
            };
            for (var row = 0; row < rows; row += RegisterRows)
            {
                var count = Math.Min(RegisterRows, rows - row);
                var seen = first + row + 1 - KeyBegin - firstKey;
                var keys = Math.Min(blockKeys, seen + count - 1);
                if (keys <= 0)
                {
                    continue;
                }

                float* scores = Scores + row * Block, dScores = DScores + row * Block;
                var tiles = (keys + Tile - 1) / Tile;
                product.A = Queries + row * headDim;
                TLanes.Multiply(count, product, keyPanels, tiles, scores);
                product.A = DOutputs + row * headDim;
                TLanes.Multiply(count, product, valuePanels, tiles, dScores);
                for (var i = 0; i < count; i++)
                {
                    if (!Bias.IsAbsent)
                    {
                        Bias.Apply(
                            scores + i * Block, head, Bias.Ids[first + row + i], Bias.Ids + KeyBegin + firstKey,
                            Math.Clamp(seen + i, 0, blockKeys), Shape.Scale);
                    }

                    TLanes.Gradient(
                        scores + i * Block, dScores + i * Block, tiles, Math.Min(blockKeys, seen + i), scale, Lse[row + i],
                        Dots[row + i]);
                    if (tiles < Block / Tile)
                    {
                        new Span<float>(scores + i * Block + tiles * Tile, Block - tiles * Tile).Clear();
                        new Span<float>(dScores + i * Block + tiles * Tile, Block - tiles * Tile).Clear();
                    }
                }

                if (wantsQueries)
                {
                    toQueries.A = dScores;
                    toQueries.Steps = keys;
                    AttentionProducts.Columns<TLanes, float>(
                        count, headDim, toQueries, Keys + (nint)firstKey * headDim, panels, DQueries + row * headDim);
                }
            }
        }

        /// <summary>dV += P^T dO and dK += dS^T Q, from the first query row that sees the key.</summary>
        public readonly void AddToKeys<TLanes>(int first, int rows, int firstKey)
            where TLanes : struct, IAttentionLanes
        {
            var headDim = Shape.HeadDim;
            var panels = stackalloc float*[headDim / Tile + 1];
            var product = new Product
            {
                ARow = 1,
                AStep = Block,
                BStep = headDim,
                CRow = headDim,
                Start = ProductStart.Load,
            };
            var blockKeys = Math.Min(Block, NumKeys - firstKey);
            for (var key = 0; key < blockKeys; key += RegisterRows)
            {
                var from = Math.Max(0, KeyBegin + firstKey + key - first);
                if (from >= rows)
                {
                    break;
                }

                var count = Math.Min(RegisterRows, blockKeys - key);
                nint target = (nint)(firstKey + key) * headDim;
                product.Steps = rows - from;
                product.A = Scores + from * Block + key;
                AttentionProducts.Columns<TLanes, float>(
                    count, headDim, product, DOutputs + from * headDim, panels, DValues + target);
                product.A = DScores + from * Block + key;
                AttentionProducts.Columns<TLanes, float>(
                    count, headDim, product, Queries + from * headDim, panels, DKeys + target);
            }
        }
    }
}
