using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Gradients that are column sums: gains and biases. Per column: one ascending chain over each shard's rows, then the
/// perfect binary tree over the shards (docs/numerics.md). Work is split over threads by columns.
/// </summary>
/// <remarks>
/// <c>shardRowStarts</c> has numShards + 1 entries; shard s is rows starts[s] .. starts[s+1]-1; numShards is a power of two.
/// With <c>continueChain</c> there is one shard and its chain goes on from what the result holds; otherwise chains start at
/// +0 and the result is overwritten. A row may hold several <c>groups</c> of n columns side by side (heads of a query/key
/// norm): all use the same gain, in ascending order inside the row.
/// </remarks>
internal static unsafe class NormGradients
{
    private const int BlockVectors = 4;
    private const int BlockColumns = BlockVectors * Lanes.Count;
    private const int MaxTreeLevels = 16;

    /// <summary>dGain[c] = sum of fma(dy, x * rstd, chain) over rows and groups; group g of row r has rstd[r * ldRstd + g].</summary>
    internal static void RmsGain(
        float* dy, int ldDy, float* x, int ldX, float* rstd, int ldRstd, int groups, int n, float* dGain,
        int* shardRowStarts, int numShards, bool continueChain, int column0, int column1) =>
        Sum(new RmsTerm(dy, ldDy, x, ldX, rstd, ldRstd, groups, n), dGain, shardRowStarts, numShards, continueChain, column0,
            column1);

    /// <summary>dGain[c] = sum of fma(dy, (x - mean) * rstd, chain) over rows.</summary>
    internal static void LayerGain(
        float* dy, int ldDy, float* x, int ldX, float* mean, float* rstd, float* dGain,
        int* shardRowStarts, int numShards, bool continueChain, int column0, int column1) =>
        Sum(new LayerTerm(dy, ldDy, x, ldX, mean, rstd), dGain, shardRowStarts, numShards, continueChain, column0,
            column1);

    /// <summary>dBias[c] = sum of chain + dy over rows.</summary>
    internal static void Bias(
        float* dy, int ldDy, float* dBias, int* shardRowStarts, int numShards, bool continueChain, int column0,
        int column1) =>
        Sum(new BiasTerm(dy, ldDy), dBias, shardRowStarts, numShards, continueChain, column0, column1);

    private static void Sum<TTerm>(
        TTerm term, float* result, int* shardRowStarts, int numShards, bool continueChain, int column0, int column1)
        where TTerm : struct, ITerm
    {
        if (!BitOperations.IsPow2(numShards) || BitOperations.Log2((uint)numShards) > MaxTreeLevels
            || (continueChain && numShards != 1))
        {
            throw new ArgumentException(
                "shards: a power of two up to 2^16, and one when a chain is continued", nameof(numShards));
        }

        // Sums of finished left halves of the tree, one per level, waiting for their right neighbour.
        var waiting = stackalloc float[MaxTreeLevels * BlockColumns];
        var block = stackalloc float[BlockColumns];
        var c = column0;
        for (; c <= column1 - BlockColumns; c += BlockColumns)
        {
            for (var s = 0; s < numShards; s++)
            {
                Start(block, result + c, BlockColumns, continueChain);
                WideChain(ref term, c, block, shardRowStarts[s], shardRowStarts[s + 1]);
                Climb(block, waiting, s);
            }

            Copy(block, result + c, BlockColumns);
        }

        for (; c < column1; c += Lanes.Count)
        {
            var columns = Math.Min(Lanes.Count, column1 - c);
            for (var s = 0; s < numShards; s++)
            {
                Start(block, result + c, columns, continueChain);
                NarrowChain(ref term, c, columns, block, shardRowStarts[s], shardRowStarts[s + 1]);
                Climb(block, waiting, s);
            }

            Copy(block, result + c, columns);
        }
    }

    private static void WideChain<TTerm>(ref TTerm term, int column, float* block, int row0, int row1)
        where TTerm : struct, ITerm
    {
        var a = Vector512.Load(block);
        var b = Vector512.Load(block + 16);
        var c = Vector512.Load(block + 32);
        var d = Vector512.Load(block + 48);
        for (var row = row0; row < row1; row++)
        {
            for (var group = 0; group < term.Groups; group++)
            {
                a = term.Add(a, row, group, column);
                b = term.Add(b, row, group, column + 16);
                c = term.Add(c, row, group, column + 32);
                d = term.Add(d, row, group, column + 48);
            }
        }

        a.Store(block);
        b.Store(block + 16);
        c.Store(block + 32);
        d.Store(block + 48);
    }

    private static void NarrowChain<TTerm>(ref TTerm term, int column, int columns, float* block, int row0, int row1)
        where TTerm : struct, ITerm
    {
        if (columns < Lanes.Count)
        {
            for (var row = row0; row < row1; row++)
            {
                for (var group = 0; group < term.Groups; group++)
                {
                    for (var i = 0; i < columns; i++)
                    {
                        block[i] = term.Add(block[i], row, group, column + i);
                    }
                }
            }

            return;
        }

        var chain = Vector512.Load(block);
        for (var row = row0; row < row1; row++)
        {
            for (var group = 0; group < term.Groups; group++)
            {
                chain = term.Add(chain, row, group, column);
            }
        }

        chain.Store(block);
    }

    private static void Start(float* block, float* result, int columns, bool continueChain)
    {
        new Span<float>(block, BlockColumns).Clear();
        if (continueChain)
        {
            Copy(result, block, columns);
        }
    }

    private static void Copy(float* from, float* to, int columns) =>
        new ReadOnlySpan<float>(from, columns).CopyTo(new Span<float>(to, columns));

    /// <summary>Adds shard s to the tree as a binary counter: each carry joins left + right. The total stays in block.</summary>
    private static void Climb(float* block, float* waiting, int shard)
    {
        var level = 0;
        for (; (shard >> level & 1) != 0; level++)
        {
            var left = waiting + level * BlockColumns;
            for (var i = 0; i < BlockColumns; i += Lanes.Count)
            {
                (Vector512.Load(left + i) + Vector512.Load(block + i)).Store(block + i);
            }
        }

        if (level < MaxTreeLevels)
        {
            Copy(block, waiting + level * BlockColumns, BlockColumns);
        }
    }

    private interface ITerm
    {
        int Groups { get; }

        Vector512<float> Add(Vector512<float> chain, int row, int group, int column);

        float Add(float chain, int row, int group, int column);
    }

    private readonly struct RmsTerm(
        float* dy, int ldDy, float* x, int ldX, float* rstd, int ldRstd, int groups, int n) : ITerm
    {
        public int Groups => groups;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Add(Vector512<float> chain, int row, int group, int column) =>
            Vector512.FusedMultiplyAdd(
                Vector512.Load(dy + (nint)row * ldDy + group * n + column),
                Vector512.Load(x + (nint)row * ldX + group * n + column) * Vector512.Create(rstd[(nint)row * ldRstd + group]),
                chain);

        public float Add(float chain, int row, int group, int column) =>
            MathF.FusedMultiplyAdd(
                dy[(nint)row * ldDy + group * n + column],
                x[(nint)row * ldX + group * n + column] * rstd[(nint)row * ldRstd + group],
                chain);
    }

    private readonly struct LayerTerm(float* dy, int ldDy, float* x, int ldX, float* mean, float* rstd) : ITerm
    {
        public int Groups => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Add(Vector512<float> chain, int row, int group, int column) =>
            Vector512.FusedMultiplyAdd(
                Vector512.Load(dy + (nint)row * ldDy + column),
                (Vector512.Load(x + (nint)row * ldX + column) - Vector512.Create(mean[row])) * Vector512.Create(rstd[row]),
                chain);

        public float Add(float chain, int row, int group, int column) =>
            MathF.FusedMultiplyAdd(
                dy[(nint)row * ldDy + column], (x[(nint)row * ldX + column] - mean[row]) * rstd[row], chain);
    }

    private readonly struct BiasTerm(float* dy, int ldDy) : ITerm
    {
        public int Groups => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Add(Vector512<float> chain, int row, int group, int column) =>
            chain + Vector512.Load(dy + (nint)row * ldDy + column);

        public float Add(float chain, int row, int group, int column) => chain + dy[(nint)row * ldDy + column];
    }
}
