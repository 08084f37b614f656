using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Retort.Tensors.Reference.Elementary;

namespace Retort.Tensors.Cpu;

/// <summary>
/// <see cref="ElementaryFunctions"/> in 256-bit halves. Written out once more because Vector512's own fallback costs several
/// inlined calls an operation, and the JIT gives up on a method that holds two or three of these functions.
/// </summary>
internal static class ElementaryFunctions256
{
    /// <summary>e^x, within 2 ulp; +0 below about -87, never subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        // Native minimum and maximum give their second operand when either is NaN, so NaN stays NaN.
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

    /// <summary>Natural logarithm, within 2 ulp, of positive normal floats only (use the scalar one for all others).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> LogOfNormal(Vector256<float> x)
    {
        var root = Vector256.Create(LogHalfRoot).AsInt32();
        var bits = x.AsInt32() - root;
        var k = Vector256.ConvertToSingle(Vector256.ShiftRightArithmetic(bits, 23));
        var f = ((bits & Vector256.Create(0x7FFFFF)) + root).AsSingle() - Vector256<float>.One;
        var s = f / (Vector256.Create(2f) + f);
        var s2 = s * s;
        var rest = Vector256.FusedMultiplyAdd(Vector256.Create(Log4), s2, Vector256.Create(Log3));
        rest = Vector256.FusedMultiplyAdd(rest, s2, Vector256.Create(Log2));
        rest = Vector256.FusedMultiplyAdd(rest, s2, Vector256.Create(Log1));
        rest *= s2;
        var half = Vector256.Create(0.5f) * f * f;
        var tail = half - Vector256.FusedMultiplyAdd(s, half + rest, k * Vector256.Create(Ln2Rest));
        return Vector256.FusedMultiplyAdd(k, Vector256.Create(Ln2Head), f - tail);
    }

    /// <summary>Logistic function 1 / (1 + e^-x), within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Sigmoid(Vector256<float> x) =>
        Vector256<float>.One / (Vector256<float>.One + Exp(-x));

    /// <summary>Hyperbolic tangent, within 3 ulp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Tanh(Vector256<float> x)
    {
        var a = Vector256.Abs(x);
        var z = a * a;
        var p = Vector256.FusedMultiplyAdd(Vector256.Create(Tanh11), z, Vector256.Create(Tanh9));
        p = Vector256.FusedMultiplyAdd(p, z, Vector256.Create(Tanh7));
        p = Vector256.FusedMultiplyAdd(p, z, Vector256.Create(Tanh5));
        p = Vector256.FusedMultiplyAdd(p, z, Vector256.Create(Tanh3));
        var small = Vector256.FusedMultiplyAdd(a * z, p, a);
        var large = Vector256<float>.One
            - Vector256.Create(2f) / (Exp(a + a) + Vector256<float>.One);
        var y = Vector256.ConditionalSelect(Vector256.LessThan(a, Vector256.Create(TanhSmall)), small, large);
        return y | (x & Vector256.Create(-0f));
    }
}
