using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Retort.Tensors.Reference.Elementary;

namespace Retort.Tensors.Cpu;

/// <summary><see cref="ElementaryFunctions"/> in one 512-bit register.</summary>
internal static class ElementaryFunctions512
{
    /// <summary>e^x, within 2 ulp; +0 below about -87, never subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        // Native minimum and maximum give their second operand when either is NaN, so NaN stays NaN.
        x = Vector512.MinNative(Vector512.Create(ExpHigh), x);
        x = Vector512.MaxNative(Vector512.Create(ExpLow), x);
        var t = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), Vector512.Create(RoundAndBias));
        var k = t - Vector512.Create(RoundAndBias);
        var r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-Ln2Head), x);
        r = Vector512.FusedMultiplyAdd(k, Vector512.Create(-Ln2Rest), r);
        var q = Vector512.FusedMultiplyAdd(Vector512.Create(Exp6), r, Vector512.Create(Exp5));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(Exp4));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(Exp3));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(Exp2));
        var p = Vector512.FusedMultiplyAdd(q, r * r, r) + Vector512<float>.One;
        var halved = p * Vector512.ShiftLeft(t.AsInt32(), 23).AsSingle();
        return halved + halved;
    }

    /// <summary>Natural logarithm, within 2 ulp, of positive normal floats only (use the scalar one for all others).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LogOfNormal(Vector512<float> x)
    {
        var root = Vector512.Create(LogHalfRoot).AsInt32();
        var bits = x.AsInt32() - root;
        var k = Vector512.ConvertToSingle(Vector512.ShiftRightArithmetic(bits, 23));
        var f = ((bits & Vector512.Create(0x7FFFFF)) + root).AsSingle() - Vector512<float>.One;
        var s = f / (Vector512.Create(2f) + f);
        var s2 = s * s;
        var rest = Vector512.FusedMultiplyAdd(Vector512.Create(Log4), s2, Vector512.Create(Log3));
        rest = Vector512.FusedMultiplyAdd(rest, s2, Vector512.Create(Log2));
        rest = Vector512.FusedMultiplyAdd(rest, s2, Vector512.Create(Log1));
        rest *= s2;
        var half = Vector512.Create(0.5f) * f * f;
        var tail = half - Vector512.FusedMultiplyAdd(s, half + rest, k * Vector512.Create(Ln2Rest));
        return Vector512.FusedMultiplyAdd(k, Vector512.Create(Ln2Head), f - tail);
    }

    /// <summary>Logistic function 1 / (1 + e^-x), within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sigmoid(Vector512<float> x) =>
        Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>Hyperbolic tangent, within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Tanh(Vector512<float> x)
    {
        var a = Vector512.Abs(x);
        var z = a * a;
        var p = Vector512.FusedMultiplyAdd(Vector512.Create(Tanh11), z, Vector512.Create(Tanh9));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(Tanh7));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(Tanh5));
        p = Vector512.FusedMultiplyAdd(p, z, Vector512.Create(Tanh3));
        var small = Vector512.FusedMultiplyAdd(a * z, p, a);
        var large = Vector512<float>.One
            - Vector512.Create(2f) / (Exp(a + a) + Vector512<float>.One);
        var y = Vector512.ConditionalSelect(Vector512.LessThan(a, Vector512.Create(TanhSmall)), small, large);
        return y | (x & Vector512.Create(-0f));
    }
}
