using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Values of one page mixed for eight chains of 8 lanes at once: eight heads of 8, four of 16 or two of 32. All strides
/// are constants, so two pointers address everything.
/// </summary>
internal static unsafe class AttentionLockstep256
{
    private const int BlockKeys = 64;
    private const int Chains = 8;
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>
    /// Rows done, from row 0 on; the caller does the others. <paramref name="weights"/> [rows][64],
    /// <paramref name="values"/> [row / group][16][headDim], <paramref name="outputs"/> [rows][headDim].
    /// </summary>
    public static int Mix<TStored>(int rows, int group, int headDim, float* weights, TStored* values, int steps, float* outputs)
        where TStored : unmanaged =>
        (headDim, group) switch
        {
            (8, 1) => Mix<Rows1, Rows1, TStored>(rows, weights, values, steps, outputs),
            (8, 2) => Mix<Rows1, Rows2, TStored>(rows, weights, values, steps, outputs),
            (8, 4) => Mix<Rows1, Rows4, TStored>(rows, weights, values, steps, outputs),
            (16, 1) => Mix<Rows2, Rows1, TStored>(rows, weights, values, steps, outputs),
            (16, 2) => Mix<Rows2, Rows2, TStored>(rows, weights, values, steps, outputs),
            (16, 4) => Mix<Rows2, Rows4, TStored>(rows, weights, values, steps, outputs),
            (32, 1) => Mix<Rows4, Rows1, TStored>(rows, weights, values, steps, outputs),
            _ => 0,
        };

    private static int Mix<TSlices, TGroup, TStored>(int rows, float* weights, TStored* values, int steps, float* outputs)
        where TSlices : struct, IRows
        where TGroup : struct, IRows
        where TStored : unmanaged
    {
        var rowsAtOnce = Chains / TSlices.Count;
        var row = 0;
        for (; row + rowsAtOnce <= rows; row += rowsAtOnce)
        {
            Eight<TSlices, TGroup, TStored>(
                weights + row * BlockKeys, values + row / TGroup.Count * Tile * 8 * TSlices.Count, steps,
                outputs + row * 8 * TSlices.Count);
        }

        return row;
    }

    private static void Eight<TSlices, TGroup, TStored>(float* weights, TStored* values, int steps, float* outputs)
        where TSlices : struct, IRows
        where TGroup : struct, IRows
        where TStored : unmanaged
    {
        var c0 = Vector256.Load(outputs);
        var c1 = Vector256.Load(outputs + 8);
        var c2 = Vector256.Load(outputs + 16);
        var c3 = Vector256.Load(outputs + 24);
        var c4 = Vector256.Load(outputs + 32);
        var c5 = Vector256.Load(outputs + 40);
        var c6 = Vector256.Load(outputs + 48);
        var c7 = Vector256.Load(outputs + 56);
        for (; steps > 0; steps--, weights++, values += 8 * TSlices.Count)
        {
            c0 = Step<TSlices, TGroup, TStored>(0, weights, values, c0);
            c1 = Step<TSlices, TGroup, TStored>(1, weights, values, c1);
            c2 = Step<TSlices, TGroup, TStored>(2, weights, values, c2);
            c3 = Step<TSlices, TGroup, TStored>(3, weights, values, c3);
            c4 = Step<TSlices, TGroup, TStored>(4, weights, values, c4);
            c5 = Step<TSlices, TGroup, TStored>(5, weights, values, c5);
            c6 = Step<TSlices, TGroup, TStored>(6, weights, values, c6);
            c7 = Step<TSlices, TGroup, TStored>(7, weights, values, c7);
        }

        c0.Store(outputs);
        c1.Store(outputs + 8);
        c2.Store(outputs + 16);
        c3.Store(outputs + 24);
        c4.Store(outputs + 32);
        c5.Store(outputs + 40);
        c6.Store(outputs + 48);
        c7.Store(outputs + 56);
    }

    /// <summary>Chain i is lanes 8 (i % slices) .. of row i / slices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Step<TSlices, TGroup, TStored>(
        int chain, float* weights, TStored* values, Vector256<float> acc)
        where TSlices : struct, IRows
        where TGroup : struct, IRows
        where TStored : unmanaged
    {
        var row = chain / TSlices.Count;
        var value = Stored.Load256(
            values + row / TGroup.Count * Tile * 8 * TSlices.Count + 8 * (chain % TSlices.Count));
        return Vector256.FusedMultiplyAdd(Vector256.Create(weights[row * BlockKeys]), value, acc);
    }
}
