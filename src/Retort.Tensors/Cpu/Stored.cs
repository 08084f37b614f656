using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Numbers in memory, <c>float</c> or <see cref="BFloat16"/>, and in registers, always float32: a load widens (exact), a store rounds to
/// nearest even. The type is known when the code is compiled for it, so a kernel over floats has plain loads.
/// </summary>
internal static unsafe class Stored
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load<TStored>(TStored* source)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float) ? *(float*)source : ((BFloat16*)source)->Widen();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStored>(float value, TStored* target)
        where TStored : unmanaged
    {
        if (typeof(TStored) == typeof(float))
        {
            *(float*)target = value;
        }
        else
        {
            *(BFloat16*)target = BFloat16.Round(value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128<TStored>(TStored* source)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float)
            ? Vector128.Load((float*)source)
            : (Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256<TStored>(TStored* source)
        where TStored : unmanaged
    {
        if (typeof(TStored) == typeof(float))
        {
            return Vector256.Load((float*)source);
        }

        if (Avx2.IsSupported)
        {
            return (Avx2.ConvertToVector256Int32((ushort*)source) << 16).AsSingle();
        }

        var eight = Vector128.Load((ushort*)source);
        return (Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512<TStored>(TStored* source)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float) ? Vector512.Load((float*)source)
        : Avx512F.IsSupported
            ? (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source)) << 16).AsSingle()
            : Vector512.Create(Load256(source), Load256(source + 8));

    /// <summary>
    /// Where a lane lies in a panel's row of 16 weights. Halves lie in pairs, lane l before lane l + 8, so that a shift and a mask of
    /// the same 32 bytes give the row's two registers.
    /// </summary>
    public static int Place<TStored>(int lane)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float) ? lane : 2 * (lane % 8) + lane / 8;

    /// <summary>Lanes 0 to 7 of a panel's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low<TStored>(TStored* row)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float) ? Vector256.Load((float*)row) : (Vector256.Load((uint*)row) << 16).AsSingle();

    /// <summary>Lanes 8 to 15 of a panel's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High<TStored>(TStored* row)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float)
            ? Vector256.Load((float*)row + 8)
            : (Vector256.Load((uint*)row) & Vector256.Create(0xFFFF0000u)).AsSingle();

    /// <summary>All lanes of a panel's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Both<TStored>(TStored* row)
        where TStored : unmanaged =>
        typeof(TStored) == typeof(float) ? Vector512.Load((float*)row) : Vector512.Create(Low(row), High(row));

    /// <summary>Copies a row of a multiple of 4 numbers.</summary>
    public static void Row<TStored>(float* source, int count, TStored* target)
        where TStored : unmanaged
    {
        if (typeof(TStored) == typeof(float))
        {
            AttentionPacking.Copy(source, (float*)target, count);
            return;
        }

        for (var i = 0; i < count; i += 4)
        {
            *(ulong*)(target + i) = Vector128.Narrow(Round(source + i), default).AsUInt64().ToScalar();
        }
    }

    /// <summary>Copies a row of a multiple of 4 numbers into one lane of a tile of 16.</summary>
    public static void Lane<TStored>(float* source, int count, TStored* lane)
        where TStored : unmanaged
    {
        const int tile = AttentionShape.TileKeys;
        if (typeof(TStored) == typeof(float))
        {
            AttentionPacking.Lane(source, count, (float*)lane);
            return;
        }

        var target = (ushort*)lane;
        for (var i = 0; i < count; i += 4, target += 4 * tile)
        {
            var four = Round(source + i);
            target[0] = (ushort)four[0];
            target[tile] = (ushort)four[1];
            target[2 * tile] = (ushort)four[2];
            target[3 * tile] = (ushort)four[3];
        }
    }

    /// <summary><see cref="BFloat16.Round"/> of four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Round(float* source)
    {
        var x = Vector128.Load(source);
        var bits = x.AsUInt32();
        var high = bits >> 16;
        var rounded = (bits + Vector128.Create(0x7FFFu) + (high & Vector128<uint>.One)) >> 16;
        return Vector128.ConditionalSelect(Vector128.Equals(x, x).AsUInt32(), rounded, high | Vector128.Create(0x40u));
    }
}
