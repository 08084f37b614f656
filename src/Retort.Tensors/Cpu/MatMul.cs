using System.Numerics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Matrix products on native memory. Activations are row-major with a leading dimension in floats; weights and their
/// gradients lie in panels (<see cref="MatMulPanels"/>). The order of every sum is the one of <c>docs/numerics.md</c>:
/// the bits depend on the arguments only, not on the threads, the blocking or the width of the registers.
/// <para>Scratch belongs to the pool and grows only when a larger shape first appears; calls allocate nothing. One caller
/// at a time a pool.</para>
/// </summary>
public static unsafe class MatMul
{
    /// <summary>Outputs a panel: the lanes of the engine's virtual vector.</summary>
    public const int PanelWidth = 16;

    /// <summary>Panels of the transposed weights kept at once for the input gradient, in floats (8 MB).</summary>
    private const long TransposedFloats = 2 << 20;

    /// <summary>Below this one thread finishes before two have met.</summary>
    private const double InlineMicroseconds = 6;

    internal static readonly SimdWidth BestWidth = MatMulTiles.BestWidth;

    /// <summary><c>Y[t, o] = X W^T (+ bias[o]) (+ residual[t, o])</c>.</summary>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="x"><c>[rows, inDim]</c>, <paramref name="ldx"/> floats a row.</param>
    /// <param name="ldx">Floats from a row of x to the next.</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="weightPanels">W <c>[outDim, inDim]</c> in panels.</param>
    /// <param name="inDim">Inputs.</param>
    /// <param name="outDim">Outputs.</param>
    /// <param name="bias"><c>[outDim]</c> or null.</param>
    /// <param name="residual"><c>[rows, outDim]</c> with <paramref name="ldr"/> floats a row, or null. May be y itself.</param>
    /// <param name="ldr">Floats from a row of the residual to the next.</param>
    /// <param name="y"><c>[rows, outDim]</c>; must not overlap x.</param>
    /// <param name="ldy">Floats from a row of y to the next.</param>
    public static void Forward(
        WorkerPool pool, float* x, nint ldx, int rows, float* weightPanels, int inDim, int outDim,
        float* bias, float* residual, nint ldr, float* y, nint ldy) =>
        Forward(pool, BestWidth, x, ldx, rows, weightPanels, inDim, outDim, bias, residual, ldr, y, ldy);

    /// <summary><c>dX[t, i] = dY W</c>, or <c>dX[t, i] + dY W</c> with <paramref name="accumulate"/>.</summary>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="dY"><c>[rows, outDim]</c>, <paramref name="ldy"/> floats a row.</param>
    /// <param name="ldy">Floats from a row of dY to the next.</param>
    /// <param name="rows">Tokens.</param>
    /// <param name="weightPanels">W <c>[outDim, inDim]</c> in panels.</param>
    /// <param name="inDim">Inputs of the forward product: columns of dX.</param>
    /// <param name="outDim">Outputs of the forward product: columns of dY.</param>
    /// <param name="dX"><c>[rows, inDim]</c>; must not overlap dY.</param>
    /// <param name="ldx">Floats from a row of dX to the next.</param>
    /// <param name="accumulate">Whether the result is added to what dX holds.</param>
    public static void BackwardInput(
        WorkerPool pool, float* dY, nint ldy, int rows, float* weightPanels, int inDim, int outDim,
        float* dX, nint ldx, bool accumulate) =>
        BackwardInput(pool, BestWidth, dY, ldy, rows, weightPanels, inDim, outDim, dX, ldx, accumulate);

    /// <summary><c>dW[o, i] = sum over t of X[t, i] dY[t, o]</c>, one chain a shard and a perfect binary tree between shards.</summary>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="x"><c>[rows, inDim]</c>, <paramref name="ldx"/> floats a row.</param>
    /// <param name="ldx">Floats from a row of x to the next.</param>
    /// <param name="dY"><c>[rows, outDim]</c>, <paramref name="ldy"/> floats a row.</param>
    /// <param name="ldy">Floats from a row of dY to the next.</param>
    /// <param name="shardRowStarts">G + 1 ascending rows: shard g is rows [g] .. [g + 1] - 1. G is a power of two; a shard
    /// may be empty.</param>
    /// <param name="gradPanels">dW in panels, overwritten; padded outputs become or stay zero.</param>
    /// <param name="inDim">Inputs.</param>
    /// <param name="outDim">Outputs.</param>
    /// <param name="continueChain">With one shard: the chains go on from the values stored in gradPanels.</param>
    public static void BackwardWeight(
        WorkerPool pool, float* x, nint ldx, float* dY, nint ldy, ReadOnlySpan<int> shardRowStarts,
        float* gradPanels, int inDim, int outDim, bool continueChain) =>
        BackwardWeight(pool, BestWidth, x, ldx, dY, ldy, shardRowStarts, gradPanels, inDim, outDim, continueChain);

    /// <summary><c>grad[c] = sum over t of dY[t, c]</c>: the gradient of a bias, with the shards of
    /// the weight gradient.</summary>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="dY"><c>[rows, columns]</c>, <paramref name="ldy"/> floats a row.</param>
    /// <param name="ldy">Floats from a row of dY to the next.</param>
    /// <param name="shardRowStarts">G + 1 ascending rows, G a power of two.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="grad"><c>[columns]</c>, overwritten.</param>
    /// <param name="continueChain">With one shard: the chains go on from the values stored in grad.</param>
    public static void ColumnSums(
        WorkerPool pool, float* dY, nint ldy, ReadOnlySpan<int> shardRowStarts, int columns, float* grad,
        bool continueChain)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var shards = CheckShards(shardRowStarts, continueChain);
        fixed (int* starts = shardRowStarts)
        {
            var job = pool.Job<MatMulColumnSumsJob>();
            job.DY = dY;
            job.Ldy = ldy;
            job.Starts = starts;
            job.Shards = shards;
            job.Columns = columns;
            job.Grad = grad;
            job.ContinueChain = continueChain;
            var chunks = (columns + MatMulColumnSumsJob.Block - 1) / MatMulColumnSumsJob.Block;
            Share(pool, chunks, job, (double)columns * (shardRowStarts[^1] - shardRowStarts[0]) / 4000);
        }
    }

    internal static void Forward<TStored>(
        WorkerPool pool, SimdWidth width, float* x, nint ldx, int rows, TStored* weightPanels, int inDim, int outDim,
        float* bias, float* residual, nint ldr, float* y, nint ldy)
        where TStored : unmanaged
    {
        Check(pool, rows, inDim, outDim);
        if (rows == 0)
        {
            return;
        }

        var job = pool.Job<MatMulForwardJob<TStored>>();
        job.Pool = pool;
        job.Width = width;
        job.X = x;
        job.Ldx = ldx;
        job.Rows = rows;
        job.Panels = weightPanels;
        job.InDim = inDim;
        job.OutDim = outDim;
        job.Bias = bias;
        job.Residual = residual;
        job.LdResidual = ldr;
        job.Y = y;
        job.Ldy = ldy;
        var time = Microseconds(rows, inDim, outDim, sizeof(TStored));
        Share(pool, job.Plan(time < InlineMicroseconds ? 1 : pool.ThreadCount), job, time);
    }

    internal static void BackwardInput(
        WorkerPool pool, SimdWidth width, float* dY, nint ldy, int rows, float* weightPanels, int inDim, int outDim,
        float* dX, nint ldx, bool accumulate)
    {
        Check(pool, rows, inDim, outDim);
        if (rows == 0)
        {
            return;
        }

        // The product is the forward one with W transposed, some panels of inputs at a time.
        var panels = MatMulPanels.Count(inDim);
        var panelFloats = (long)outDim * PanelWidth;
        var perPass = (int)Math.Clamp(TransposedFloats / panelFloats, 1, panels);
        var transposed = pool.SharedScratch(perPass * panelFloats);
        for (var first = 0; first < panels; first += perPass)
        {
            var count = Math.Min(perPass, panels - first);
            var job = pool.Job<MatMulTransposeJob>();
            job.Panels = weightPanels;
            job.InDim = inDim;
            job.OutDim = outDim;
            job.FirstPanel = first;
            job.Target = transposed;
            Share(pool, count, job, (double)count * PanelWidth * outDim / 4000);
            var column = first * PanelWidth;
            var columns = Math.Min(count * PanelWidth, inDim - column);
            Forward(
                pool, width, dY, ldy, rows, transposed, outDim, columns,
                null, accumulate ? dX + column : null, ldx, dX + column, ldx);
        }
    }

    internal static void BackwardWeight(
        WorkerPool pool, SimdWidth width, float* x, nint ldx, float* dY, nint ldy, ReadOnlySpan<int> shardRowStarts,
        float* gradPanels, int inDim, int outDim, bool continueChain)
    {
        Check(pool, 0, inDim, outDim);
        var shards = CheckShards(shardRowStarts, continueChain);
        fixed (int* starts = shardRowStarts)
        {
            var job = pool.Job<MatMulWeightJob>();
            job.Pool = pool;
            job.Width = width;
            job.Starts = starts;
            job.Shards = shards;
            job.X = x;
            job.Ldx = ldx;
            job.DY = dY;
            job.Ldy = ldy;
            job.Grad = gradPanels;
            job.InDim = inDim;
            job.OutDim = outDim;
            job.ContinueChain = continueChain;
            var time = Microseconds(shardRowStarts[^1] - shardRowStarts[0], inDim, outDim);
            Share(pool, job.Plan(time < InlineMicroseconds ? 1 : pool.ThreadCount), job, time);
        }
    }

    /// <summary>Roughly what one thread takes: arithmetic at 60 GFLOP/s or weights at 20 GB/s, whichever is slower.</summary>
    private static double Microseconds(int rows, int inDim, int outDim, int weightBytes = sizeof(float)) =>
        (double)inDim * outDim * Math.Max(rows / 30e3, weightBytes / 20e3);

    private static void Share(WorkerPool pool, int chunks, PoolJob job, double microseconds)
    {
        if (microseconds < InlineMicroseconds)
        {
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                job.Execute(chunk, 0);
            }
        }
        else
        {
            pool.Run(chunks, job, microseconds);
        }
    }

    private static void Check(WorkerPool pool, int rows, int inDim, int outDim)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(inDim, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outDim, 1);
    }

    private static int CheckShards(ReadOnlySpan<int> starts, bool continueChain)
    {
        var shards = starts.Length - 1;
        if (shards < 1 || !BitOperations.IsPow2(shards))
        {
            throw new ArgumentException($"{shards} shards; expected a power of two.", nameof(starts));
        }

        if (continueChain && shards > 1)
        {
            throw new ArgumentException("Only a single shard can go on from stored values.", nameof(continueChain));
        }

        for (var shard = 0; shard < shards; shard++)
        {
            if (starts[shard] < 0 || starts[shard + 1] < starts[shard])
            {
                throw new ArgumentException("Shard starts must ascend from 0 or more.", nameof(starts));
            }
        }

        return shards;
    }
}
