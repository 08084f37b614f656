using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>exp, log and the 16-lane tree as attention uses them, one name for every width.</summary>
internal static unsafe class AttentionMath
{
    public static float Exp(float x) => Reference.Elementary.Exp(x);

    public static float Log(float x) => Reference.Elementary.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x) => ElementaryFunctions256.Exp(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => ElementaryFunctions.Exp(x);

    /// <summary>The one tree over 16 lanes: l and l + 8, then 4, 2, 1.</summary>
    public static float Tree(float* lanes)
    {
        var low = Vector128.Load(lanes) + Vector128.Load(lanes + 8);
        var high = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12);
        var four = low + high;
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
