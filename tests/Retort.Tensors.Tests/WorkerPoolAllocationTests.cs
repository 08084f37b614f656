using System.Runtime.InteropServices;
using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Counts the whole process's managed bytes, workers included, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(WorkerPoolAllocationTests), DisableParallelization = true)]
[Collection(nameof(WorkerPoolAllocationTests))]
public sealed unsafe class WorkerPoolAllocationTests
{
    private sealed class EmptyJob : PoolJob
    {
        public override void Execute(int chunk, int worker)
        {
        }
    }

    [Fact]
    public void A_run_allocates_no_managed_memory()
    {
        using var pool = new WorkerPool(3);
        var job = new EmptyJob();
        Assert.Equal(0, LeastBytes(() => pool.Run(16, job)));
    }

    [Fact]
    public void Products_allocate_no_managed_memory_and_keep_their_scratch()
    {
        const int rows = 64, inDim = 256, outDim = 256;
        using var pool = new WorkerPool(2);
        var x = (float*)NativeMemory.AllocZeroed(rows * inDim, sizeof(float));
        var y = (float*)NativeMemory.AllocZeroed(rows * outDim, sizeof(float));
        var w = (float*)NativeMemory.AllocZeroed((nuint)MatMulPanels.Length(inDim, outDim), sizeof(float));
        void Step()
        {
            MatMul.Forward(pool, x, inDim, rows, w, inDim, outDim, null, null, 0, y, outDim);
            MatMul.BackwardInput(pool, y, outDim, rows, w, inDim, outDim, x, inDim, true);
            MatMul.BackwardWeight(pool, x, inDim, y, outDim, [0, 10, rows], w, inDim, outDim, false);
            MatMul.ColumnSums(pool, y, outDim, [0, rows], outDim, w, true);
        }

        Step();
        var scratch = pool.ScratchBytes;
        var allocated = LeastBytes(Step);
        NativeMemory.Free(x);
        NativeMemory.Free(y);
        NativeMemory.Free(w);
        Assert.Equal(0, allocated);
        Assert.Equal(scratch, pool.ScratchBytes);
    }

    [Fact]
    public void A_step_over_rounded_weights_and_pages_allocates_no_managed_memory()
    {
        var heads = new HeadShape(8, 4, 32);
        using var c = new DeviceCase(new CpuDevice(2));
        using var pages = new KvPages(c.Device, 1, 10, heads, KvFormat.BFloat16);
        var (weight, x) = (c.Weights(heads.QkvWidth, 300, WeightFormat.BFloat16), c.Normal(2, 300));
        var (qkv, output) = (c.Empty(2, heads.QkvWidth), c.Empty(2, heads.OutputWidth));
        var layout = new StepLayout(2, 5);
        int[] first = [0, 1, 2, 3, 4], second = [5, 6, 7, 8, 9];
        var page = new byte[pages.PageBytes];
        Assert.Equal(0, LeastBytes(() =>
        {
            layout.Clear();
            layout.Add(70, 1, first);
            layout.Add(3, 1, second);
            c.Device.Linear(x, weight, default, default, qkv);
            c.Device.CachedAttention(qkv, layout, pages, 0, heads, output);
            pages.ReadPage(c.Device, 4, page);
            pages.WritePage(c.Device, 9, page);
        }));
    }

    /// <summary>The least that any of some windows of ten steps allocated: the runtime's own rare bytes (tiering, first
    /// waits) miss at least one window, an allocation a step misses none.</summary>
    private static long LeastBytes(Action step)
    {
        var least = long.MaxValue;
        for (var window = 0; window < 6; window++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < 10; i++)
            {
                step();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
