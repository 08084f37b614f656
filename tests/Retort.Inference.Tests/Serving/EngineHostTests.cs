using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Retort.Core;
using Retort.Inference.Serving;
using Retort.Models;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Serving;

public sealed class EngineHostTests : IDisposable
{
    private static readonly GenerationRequest Long = new([3, 4, 5], new SamplingSettings { MaxNewTokens = 4000 }, 1) { IgnoresStop = true };

    private readonly CpuDevice device = new(1);
    private readonly Transformer model;

    public EngineHostTests() => model = TransformerCases.Build(TransformerCases.All["llama"] with { MaxPositions = 4096 }, device);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        model.Dispose();
        device.Dispose();
    }

    [Fact]
    public async Task What_is_cancelled_ends_within_a_step_and_what_waited_never_begins()
    {
        var clock = new GatedTime();
        await using var host = CreateHost(out var engine, new(), clock);
        clock.Close();
        var running = host.Submit(Long);
        // Held with the first order alone: the other and its cancellation are taken together.
        await clock.HeldAsync();
        var cancelled = host.Submit(Long);
        cancelled.Cancel();
        // Held again before the long request can end, however late this thread is woken.
        clock.OpenFor(200);
        await foreach (var happened in cancelled.Events.ReadAllAsync(Cancellation))
        {
            Assert.Fail($"an event after all: {happened}");
        }

        Assert.Equal((0, 0), (cancelled.Timings[0].Scheduled, cancelled.Timings[0].FirstToken));
        Assert.True(await running.Events.WaitToReadAsync(Cancellation));
        await clock.HeldAsync();
        var before = engine.NumDrawn;
        running.Cancel();
        clock.Open();
        await running.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation);
        Assert.InRange(engine.NumDrawn, before, before + 1);
        Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
        Assert.InRange(running.Timings[0].Scheduled, running.Timings[0].Arrival, running.Timings[0].FirstToken);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_takes_again_when_there_is_room()
    {
        await using var host = CreateHost(out _, new EngineHostSettings { MaxLiveSequences = 2 }, TimeProvider.System);
        var streams = new[] { host.Submit(Long), host.Submit(Long) };
        var full = Assert.Throws<QueueFullException>(() => host.Submit(Long));
        Assert.InRange(full.RetryAfter.TotalSeconds, 1, 60);
        Assert.Contains("3; expected at most 2", Assert.Throws<UserError>(() => host.Submit(Long with { NumSamples = 3 })).Message, StringComparison.Ordinal);
        streams[0].Cancel();
        await streams[0].Events.ReadAllAsync(Cancellation).CountAsync(Cancellation);
        host.Submit(Long).Cancel();
        streams[1].Cancel();
    }

    [Fact]
    public async Task Stopping_lets_requests_end_and_aborting_tells_their_readers()
    {
        var short_ = Long with { Sampling = new SamplingSettings { MaxNewTokens = 50 } };
        var host = CreateHost(out _, new(), TimeProvider.System);
        var stream = host.Submit(short_);
        await host.StopAsync(Cancellation);
        Assert.Equal(51, await stream.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        Assert.Throws<HostStoppedException>(() => host.Submit(short_));
        await host.DisposeAsync();

        var aborted = CreateHost(out _, new(), TimeProvider.System);
        using var ends = new EndCounter(aborted);
        stream = aborted.Submit(Long);
        await aborted.DisposeAsync();
        await Assert.ThrowsAsync<HostStoppedException>(async () => await stream.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        Assert.Equal(1, ends.Of("abort"));
    }

    [Fact]
    public async Task A_failure_reaches_every_reader_and_closes_the_host()
    {
        var clock = new GatedTime();
        await using var host = CreateHost(out _, new(), clock);
        using var ends = new EndCounter(host);
        clock.Close();
        var streams = new[] { host.Submit(Long), host.Submit(Long with { NumSamples = 3 }), host.Submit(Long) };
        await clock.HeldAsync();
        clock.Breaks = true;
        clock.Open();
        foreach (var stream in streams)
        {
            await Assert.ThrowsAsync<EngineFailedException>(async () => await stream.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
            Assert.Equal(5, ends.Of("abort"));
        }

        await host.Stopped;
        Assert.False(host.IsAccepting);
        Assert.IsType<EngineFailedException>(host.Fault);
        Assert.Throws<EngineFailedException>(() => host.Submit(Long));
    }

    [Fact]
    public async Task What_the_engine_refuses_reaches_the_reader_and_nobody_else()
    {
        await using var host = CreateHost(out var engine, new(), TimeProvider.System);
        var stream = host.Submit([Long, new GenerationRequest([], Long.Sampling, 1)]);
        await Assert.ThrowsAsync<UserError>(async () => await stream.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        var next = host.Submit(Long with { Sampling = new SamplingSettings { MaxNewTokens = 3 } });
        Assert.Equal(4, await next.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        await host.StopAsync(Cancellation);
        Assert.Equal(0, host.Statistics.Waiting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_wrong_number_of_samples_is_its_senders_fault_alone(int numSamples)
    {
        await using var host = CreateHost(out _, new(), TimeProvider.System);
        var neighbour = host.Submit(Long);
        var wrong = host.Submit([Long, Long with { NumSamples = numSamples }]);
        await Assert.ThrowsAsync<UserError>(async () => await wrong.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        Assert.True(host.IsAccepting);
        Assert.True(await neighbour.Events.WaitToReadAsync(Cancellation));
        neighbour.Cancel();
        await neighbour.Events.ReadAllAsync(Cancellation).CountAsync(Cancellation);
        Assert.Equal(0, host.Statistics.Waiting);
    }

    [Fact]
    public async Task Who_reads_of_an_end_finds_its_time_and_the_room_it_left()
    {
        var clock = new GatedTime { IsSlow = true };
        await using var host = CreateHost(out _, new EngineHostSettings { MaxLiveSequences = 1 }, clock);
        for (var i = 0; i < 5; i++)
        {
            var stream = host.Submit(Long with { Sampling = new SamplingSettings { MaxNewTokens = 2 } });
            await stream.Events.ReadAllAsync(Cancellation).FirstAsync(happened => happened.End is not null, Cancellation);
            Assert.NotEqual(0, stream.Timings[0].End);
        }
    }

    private EngineHost CreateHost(out GenerationEngine engine, EngineHostSettings settings, TimeProvider time) =>
        new(engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 2 }), settings, time);

    /// <summary>Counts a host's ended sequences by reason, as its metric does.</summary>
    private sealed class EndCounter : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly ConcurrentDictionary<string, long> counts = new();

        public EndCounter(EngineHost host)
        {
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == host.Meter && instrument.Name == "vllm.request_success_total")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counts.AddOrUpdate((string)tags[0].Value!, count, (_, sum) => sum + count));
            listener.Start();
        }

        public long Of(string reason) => counts.GetValueOrDefault(reason);

        public void Dispose() => listener.Dispose();
    }

    /// <summary>A clock at which the engine's thread can be held, or made to fail.</summary>
    private sealed class GatedTime : TimeProvider
    {
        private readonly object gate = new();
        private TaskCompletionSource held = new();
        private bool isClosed;
        private int readingsLeft;

        public bool Breaks { get; set; }

        /// <summary>The engine's thread takes a while to read it.</summary>
        public bool IsSlow { get; init; }

        public void Close()
        {
            lock (gate)
            {
                (isClosed, held) = (true, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        public void Open() => OpenFor(0);

        /// <summary>The engine's thread may read so many times, then it is held again; 0: it is not.</summary>
        public void OpenFor(int readings)
        {
            lock (gate)
            {
                (isClosed, readingsLeft) = (false, readings);
                held = readings == 0 ? held : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Monitor.PulseAll(gate);
            }
        }

        /// <summary>The thread is being held.</summary>
        public Task HeldAsync() => held.Task;

        public override long GetTimestamp()
        {
            if (Thread.CurrentThread.Name == "retort engine")
            {
                lock (gate)
                {
                    while (isClosed)
                    {
                        held.TrySetResult();
                        Monitor.Wait(gate);
                    }

                    isClosed = readingsLeft > 0 && --readingsLeft == 0;
                }

                if (IsSlow)
                {
                    Thread.Sleep(20);
                }

                if (Breaks)
                {
                    throw new InvalidOperationException("the clock broke");
                }
            }

            return base.GetTimestamp();
        }
    }
}
