using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Rotary positions (Su et al. 2021) in the Hugging Face layout: dimension d of a head turns with d + headDim / 2.
/// </summary>
internal static unsafe class Rope
{
    /// <summary>
    /// Rotates rows r0 .. r1-1 of x in place: numHeads heads of headDim (even) floats from column startColumn on, row r by
    /// positions[r]. With a = x[d], b = x[d + headDim/2]: a' = fma(-b, sin, a * cos), b' = fma(a, sin, b * cos).
    /// <paramref name="inverse"/> turns the other way (the backward pass): a' = fma(b, sin, a * cos),
    /// b' = fma(-a, sin, b * cos).
    /// </summary>
    internal static void Rotate(
        float* x, int ld, int startColumn, int numHeads, int headDim, int* positions, float* cos, float* sin,
        bool inverse, int r0, int r1)
    {
        var half = headDim / 2;
        // Flipping the sine's sign is exact, so one loop serves both directions.
        var sign = inverse ? -0f : 0f;
        for (var r = r0; r < r1; r++)
        {
            var row = x + (nint)r * ld + startColumn;
            var c = cos + (nint)positions[r] * half;
            var s = sin + (nint)positions[r] * half;
            if (half == 4)
            {
                RotateHeadsOfEight(row, numHeads, Vector128.Load(c), Vector128.Load(s) ^ Vector128.Create(sign));
                continue;
            }

            for (var head = 0; head < numHeads; head++)
            {
                RotateHead(row + head * headDim, half, c, s, sign);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateHead(float* x, int half, float* c, float* s, float sign)
    {
        var d = 0;
        for (; d <= half - 16; d += 16)
        {
            var a = Vector512.Load(x + d);
            var b = Vector512.Load(x + half + d);
            var cd = Vector512.Load(c + d);
            var sd = Vector512.Load(s + d) ^ Vector512.Create(sign);
            Vector512.FusedMultiplyAdd(-b, sd, a * cd).Store(x + d);
            Vector512.FusedMultiplyAdd(a, sd, b * cd).Store(x + half + d);
        }

        if (d <= half - 8)
        {
            var a = Vector256.Load(x + d);
            var b = Vector256.Load(x + half + d);
            var cd = Vector256.Load(c + d);
            var sd = Vector256.Load(s + d) ^ Vector256.Create(sign);
            Vector256.FusedMultiplyAdd(-b, sd, a * cd).Store(x + d);
            Vector256.FusedMultiplyAdd(a, sd, b * cd).Store(x + half + d);
            d += 8;
        }

        if (d <= half - 4)
        {
            var a = Vector128.Load(x + d);
            var b = Vector128.Load(x + half + d);
            var cd = Vector128.Load(c + d);
            var sd = Vector128.Load(s + d) ^ Vector128.Create(sign);
            Vector128.FusedMultiplyAdd(-b, sd, a * cd).Store(x + d);
            Vector128.FusedMultiplyAdd(a, sd, b * cd).Store(x + half + d);
            d += 4;
        }

        for (; d < half; d++)
        {
            var a = x[d];
            var b = x[half + d];
            var sd = sign == 0f && !float.IsNegative(sign) ? s[d] : -s[d];
            x[d] = MathF.FusedMultiplyAdd(-b, sd, a * c[d]);
            x[half + d] = MathF.FusedMultiplyAdd(a, sd, b * c[d]);
        }
    }

    private static void RotateHeadsOfEight(float* x, int numHeads, Vector128<float> c, Vector128<float> s)
    {
        for (var head = 0; head < numHeads; head++, x += 8)
        {
            var a = Vector128.Load(x);
            var b = Vector128.Load(x + 4);
            Vector128.FusedMultiplyAdd(-b, s, a * c).Store(x);
            Vector128.FusedMultiplyAdd(a, s, b * c).Store(x + 4);
        }
    }
}
