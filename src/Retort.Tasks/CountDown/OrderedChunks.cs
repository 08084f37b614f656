namespace Retort.Tasks.CountDown;

/// <summary>Makes items on several threads and hands them on in order, with as many workers as threads and no more.</summary>
internal static class OrderedChunks
{
    /// <summary>Runs <paramref name="make"/> for 0 .. count-1, in chunks, and <paramref name="take"/> for each chunk in order.</summary>
    /// <param name="count">How many items.</param>
    /// <param name="itemsPerChunk">Items a worker makes before it is handed on.</param>
    /// <param name="threads">Chunks in the making at once.</param>
    /// <param name="create">Makes a worker, which one thread at a time uses.</param>
    /// <param name="make">Adds one item to a worker.</param>
    /// <param name="take">Takes what a worker holds, on the caller's thread; told how many items are done in all.</param>
    /// <param name="cancellation">Ends the work between chunks.</param>
    public static void Run<TWorker>(
        long count, int itemsPerChunk, int threads, Func<TWorker> create, Action<TWorker, long> make,
        Action<TWorker, long> take, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        var waiting = new Queue<Task<TWorker>>();
        var idle = new Stack<TWorker>();
        try
        {
            var started = 0L;
            for (var done = 0L; done < count;)
            {
                for (; waiting.Count < threads && started < count; started += itemsPerChunk)
                {
                    var (from, to) = (started, Math.Min(count, started + itemsPerChunk));
                    var worker = idle.Count > 0 ? idle.Pop() : create();
                    waiting.Enqueue(Task.Run(() => Make(worker, from, to), CancellationToken.None));
                }

                var ready = waiting.Dequeue().GetAwaiter().GetResult();
                done = Math.Min(count, done + itemsPerChunk);
                take(ready, done);
                idle.Push(ready);
            }
        }
        finally
        {
            // Nothing of ours may still run when the caller goes on.
            foreach (var task in waiting)
            {
                task.ContinueWith(static finished => finished.Exception, TaskScheduler.Default).Wait(CancellationToken.None);
            }
        }

        TWorker Make(TWorker worker, long from, long to)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var index = from; index < to; index++)
            {
                make(worker, index);
            }

            return worker;
        }
    }
}
