using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Scores of one page of keys for all small heads together: with 8 or 16 steps a head, calling the general product for each
/// head took longer than its arithmetic.
/// </summary>
internal static unsafe class AttentionScores256
{
    private const int BlockKeys = 64, LargestHead = 16;
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>
    /// <paramref name="queries"/> [kvHeads * group][headDim] times <paramref name="keys"/> [kvHeads][headDim][16] to
    /// <paramref name="scores"/> [kvHeads * group][64] (16 of them); false, and nothing done, where the general product is the better one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run<TStored>(int kvHeads, int group, int headDim, float* queries, TStored* keys, float* scores)
        where TStored : unmanaged
    {
        if (headDim > LargestHead)
        {
            return false;
        }

        for (; kvHeads > 0; kvHeads--, keys += headDim * Tile)
        {
            var row = 0;
            for (; row + 2 <= group; row += 2, queries += 2 * headDim, scores += 2 * BlockKeys)
            {
                Vector256<float> a = default, b = default, c = default, d = default;
                for (nint step = 0; step < headDim; step++)
                {
                    var low = Stored.Load256(keys + step * Tile);
                    var high = Stored.Load256(keys + step * Tile + 8);
                    var first = Vector256.Create(queries[step]);
                    var second = Vector256.Create(queries[headDim + step]);
                    a = Vector256.FusedMultiplyAdd(first, low, a);
                    b = Vector256.FusedMultiplyAdd(first, high, b);
                    c = Vector256.FusedMultiplyAdd(second, low, c);
                    d = Vector256.FusedMultiplyAdd(second, high, d);
                }

                a.Store(scores);
                b.Store(scores + 8);
                c.Store(scores + BlockKeys);
                d.Store(scores + BlockKeys + 8);
            }

            for (; row < group; row++, queries += headDim, scores += BlockKeys)
            {
                Vector256<float> a = default, b = default;
                for (nint step = 0; step < headDim; step++)
                {
                    var query = Vector256.Create(queries[step]);
                    a = Vector256.FusedMultiplyAdd(query, Stored.Load256(keys + step * Tile), a);
                    b = Vector256.FusedMultiplyAdd(query, Stored.Load256(keys + step * Tile + 8), b);
                }

                a.Store(scores);
                b.Store(scores + 8);
            }
        }

        return true;
    }
}
