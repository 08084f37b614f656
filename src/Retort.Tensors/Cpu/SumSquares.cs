namespace Retort.Tensors.Cpu;

/// <summary>
/// Sums over long flat arrays (docs/numerics.md): blocks of 4096 elements in sum16 or sumsq16, one double per block, which
/// <see cref="Total"/> adds in ascending order. Threads split blocks.
/// </summary>
internal static unsafe class SumSquares
{
    /// <summary>Elements a block.</summary>
    internal const int BlockElements = 4096;

    /// <summary>Blocks of an array of n elements.</summary>
    internal static int BlockCount(long n) => checked((int)((n + BlockElements - 1) / BlockElements));

    /// <summary>partials[b] = sumsq16(block b) for blocks b0 .. b1-1 of x[0..n).</summary>
    internal static void Blocks(float* x, long n, double* partials, int b0, int b1)
    {
        for (var b = b0; b < b1; b++)
        {
            var start = (long)b * BlockElements;
            partials[b] = Lanes.SumSquares(x + start, (int)Math.Min(BlockElements, n - start));
        }
    }

    /// <summary>partials[b] = sum16(block b) for blocks b0 .. b1-1 of x[0..n).</summary>
    internal static void SumBlocks(float* x, long n, double* partials, int b0, int b1)
    {
        for (var b = b0; b < b1; b++)
        {
            var start = (long)b * BlockElements;
            partials[b] = Lanes.Sum(x + start, (int)Math.Min(BlockElements, n - start));
        }
    }

    /// <summary>The blocks' total, in double, ascending.</summary>
    internal static double Total(double* partials, int count)
    {
        var total = 0.0;
        for (var b = 0; b < count; b++)
        {
            total += partials[b];
        }

        return total;
    }
}
