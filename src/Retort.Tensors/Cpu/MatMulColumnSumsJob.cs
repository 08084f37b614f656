using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>Chunks of column sums: 64 columns each, one chain of additions a column and shard, a binary tree between shards.</summary>
internal sealed unsafe class MatMulColumnSumsJob : PoolJob
{
    /// <summary>Columns a chunk.</summary>
    public const int Block = 64;

    public float* DY, Grad;
    public nint Ldy;
    public int* Starts;
    public int Shards, Columns;
    public bool ContinueChain;

    [SkipLocalsInit]
    public override void Execute(int chunk, int worker)
    {
        var first = chunk * Block;
        var columns = Math.Min(Block, Columns - first);
        var sums = stackalloc float[Block];
        var stack = stackalloc float[Block * 32];
        for (var shard = 0; shard < Shards; shard++)
        {
            for (var c = 0; c < columns; c++)
            {
                sums[c] = ContinueChain ? Grad[first + c] : 0;
            }

            Chain(DY + Starts[shard] * Ldy + first, Starts[shard + 1] - Starts[shard], columns, sums);
            var rises = BitOperations.TrailingZeroCount(~(uint)shard);
            for (var level = 0; level < rises; level++)
            {
                for (var c = 0; c < columns; c++)
                {
                    sums[c] = stack[level * Block + c] + sums[c];
                }
            }

            new Span<float>(sums, columns).CopyTo(new Span<float>(stack + rises * Block, columns));
        }

        var levels = BitOperations.Log2((uint)Shards);
        new Span<float>(stack + levels * Block, columns).CopyTo(new Span<float>(Grad + first, columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Chain(float* rows, int count, int columns, float* sums)
    {
        var c = 0;
        for (; c + 32 <= columns; c += 32)
        {
            var (s0, s1) = (Vector256.Load(sums + c), Vector256.Load(sums + c + 8));
            var (s2, s3) = (Vector256.Load(sums + c + 16), Vector256.Load(sums + c + 24));
            var row = rows + c;
            for (var r = 0; r < count; r++, row += Ldy)
            {
                s0 += Vector256.Load(row);
                s1 += Vector256.Load(row + 8);
                s2 += Vector256.Load(row + 16);
                s3 += Vector256.Load(row + 24);
            }

            s0.Store(sums + c);
            s1.Store(sums + c + 8);
            s2.Store(sums + c + 16);
            s3.Store(sums + c + 24);
        }

        for (; c < columns; c++)
        {
            var sum = sums[c];
            for (nint r = 0; r < count; r++)
            {
                sum += rows[r * Ldy + c];
            }

            sums[c] = sum;
        }
    }
}
