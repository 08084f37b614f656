using System.Runtime.Intrinsics;

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

    /// <summary>e to the x of each, with the bits of <see cref="Exp(double)"/>; the two may be the same span.</summary>
    public static void Exp(ReadOnlySpan<double> x, Span<double> powers)
    {
        Span<double> last = stackalloc double[Vector256<double>.Count];
        for (var i = 0; i < x.Length; i += last.Length)
        {
            var count = Math.Min(last.Length, x.Length - i);
            if (count == last.Length)
            {
                Exp(Vector256.Create(x[i..])).CopyTo(powers[i..]);
            }
            else
            {
                x[i..].CopyTo(last);
                Exp(Vector256.Create<double>(last)).CopyTo(last);
                last[..count].CopyTo(powers[i..]);
            }
        }
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

    /// <summary>The operations of <see cref="Exp(double)"/>, four at a time.</summary>
    private static Vector256<double> Exp(Vector256<double> x)
    {
        var inside = Vector256.Clamp(x, Vector256.Create(-745.2), Vector256.Create(709.78));
        var k = Vector256.Round(inside * 1.4426950408889634);
        var r = Vector256.FusedMultiplyAdd(
            -k, Vector256.Create(Ln2Rest), Vector256.FusedMultiplyAdd(-k, Vector256.Create(Ln2Head), inside));
        var sum = Vector256<double>.One;
        for (var n = 14; n >= 1; n--)
        {
            sum = Vector256.FusedMultiplyAdd(sum, r / n, Vector256<double>.One);
        }

        var half = Vector256.Truncate(k * 0.5);
        var power = sum * PowerOfTwo(half) * PowerOfTwo(k - half);
        power = Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(709.78)), Vector256.Create(double.PositiveInfinity), power);
        power = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(-745.2)), Vector256<double>.Zero, power);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), power, x);
    }

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

    /// <summary>Of whole numbers: added to 2^52 they are the low bits, whence they are shifted into the exponent.</summary>
    private static Vector256<double> PowerOfTwo(Vector256<double> k) =>
        Vector256.ShiftLeft((k + Vector256.Create((1L << 52) + 1023.0)).AsInt64(), 52).AsDouble();

    private static double PowerOfTwo(int k) => BitConverter.Int64BitsToDouble((long)(k + 1023) << 52);
}
