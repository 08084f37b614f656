namespace Retort.Tensors.Reference;

/// <summary>
/// Elementary functions in float32 from operations that are exact in IEEE 754 (+ - * / and fused multiply-add), so their
/// bits are the same on every machine. <see cref="Cpu.ElementaryFunctions"/> does the same operations in 16 lanes.
/// </summary>
internal static class Elementary
{
    internal const float Log2E = 1.44269504f;

    // ln 2 as a head of 9 bits, so that k * head is exact, and the rest.
    internal const float Ln2Head = 0.693359375f, Ln2Rest = -2.12194440e-4f;

    // Beyond these, exp is +0 (k = -126) or +inf (k = 128); the clamp keeps k inside that range.
    internal const float ExpLow = -87.3f, ExpHigh = 88.8f;

    // Adding this rounds to an integer k and leaves k - 1 + 127, a float's exponent field, in the low bits.
    internal const float RoundAndBias = 12582912f + 126f;

    // (e^r - 1 - r) / r^2 on |r| <= ln2/2, interpolated at Chebyshev nodes.
    internal const float Exp2 = 0.5f, Exp3 = 0.16666577756404877f, Exp4 = 0.041666556149721146f,
        Exp5 = 0.00836317427456379f, Exp6 = 0.0013926177052780986f;

    // log(1+f) = f - (f^2/2 - s (f^2/2 + R)), s = f/(2+f): R is the rest of the artanh series.
    internal const float LogHalfRoot = 0.70710678f;
    internal const float Log1 = 2f / 3, Log2 = 2f / 5, Log3 = 2f / 7, Log4 = 2f / 9;

    // (tanh(x)/x - 1) / x^2 in x^2 on |x| < 0.625, interpolated at Chebyshev nodes.
    internal const float TanhSmall = 0.625f;
    internal const float Tanh3 = -0.333333283662796f, Tanh5 = 0.1333271861076355f, Tanh7 = -0.05384325981140137f,
        Tanh9 = 0.020961323752999306f, Tanh11 = -0.006045159418135881f;

    /// <summary>
    /// e^x, within 2 ulp. Results below 2^-125.5 (x below about -87) are +0, never subnormal; exp(-inf) = +0.
    /// </summary>
    internal static float Exp(float x)
    {
        x = ExpHigh < x ? ExpHigh : x;
        x = ExpLow > x ? ExpLow : x;
        var t = MathF.FusedMultiplyAdd(x, Log2E, RoundAndBias);
        var k = t - RoundAndBias;
        var r = MathF.FusedMultiplyAdd(k, -Ln2Rest, MathF.FusedMultiplyAdd(k, -Ln2Head, x));
        var q = MathF.FusedMultiplyAdd(Exp6, r, Exp5);
        q = MathF.FusedMultiplyAdd(q, r, Exp4);
        q = MathF.FusedMultiplyAdd(q, r, Exp3);
        q = MathF.FusedMultiplyAdd(q, r, Exp2);
        var p = MathF.FusedMultiplyAdd(q, r * r, r) + 1f;
        // 2^(k-1) is 0 for k = -126; doubling afterwards overflows to +inf for k = 128.
        var halved = p * BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(t) << 23);
        return halved + halved;
    }

    /// <summary>Natural logarithm, within 2 ulp, subnormals included; log(+-0) = -inf, log(negative) = NaN.</summary>
    internal static float Log(float x)
    {
        if (!(x > 0f))
        {
            return x == 0f ? float.NegativeInfinity : float.NaN;
        }

        if (float.IsPositiveInfinity(x))
        {
            return x;
        }

        var exponent = 0;
        if (x < 1.17549435e-38f)
        {
            (x, exponent) = (x * (1 << 23), -23);
        }

        // The mantissa in [sqrt(1/2), sqrt 2).
        var bits = BitConverter.SingleToInt32Bits(x) - BitConverter.SingleToInt32Bits(LogHalfRoot);
        exponent += bits >> 23;
        var mantissa = BitConverter.Int32BitsToSingle(
            (bits & 0x7FFFFF) + BitConverter.SingleToInt32Bits(LogHalfRoot));
        var f = mantissa - 1f;
        var s = f / (2f + f);
        var s2 = s * s;
        var rest = MathF.FusedMultiplyAdd(Log4, s2, Log3);
        rest = MathF.FusedMultiplyAdd(rest, s2, Log2);
        rest = MathF.FusedMultiplyAdd(rest, s2, Log1);
        rest *= s2;
        var half = 0.5f * f * f;
        float k = exponent;
        var tail = half - MathF.FusedMultiplyAdd(s, half + rest, k * Ln2Rest);
        return MathF.FusedMultiplyAdd(k, Ln2Head, f - tail);
    }

    /// <summary>Logistic function 1 / (1 + e^-x), within 3 ulp; +0 below about -88.7.</summary>
    internal static float Sigmoid(float x) => 1f / (1f + Exp(-x));

    /// <summary>Hyperbolic tangent, within 3 ulp; odd, also in the sign of zero.</summary>
    internal static float Tanh(float x)
    {
        var a = MathF.Abs(x);
        float y;
        if (a < TanhSmall)
        {
            var z = a * a;
            var p = MathF.FusedMultiplyAdd(Tanh11, z, Tanh9);
            p = MathF.FusedMultiplyAdd(p, z, Tanh7);
            p = MathF.FusedMultiplyAdd(p, z, Tanh5);
            p = MathF.FusedMultiplyAdd(p, z, Tanh3);
            y = MathF.FusedMultiplyAdd(a * z, p, a);
        }
        else
        {
            y = 1f - 2f / (Exp(a + a) + 1f);
        }

        return float.IsNaN(x) ? x : MathF.CopySign(y, x);
    }
}
