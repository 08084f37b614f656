using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The virtual vector of 16 lanes (docs/numerics.md) is <see cref="Vector512{T}"/> of float: one register with AVX-512;
/// two with AVX2, where the JIT keeps both halves in registers; sixteen scalars on the portable path. These are the
/// helpers it lacks: one fixed tree for sums, and partial vectors for rows that are no multiple of 16.
/// </summary>
internal static unsafe class Lanes
{
    /// <summary>Number of lanes of the virtual vector.</summary>
    internal const int Count = 16;

    /// <summary>Sums the lanes by the fixed tree: lane l and l+8, then l+4, l+2, l+1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Tree(Vector512<float> lanes)
    {
        var eight = lanes.GetLower() + lanes.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    /// <summary>
    /// The largest lane, as +0 when it is a zero of either sign. With a NaN among the lanes the result is unspecified:
    /// callers go on to a sum that the NaN reaches.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Max(Vector512<float> lanes)
    {
        var eight = Vector256.MaxNative(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var one = Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)));
        return one.ToScalar() + 0f;
    }

    /// <summary>
    /// Loads <paramref name="count"/> (1 to 15) floats into the first lanes and <paramref name="fill"/> into the others.
    /// A fill of -0 leaves sums as they are, -infinity leaves maxima.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LoadPartial(float* source, int count, float fill)
    {
        // Without a call, for a call would drive accumulators out of their registers.
        if (Avx.IsSupported)
        {
            var low = FirstLanes(count);
            var high = FirstLanes(count - 8);
            var fills = Vector256.Create(fill);
            return Vector512.Create(
                Avx.BlendVariable(fills, Avx.MaskLoad(source, low), low),
                Avx.BlendVariable(fills, Avx.MaskLoad(source + 8, high), high));
        }

        return LoadPartialPortable(source, count, fill);
    }

    /// <summary>Stores the first <paramref name="count"/> (1 to 15) lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StorePartial(Vector512<float> lanes, float* target, int count)
    {
        if (Avx.IsSupported)
        {
            Avx.MaskStore(target, FirstLanes(count), lanes.GetLower());
            Avx.MaskStore(target + 8, FirstLanes(count - 8), lanes.GetUpper());
            return;
        }

        StorePartialPortable(lanes, target, count);
    }

    /// <summary>sum16 of docs/numerics.md over n contiguous floats.</summary>
    internal static float Sum(float* x, int n)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= n - Count; i += Count)
        {
            sum += Vector512.Load(x + i);
        }

        if (i < n)
        {
            sum += LoadPartial(x + i, n - i, -0f);
        }

        return Tree(sum);
    }

    /// <summary>sumsq16 of docs/numerics.md over n contiguous floats.</summary>
    internal static float SumSquares(float* x, int n)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= n - Count; i += Count)
        {
            var v = Vector512.Load(x + i);
            sum = Vector512.FusedMultiplyAdd(v, v, sum);
        }

        if (i < n)
        {
            var v = LoadPartial(x + i, n - i, 0f);
            sum = Vector512.FusedMultiplyAdd(v, v, sum);
        }

        return Tree(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> FirstLanes(int count) =>
        Vector256.GreaterThan(Vector256.Create(count), Vector256<int>.Indices).AsSingle();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadPartialPortable(float* source, int count, float fill)
    {
        var lanes = Vector512.Create(fill);
        var target = (float*)&lanes;
        for (var i = 0; i < count; i++)
        {
            target[i] = source[i];
        }

        return lanes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePartialPortable(Vector512<float> lanes, float* target, int count)
    {
        var source = (float*)&lanes;
        for (var i = 0; i < count; i++)
        {
            target[i] = source[i];
        }
    }
}
