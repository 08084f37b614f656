namespace Retort.Tensors.Cpu;

/// <summary>A job over items 0 .. count-1 (rows, elements, columns) that writes disjoint outputs for each item.</summary>
internal abstract class RangeJob : PoolJob
{
    /// <summary>Below this the caller does everything itself: handing a chunk over costs about as much.</summary>
    private const double InlineMicroseconds = 6;

    /// <summary>Chunks are at least this long, so that claiming one is not felt.</summary>
    private const double ChunkMicroseconds = 4;

    private int count, chunkItems;

    /// <summary>Does items <paramref name="from"/> .. <paramref name="to"/>-1.</summary>
    public abstract void Run(int from, int to, int worker);

    /// <inheritdoc/>
    public sealed override void Execute(int chunk, int worker) =>
        Run(chunk * chunkItems, (int)Math.Min(count, (chunk + 1L) * chunkItems), worker);

    /// <summary>Whether work of so many microseconds is split at all.</summary>
    protected static bool IsWorthSharing(WorkerPool pool, double microseconds) =>
        pool.ThreadCount > 1 && microseconds >= InlineMicroseconds;

    /// <summary>Splits the items over the pool. The cost guides the split and changes no result.</summary>
    public void Split(WorkerPool pool, int items, double nanosecondsPerItem, int multiple = 1)
    {
        var microseconds = items * nanosecondsPerItem / 1000;
        if (!IsWorthSharing(pool, microseconds))
        {
            Run(0, items, 0);
            return;
        }

        var chunks = Math.Clamp(microseconds / ChunkMicroseconds, 1, pool.ThreadCount * 4);
        count = items;
        chunkItems = Math.Max(1, (int)(items / chunks / multiple) * multiple);
        chunkItems = Math.Max(chunkItems, multiple);
        pool.Run((items + chunkItems - 1) / chunkItems, this, microseconds);
    }
}
