using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Copies of strided rows into contiguous scratch. Rows of <c>qkv</c> often lie a power of two apart, where a column of
/// them would fall into one set of the first-level cache; one copy costs far less than that.
/// </summary>
internal static unsafe class AttentionPacking
{
    private const int Tile = AttentionShape.TileKeys;

    /// <summary>target[rows][headDim] = rows of <paramref name="source"/>, <paramref name="stride"/> floats apart.</summary>
    public static void Rows(float* source, nint stride, int rows, int headDim, float* target)
    {
        for (var row = 0; row < rows; row++, source += stride, target += headDim)
        {
            Copy(source, target, headDim);
        }
    }

    /// <summary>Copies a multiple of 4 floats.</summary>
    public static void Copy(float* source, float* target, int count)
    {
        var i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256.Load(source + i).Store(target + i);
        }

        if (i < count)
        {
            Vector128.Load(source + i).Store(target + i);
        }
    }

    /// <summary>Tiles [rows / 16][headDim][16] of rows, lanes across rows; the last tile's spare lanes are +0.</summary>
    public static void Tiles(float* source, nint stride, int rows, int headDim, float* target)
    {
        for (var first = 0; first < rows; first += Tile, source += Tile * stride, target += Tile * headDim)
        {
            if (rows - first >= Tile)
            {
                for (var half = 0; half < Tile; half += 8)
                {
                    Transpose8(source + half * stride, stride, headDim, target + half);
                }
            }
            else
            {
                new Span<float>(target, Tile * headDim).Clear();
                for (var row = 0; row < rows - first; row++)
                {
                    Lane(source + row * stride, headDim, target + row);
                }
            }
        }
    }

    /// <summary>One row into one lane of a tile.</summary>
    public static void Lane(float* source, int headDim, float* lane)
    {
        for (var d = 0; d < headDim; d++)
        {
            lane[Tile * d] = source[d];
        }
    }

    private static void Transpose8(float* source, nint stride, int headDim, float* target)
    {
        if (!Avx.IsSupported)
        {
            for (var row = 0; row < 8; row++)
            {
                Lane(source + row * stride, headDim, target + row);
            }

            return;
        }

        for (var d = 0; d < headDim; d += 4, source += 4, target += 4 * Tile)
        {
            // Rows r and r + 4 side by side, then a 4x4 transposition in each half.
            var r0 = Vector256.Create(Vector128.Load(source), Vector128.Load(source + 4 * stride));
            var r1 = Vector256.Create(Vector128.Load(source + stride), Vector128.Load(source + 5 * stride));
            var r2 = Vector256.Create(Vector128.Load(source + 2 * stride), Vector128.Load(source + 6 * stride));
            var r3 = Vector256.Create(Vector128.Load(source + 3 * stride), Vector128.Load(source + 7 * stride));
            var a = Avx.UnpackLow(r0, r1);
            var b = Avx.UnpackHigh(r0, r1);
            var c = Avx.UnpackLow(r2, r3);
            var e = Avx.UnpackHigh(r2, r3);
            Avx.Shuffle(a, c, 0x44).Store(target);
            Avx.Shuffle(a, c, 0xEE).Store(target + Tile);
            Avx.Shuffle(b, e, 0x44).Store(target + 2 * Tile);
            Avx.Shuffle(b, e, 0xEE).Store(target + 3 * Tile);
        }
    }
}
