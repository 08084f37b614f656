namespace Retort.Core;

/// <summary>
/// Elementary functions in double precision from IEEE-exact operations only (+ - * / and fused multiply-add), so a
/// table built from them has the same bits on every platform and C library. Error below 1e-14 relative (sine and
/// cosine: absolute, for |x| up to 1e6). For scalars and tables; kernels have their own float versions.
/// </summary>
public static class ExactMath
{
    // ln 2 and pi/2 as a head with trailing zero bits, so that k * head is exact, and the rest.
    private const double Ln2Head = 0.6931471805598903, Ln2Rest = 5.497923018708371e-14;
    private const double HalfPiHead = 1.5707963267341256, HalfPiRest = 6.077100506506192e-11;

    /// <summary>e to the x.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        if (x > 709.78)
        {
            return double.PositiveInfinity;
        }

        if (x < -745.2)
        {
            return 0;
        }

        var k = Math.Round(x * 1.4426950408889634);
        var r = Math.FusedMultiplyAdd(-k, Ln2Rest, Math.FusedMultiplyAdd(-k, Ln2Head, x));
        // Taylor: |r| <= ln2/2, so 14 terms leave less than 1e-17.
        var sum = 1.0;
        for (var n = 14; n >= 1; n--)
        {
            sum = Math.FusedMultiplyAdd(sum, r / n, 1.0);
        }

        // Two steps, so that subnormal results are reached without an intermediate 2^-1075.
        var half = (int)k / 2;
        return sum * PowerOfTwo(half) * PowerOfTwo((int)k - half);
    }

    /// <summary>Natural logarithm.</summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0)
        {
            return double.NaN;
        }

        if (x == 0)
        {
            return double.NegativeInfinity;
        }

        if (double.IsPositiveInfinity(x))
        {
            return x;
        }

        var exponent = 0;
        if (x < 2.2250738585072014e-308)
        {
            (x, exponent) = (x * (1L << 54), -54);
        }

        var bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFFL) | 0x3FF0000000000000L);
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }

        // log m = 2 artanh(s), s = (m-1)/(m+1), |s| <= 0.1716: 11 odd terms leave less than 1e-18.
        var s = (mantissa - 1) / (mantissa + 1);
        var s2 = s * s;
        var sum = 1.0 / 23;
        foreach (var reciprocal in (ReadOnlySpan<double>)[1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0])
        {
            sum = Math.FusedMultiplyAdd(sum, s2, reciprocal);
        }

        return Math.FusedMultiplyAdd(exponent, Ln2Head, Math.FusedMultiplyAdd(exponent, Ln2Rest, 2 * s * sum));
    }

    /// <summary>x to the y, for x &gt; 0.</summary>
    public static double Pow(double x, double y) => Exp(y * Log(x));

    /// <summary>Sine of x in radians.</summary>
    public static double Sin(double x) => Circular(x, 0);

    /// <summary>Cosine of x in radians.</summary>
    public static double Cos(double x) => Circular(x, 1);

    private static double Circular(double x, int quarterTurns)
    {
        var k = Math.Round(x * 0.6366197723675814);
        var r = Math.FusedMultiplyAdd(-k, HalfPiRest, Math.FusedMultiplyAdd(-k, HalfPiHead, x));
        var quadrant = (int)((long)k + quarterTurns & 3);
        var value = (quadrant & 1) == 0 ? SinCore(r) : CosCore(r);
        return quadrant < 2 ? value : -value;
    }

    private static double SinCore(double r)
    {
        var (r2, sum) = (r * r, 1.0);
        for (var n = 18; n >= 2; n -= 2)
        {
            sum = Math.FusedMultiplyAdd(sum, -r2 / (n * (n + 1)), 1.0);
        }

        return r * sum;
    }

    private static double CosCore(double r)
    {
        var (r2, sum) = (r * r, 1.0);
        for (var n = 17; n >= 1; n -= 2)
        {
            sum = Math.FusedMultiplyAdd(sum, -r2 / (n * (n + 1)), 1.0);
        }

        return sum;
    }

    private static double PowerOfTwo(int k) => BitConverter.Int64BitsToDouble((long)(k + 1023) << 52);
}
