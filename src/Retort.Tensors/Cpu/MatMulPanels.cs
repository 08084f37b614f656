using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The layout of weights, <c>panel[out / 16][in][16]</c> with the last panel padded by zeros, and the moves between it
/// and row-major <c>[out, in]</c>.
/// </summary>
public static unsafe class MatMulPanels
{
    private const int Lanes = MatMul.PanelWidth;

    /// <summary>Floats that <c>[outDim, inDim]</c> takes in panels, padding included.</summary>
    public static long Length(int inDim, int outDim) => (long)Count(outDim) * Lanes * inDim;

    /// <summary>Number of panels: <c>ceil(outDim / 16)</c>.</summary>
    public static int Count(int outDim) => (outDim + Lanes - 1) / Lanes;

    /// <summary>
    /// Writes rows <paramref name="firstOut"/> .. <paramref name="firstOut"/> + <paramref name="numOut"/> - 1 of the panels
    /// from row-major <c>source[numOut, inDim]</c>. Several matrices can so share one set of panels. Padding is not touched.
    /// </summary>
    internal static void Pack<TStored>(float* source, nint ldSource, int firstOut, int numOut, int inDim, TStored* panels)
        where TStored : unmanaged
    {
        for (var row = 0; row < numOut; row++)
        {
            var lane = panels + (nint)((firstOut + row) / Lanes) * Lanes * inDim + Stored.Place<TStored>((firstOut + row) % Lanes);
            for (nint i = 0; i < inDim; i++)
            {
                Stored.Store(source[row * ldSource + i], lane + i * Lanes);
            }
        }
    }

    /// <summary>The reverse of <see cref="Pack"/>.</summary>
    internal static void Unpack<TStored>(TStored* panels, int firstOut, int numOut, int inDim, float* target, nint ldTarget)
        where TStored : unmanaged
    {
        for (var row = 0; row < numOut; row++)
        {
            var lane = panels + (nint)((firstOut + row) / Lanes) * Lanes * inDim + Stored.Place<TStored>((firstOut + row) % Lanes);
            for (nint i = 0; i < inDim; i++)
            {
                target[row * ldTarget + i] = Stored.Load(lane + i * Lanes);
            }
        }
    }

    /// <summary>
    /// One panel of the transposed matrix: <c>target[o][16]</c> for all outputs o, lanes across the inputs
    /// <paramref name="firstIn"/> .. + 15. Lanes beyond <paramref name="inDim"/> become zero.
    /// </summary>
    internal static void TransposePanel(float* panels, int inDim, int outDim, int firstIn, float* target)
    {
        var width = Math.Min(Lanes, inDim - firstIn);
        for (var o = 0; o < outDim; o += Lanes)
        {
            var source = panels + (nint)(o / Lanes) * Lanes * inDim + (nint)firstIn * Lanes;
            var block = target + (nint)o * Lanes;
            var height = Math.Min(Lanes, outDim - o);
            Transpose(source, Lanes, width, height, block, Lanes);
            for (var r = 0; r < height && width < Lanes; r++)
            {
                new Span<float>(block + r * Lanes + width, Lanes - width).Clear();
            }
        }
    }

    /// <summary><c>target[c, r] = source[r, c]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transpose(float* source, nint ldSource, int rows, int columns, float* target, nint ldTarget)
    {
        var r = 0;
        for (; Avx.IsSupported && r + 8 <= rows; r += 8)
        {
            var c = 0;
            for (; c + 8 <= columns; c += 8)
            {
                Transpose8(source + r * ldSource + c, ldSource, target + c * ldTarget + r, ldTarget);
            }

            for (; c < columns; c++)
            {
                for (var i = r; i < r + 8; i++)
                {
                    target[c * ldTarget + i] = source[i * ldSource + c];
                }
            }
        }

        for (; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                target[c * ldTarget + r] = source[r * ldSource + c];
            }
        }
    }

    /// <summary><c>target[c / 16][row][c % 16] = source[row, c]</c>; lanes of the last panel beyond the columns become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CopyPanels(float* source, nint ldSource, int rows, int columns, float* target, nint panelStride)
    {
        var full = columns / Lanes;
        for (; rows > 0; rows--, source += ldSource, target += Lanes)
        {
            var from = source;
            var to = target;
            for (var panel = 0; panel < full; panel++, from += Lanes, to += panelStride)
            {
                var left = Vector256.Load(from);
                var right = Vector256.Load(from + 8);
                left.Store(to);
                right.Store(to + 8);
            }

            if (full * Lanes < columns)
            {
                for (var lane = 0; lane < Lanes; lane++)
                {
                    to[lane] = full * Lanes + lane < columns ? from[lane] : 0;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8(float* source, nint ld, float* target, nint ldTarget)
    {
        // Halves of rows r and r + 4 side by side, then 4x4 transposes inside the 128-bit halves.
        var a0 = Pair(source, source + 4 * ld);
        var a1 = Pair(source + ld, source + 5 * ld);
        var a2 = Pair(source + 2 * ld, source + 6 * ld);
        var a3 = Pair(source + 3 * ld, source + 7 * ld);
        Transpose4(a0, a1, a2, a3, target, ldTarget);
        a0 = Pair(source + 4, source + 4 * ld + 4);
        a1 = Pair(source + ld + 4, source + 5 * ld + 4);
        a2 = Pair(source + 2 * ld + 4, source + 6 * ld + 4);
        a3 = Pair(source + 3 * ld + 4, source + 7 * ld + 4);
        Transpose4(a0, a1, a2, a3, target + 4 * ldTarget, ldTarget);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* low, float* high) =>
        Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(
        Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3, float* target, nint ld)
    {
        var low01 = Avx.UnpackLow(a0, a1);
        var high01 = Avx.UnpackHigh(a0, a1);
        var low23 = Avx.UnpackLow(a2, a3);
        var high23 = Avx.UnpackHigh(a2, a3);
        Avx.Shuffle(low01, low23, 0x44).Store(target);
        Avx.Shuffle(low01, low23, 0xEE).Store(target + ld);
        Avx.Shuffle(high01, high23, 0x44).Store(target + 2 * ld);
        Avx.Shuffle(high01, high23, 0xEE).Store(target + 3 * ld);
    }
}
