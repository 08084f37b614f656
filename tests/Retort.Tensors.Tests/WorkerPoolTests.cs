using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

public sealed class WorkerPoolTests
{
    private sealed class CountJob : PoolJob
    {
        public int[] Visits = [];
        public int Faulty = -1;
        public Action<int>? Inside;

        public override void Execute(int chunk, int worker)
        {
            Interlocked.Increment(ref Visits[chunk]);
            Inside?.Invoke(worker);
            if (chunk == Faulty)
            {
                throw new InvalidDataException($"chunk {chunk}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_chunk_runs_exactly_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var chunks in new[] { 0, 1, 2, 3, 7, 64, 1000 })
        {
            for (var round = 0; round < 200; round++)
            {
                var job = new CountJob { Visits = new int[chunks] };
                pool.Run(chunks, job, round % 2 == 0 ? double.PositiveInfinity : 1);
                Assert.All(job.Visits, visits => Assert.Equal(1, visits));
            }
        }
    }

    [Fact]
    public void Workers_that_blocked_are_woken_and_worker_numbers_name_threads()
    {
        const int threads = 3;
        using var pool = new WorkerPool(threads);
        using var barrier = new Barrier(threads);
        var seen = new int[threads];
        var job = new CountJob { Visits = new int[threads] };
        job.Inside = worker =>
        {
            Interlocked.Increment(ref seen[worker]);
            barrier.SignalAndWait(TestContext.Current.CancellationToken);
        };
        for (var round = 1; round <= 20; round++)
        {
            // All three must come, or the barrier never opens: the workers have long blocked when the run begins.
            Thread.Sleep(2);
            pool.Run(threads, job);
            Assert.All(seen, count => Assert.Equal(round, count));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_chunks_exception_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 50; round++)
        {
            var bad = new CountJob { Visits = new int[20], Faulty = round % 20 };
            Assert.Equal($"chunk {round % 20}", Assert.Throws<InvalidDataException>(() => pool.Run(20, bad)).Message);
            Assert.All(bad.Visits, visits => Assert.InRange(visits, 0, 1));
            var good = new CountJob { Visits = new int[20] };
            pool.Run(20, good);
            Assert.All(good.Visits, visits => Assert.Equal(1, visits));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_inside_a_chunk_is_refused(int threads)
    {
        using var pool = new WorkerPool(threads);
        var inner = new CountJob { Visits = new int[4] };
        var outer = new CountJob { Visits = new int[4] };
        outer.Inside = _ => pool.Run(4, inner);
        Assert.Throws<InvalidOperationException>(() => pool.Run(4, outer));
        Assert.All(inner.Visits, visits => Assert.Equal(0, visits));
    }

    [Fact]
    public void A_disposed_pool_refuses_work_and_may_be_disposed_again()
    {
        var pool = new WorkerPool(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(1, new CountJob { Visits = new int[1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }

    [Fact]
    public unsafe void Scratch_grows_only_for_larger_requests_and_is_freed()
    {
        var pool = new WorkerPool(2);
        pool.ReserveScratch(1000);
        pool.SharedScratch(10);
        var held = pool.ScratchBytes;
        Assert.True(held >= 2 * 4000 + 40);
        pool.ReserveScratch(10);
        Assert.Equal(held, pool.ScratchBytes);
        pool.ReserveScratch(5000);
        Assert.Equal(0, (nint)pool.Scratch(1) % 64);
        Assert.True(pool.ScratchBytes > held);
        pool.Dispose();
        Assert.Equal(0, pool.ScratchBytes);
    }
}
