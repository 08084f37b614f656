using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static Vector512<float> LoadPartial(float* source, int count, float fill)
    {
        var lanes = Vector512.Create(fill);
        var target = (float*)&lanes;
        var i = 0;
        if (count >= 8)
        {
            Vector256.Load(source).Store(target);
            i = 8;
        }

        if (count - i >= 4)
        {
            Vector128.Load(source + i).Store(target + i);
            i += 4;
        }

        for (; i < count; i++)
        {
            target[i] = source[i];
        }

        return lanes;
    }

    /// <summary>Stores the first <paramref name="count"/> (1 to 15) lanes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void StorePartial(Vector512<float> lanes, float* target, int count)
    {
        var source = (float*)&lanes;
        var i = 0;
        if (count >= 8)
        {
            Vector256.Load(source).Store(target);
            i = 8;
        }

        if (count - i >= 4)
        {
            Vector128.Load(source + i).Store(target + i);
            i += 4;
        }

        for (; i < count; i++)
        {
            target[i] = source[i];
        }
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
}
