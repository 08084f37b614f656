using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Work cut into chunks. A job is allocated once and run many times; its fields are its arguments. Chunks must write
/// disjoint outputs, so results cannot depend on who runs them.
/// </summary>
public abstract class PoolJob
{
    /// <summary>Does chunk <paramref name="chunk"/>. <paramref name="worker"/> (0 is the caller) names per-worker scratch.</summary>
    public abstract void Execute(int chunk, int worker);
}

/// <summary>
/// A fixed set of threads, the caller among them, that share the chunks of one <see cref="PoolJob"/> at a time.
/// <para>Good manners: an idle worker spins for at most <see cref="SpinMicroseconds"/> and then blocks. The caller takes
/// chunks like everyone else and never waits for a worker that has not begun, so when other processes hold the cores the
/// caller does the work alone. Waking a blocked thread costs about 50 us here, of which 20 us are the caller's: short runs
/// therefore offer themselves to workers that are awake and wake the others only when enough short runs have gone by.</para>
/// <para>One caller at a time; a run inside a chunk is refused. After warm-up a run allocates no managed memory.</para>
/// </summary>
public sealed class WorkerPool : IDisposable
{
    /// <summary>How long a thread without work watches for more before it blocks: about the price of waking it again.</summary>
    public const int SpinMicroseconds = 50;

    private const int RemainingBits = 24;
    private const long RemainingMask = (1L << RemainingBits) - 1;
    private static readonly long SpinTicks = Math.Max(1, Stopwatch.Frequency * SpinMicroseconds / 1_000_000);

    private readonly Thread[] workers;
    private readonly AutoResetEvent[] wake;
    private readonly bool[] asleep;
    private readonly AutoResetEvent finished = new(false);
    private readonly NativeScratch[] scratch;
    private PoolJob[] jobs = [];

    // (run number << 24) | chunks not yet claimed. A claim is a compare-and-swap that lowers the count, so a thread that
    // comes late from an earlier run either fails or has claimed a chunk of the present run, whose fields then stay put.
    private PaddedLong ticket;
    private PaddedLong unfinished;
    private volatile PoolJob? job;
    private volatile int chunkCount;
    private volatile bool callerWaits;
    private volatile bool stopping;
    private volatile ExceptionDispatchInfo? fault;
    private int sleepers;
    private int running;
    private double unservedMicroseconds;

    /// <summary>Starts <paramref name="threads"/> - 1 workers.</summary>
    /// <param name="threads">Threads including the caller, at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ThreadCount = threads;
        scratch = new NativeScratch[threads + 1];
        for (var i = 0; i < scratch.Length; i++)
        {
            scratch[i] = new NativeScratch();
        }

        workers = new Thread[threads - 1];
        wake = new AutoResetEvent[threads - 1];
        asleep = new bool[threads - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            var worker = i + 1;
            wake[i] = new AutoResetEvent(false);
            workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"retort worker {worker}" };
            workers[i].Start();
        }
    }

    /// <summary>Threads including the caller.</summary>
    public int ThreadCount { get; }

    /// <summary>Bytes of native scratch held, all workers together.</summary>
    public long ScratchBytes => scratch.Sum(s => s.Bytes);

    /// <summary>
    /// Runs every chunk of the job exactly once and returns when all are done. The first exception of a chunk is thrown
    /// here; chunks not begun by then are dropped.
    /// </summary>
    /// <param name="chunks">Number of chunks, 0 to 16,777,215.</param>
    /// <param name="work">The job.</param>
    /// <param name="expectedMicroseconds">Roughly how long one thread would take: decides whether blocked workers are
    /// woken, never what is computed.</param>
    /// <exception cref="InvalidOperationException">Another run of this pool is in progress.</exception>
    public void Run(int chunks, PoolJob work, double expectedMicroseconds = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfNegative(chunks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunks, RemainingMask);
        ObjectDisposedException.ThrowIf(stopping, this);
        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            throw new InvalidOperationException("A run of this pool is in progress: runs neither nest nor overlap.");
        }

        try
        {
            if (workers.Length == 0 || chunks <= 1)
            {
                for (var chunk = 0; chunk < chunks; chunk++)
                {
                    work.Execute(chunk, 0);
                }
            }
            else
            {
                RunShared(chunks, work, expectedMicroseconds);
            }
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>Makes sure every worker has this much scratch. Called before the run, so that what a step holds does not
    /// depend on which worker took which chunk.</summary>
    internal void ReserveScratch(long floatsPerWorker)
    {
        for (var i = 0; i < ThreadCount; i++)
        {
            scratch[i].Reserve(floatsPerWorker);
        }
    }

    /// <summary>Native scratch of one worker as reserved, 64-byte aligned, for use inside one chunk.</summary>
    internal unsafe float* Scratch(int worker) => scratch[worker].Floats;

    /// <summary>As <see cref="Scratch"/>, at least <paramref name="floats"/> long, for the caller to share among all chunks
    /// of a run. Contents last until the next request.</summary>
    internal unsafe float* SharedScratch(long floats)
    {
        scratch[ThreadCount].Reserve(floats);
        return scratch[ThreadCount].Floats;
    }

    /// <summary>The pool's one instance of a kind of job, so that kernels need no allocation a call.</summary>
    internal T Job<T>()
        where T : PoolJob, new()
    {
        foreach (var known in jobs)
        {
            // Exact types: cheaper than a cast, and this is searched several times a layer.
            if (known.GetType() == typeof(T))
            {
                return Unsafe.As<T>(known);
            }
        }

        var made = new T();
        jobs = [.. jobs, made];
        return made;
    }

    /// <summary>Stops and joins the workers and frees the scratch.</summary>
    public void Dispose()
    {
        if (stopping)
        {
            return;
        }

        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            throw new InvalidOperationException("The pool cannot be disposed during a run.");
        }

        stopping = true;
        for (var i = 0; i < workers.Length; i++)
        {
            wake[i].Set();
            workers[i].Join();
            wake[i].Dispose();
        }

        finished.Dispose();
        foreach (var s in scratch)
        {
            s.Dispose();
        }
    }

    private void RunShared(int chunks, PoolJob work, double expectedMicroseconds)
    {
        job = work;
        chunkCount = chunks;
        callerWaits = false;
        Volatile.Write(ref unfinished.Value, chunks);
        var number = (ticket.Value >> RemainingBits) + 1;
        Interlocked.Exchange(ref ticket.Value, (number << RemainingBits) | (uint)chunks);
        if (Volatile.Read(ref sleepers) > 0)
        {
            unservedMicroseconds += expectedMicroseconds;
            if (unservedMicroseconds >= SpinMicroseconds)
            {
                unservedMicroseconds = 0;
                WakeSleepers(chunks - 1);
            }
        }
        else
        {
            unservedMicroseconds = 0;
        }

        while (TryClaimAndExecute(0))
        {
        }

        // All chunks are claimed; those still out are in the hands of threads that have begun them.
        var limit = Stopwatch.GetTimestamp() + SpinTicks;
        while (Volatile.Read(ref unfinished.Value) > 0)
        {
            if (Stopwatch.GetTimestamp() < limit)
            {
                Thread.SpinWait(2);
                continue;
            }

            callerWaits = true;
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref unfinished.Value) > 0)
            {
                finished.WaitOne();
            }
        }

        job = null;
        if (fault is { } first)
        {
            fault = null;
            first.Throw();
        }
    }

    private void WakeSleepers(int wanted)
    {
        for (var i = 0; i < workers.Length && wanted > 0; i++)
        {
            if (Volatile.Read(ref asleep[i]))
            {
                wake[i].Set();
                wanted--;
            }
        }
    }

    private bool TryClaimAndExecute(int worker)
    {
        while (true)
        {
            var seen = Volatile.Read(ref ticket.Value);
            var remaining = seen & RemainingMask;
            if (remaining == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref ticket.Value, seen - 1, seen) == seen)
            {
                Execute((int)(chunkCount - remaining), worker);
                return true;
            }
        }
    }

    private void Execute(int chunk, int worker)
    {
        try
        {
            if (fault is null)
            {
                job!.Execute(chunk, worker);
            }
        }
#pragma warning disable CA1031 // Whatever a chunk throws belongs to the caller of Run.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            fault ??= ExceptionDispatchInfo.Capture(thrown);
        }

        if (Interlocked.Decrement(ref unfinished.Value) == 0 && worker != 0 && callerWaits)
        {
            finished.Set();
        }
    }

    private void Work(int worker)
    {
        var slot = worker - 1;
        while (true)
        {
            var limit = Stopwatch.GetTimestamp() + SpinTicks;
            while (Stopwatch.GetTimestamp() < limit)
            {
                if (TryClaimAndExecute(worker))
                {
                    limit = Stopwatch.GetTimestamp() + SpinTicks;
                }
                else
                {
                    Thread.SpinWait(2);
                }
            }

            Volatile.Write(ref asleep[slot], true);
            Interlocked.Increment(ref sleepers);
            if (stopping)
            {
                return;
            }

            if ((Volatile.Read(ref ticket.Value) & RemainingMask) == 0)
            {
                wake[slot].WaitOne();
            }

            Interlocked.Decrement(ref sleepers);
            Volatile.Write(ref asleep[slot], false);
        }
    }
}
