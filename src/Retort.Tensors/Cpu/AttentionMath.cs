using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Retort.Tensors.Reference.Elementary;

namespace Retort.Tensors.Cpu;

/// <summary>exp in 8 and 16 lanes, log, and the 16-lane tree as attention uses them.</summary>
internal static unsafe class AttentionMath
{
    public static float Exp(float x) => Reference.Elementary.Exp(x);

    public static float Log(float x) => Reference.Elementary.Log(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x) => ElementaryFunctions.Exp(x);

    /// <summary><see cref="ElementaryFunctions.Exp"/> in 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.MinNative(Vector256.Create(ExpHigh), x);
        x = Vector256.MaxNative(Vector256.Create(ExpLow), x);
        var t = Vector256.FusedMultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(RoundAndBias));
        var k = t - Vector256.Create(RoundAndBias);
        var r = Vector256.FusedMultiplyAdd(k, Vector256.Create(-Ln2Head), x);
        r = Vector256.FusedMultiplyAdd(k, Vector256.Create(-Ln2Rest), r);
        var q = Vector256.FusedMultiplyAdd(Vector256.Create(Exp6), r, Vector256.Create(Exp5));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(Exp4));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(Exp3));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(Exp2));
        var p = Vector256.FusedMultiplyAdd(q, r * r, r) + Vector256<float>.One;
        var halved = p * Vector256.ShiftLeft(t.AsInt32(), 23).AsSingle();
        return halved + halved;
    }

    /// <summary>The one tree over 16 lanes: l and l + 8, then 4, 2, 1.</summary>
    public static float Tree(float* lanes)
    {
        var low = Vector128.Load(lanes) + Vector128.Load(lanes + 8);
        var high = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12);
        var four = low + high;
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
