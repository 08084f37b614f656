namespace Retort.Tensors.Cpu;

/// <summary>
/// The CPU: fused kernels on AVX-512, AVX2 or portable lanes, split over a pool of threads. Each operation is done when its
/// call returns. How work is split changes no bit.
/// </summary>
public sealed unsafe partial class CpuDevice : Device
{
    private readonly WorkerPool pool;
    private readonly CpuDevice[] lanes;
    private readonly ItemJob itemJob = new();

    /// <summary>A device of <paramref name="threads"/> threads, the caller among them; 0: one for each core.</summary>
    public CpuDevice(int threads = 0)
    {
        pool = new WorkerPool(threads > 0 ? threads : Environment.ProcessorCount);
        lanes = pool.ThreadCount == 1 ? [this] : [.. Enumerable.Range(0, pool.ThreadCount).Select(_ => new CpuDevice(1))];
    }

    /// <inheritdoc/>
    public override int Threads => pool.ThreadCount;

    /// <summary>One lane a thread.</summary>
    public override int NumLanes => lanes.Length;

    /// <inheritdoc/>
    public override Device Lane(int index) => lanes[index];

    /// <inheritdoc/>
    public override void RunOnLanes(int items, LaneJob job)
    {
        if (lanes.Length == 1)
        {
            base.RunOnLanes(items, job);
            return;
        }

        itemJob.Items = job;
        try
        {
            pool.Run(items, itemJob);
        }
        finally
        {
            // The job holds a trainer and its data, which should not outlive it.
            itemJob.Items = null;
        }
    }

    /// <inheritdoc/>
    public override Storage Allocate(long bytes) => Storage.Allocate(bytes);

    /// <inheritdoc/>
    public override void Write(Tensor destination, ReadOnlySpan<float> source) =>
        source.CopyTo(new Span<float>(destination.Data, checked((int)destination.Length)));

    /// <inheritdoc/>
    public override void Write(IntTensor destination, ReadOnlySpan<int> source) =>
        source.CopyTo(new Span<int>(destination.Data, destination.Length));

    /// <inheritdoc/>
    public override void Read(Tensor source, Span<float> destination) =>
        new ReadOnlySpan<float>(source.Data, checked((int)source.Length)).CopyTo(destination);

    /// <inheritdoc/>
    public override void Read(IntTensor source, Span<int> destination) =>
        new ReadOnlySpan<int>(source.Data, source.Length).CopyTo(destination);

    /// <inheritdoc/>
    public override void Copy(Tensor source, Tensor destination) => Buffer.MemoryCopy(
        source.Data, destination.Data, destination.Length * sizeof(float), source.Length * sizeof(float));

    /// <inheritdoc/>
    public override void Fill(Tensor destination, float value) =>
        Elementwise.Fill(destination.Data, value, 0, (nint)destination.Length);

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor sum)
    {
        var job = pool.Job<AddJob>();
        (job.A, job.B, job.Sum) = (a, b, sum);
        job.Split(pool, Blocks(sum.Length), 0.3 * BlockElements);
    }

    /// <inheritdoc/>
    public override void GatherRows(Tensor x, IntTensor rows, Tensor y)
    {
        var job = pool.Job<GatherRowsJob>();
        (job.X, job.Rows, job.Y) = (x, rows, y);
        job.Split(pool, rows.Length, CopyCost * y.Columns);
    }

    /// <inheritdoc/>
    public override void GatherInts(IntTensor x, IntTensor rows, IntTensor y)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            y.Data[i] = x.Data[rows.Data[i]];
        }
    }

    /// <inheritdoc/>
    public override void ScatterRows(Tensor x, IntTensor rows, Tensor y)
    {
        Fill(y, 0);
        var job = pool.Job<ScatterRowsJob>();
        (job.X, job.Rows, job.Y) = (x, rows, y);
        // Split by columns: every element's sum goes over the rows in order.
        job.Split(pool, (y.Columns + Lanes.Count - 1) / Lanes.Count, CopyCost * Lanes.Count * rows.Length);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pool.Dispose();
            foreach (var lane in lanes.Where(lane => lane != this))
            {
                lane.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Elements that a flat pass takes at a time: the block of the squared norm (docs/numerics.md).</summary>
    private const int BlockElements = 4096;

    private static int Blocks(long length) => checked((int)((length + BlockElements - 1) / BlockElements));

    private sealed class ItemJob : PoolJob
    {
        public LaneJob? Items;

        public override void Execute(int chunk, int worker) => Items!.Run(chunk, worker);
    }

    private sealed class AddJob : RangeJob
    {
        public Tensor A, B, Sum;

        public override void Run(int from, int to, int worker) => Elementwise.Add(
            A.Data, B.Data, Sum.Data, (nint)from * BlockElements, (nint)Math.Min(Sum.Length, (long)to * BlockElements));
    }
}
