using System.Diagnostics.Metrics;
using Retort.Core;
using Retort.Tensors;

namespace Retort.Inference.Serving;

/// <summary>How much an <see cref="EngineHost"/> takes before it refuses more.</summary>
public sealed record EngineHostSettings
{
    /// <summary>Sequences that have not ended: waiting, running and put aside.</summary>
    public int MaxLiveSequences { get; init; } = 64;

    /// <summary>Prompt tokens of the requests that have not begun.</summary>
    public long MaxQueuedPromptTokens { get; init; } = 1 << 20;
}

/// <summary>
/// Owns an engine and steps it on a thread of its own, which waits while there is nothing to do. All public members may be called from
/// any thread; what they ask takes effect before the engine's next step. If the engine throws, every stream throws at its reader and
/// the host takes no more requests.
/// </summary>
public sealed class EngineHost : IAsyncDisposable
{
    /// <summary>Steps after which other threads come first, from a request's first token on.</summary>
    private const int TurnsToSend = 4;

    private static readonly TokenLogprob[] NoTop = [];

    private readonly object gate = new();
    private readonly GenerationEngine engine;
    private readonly EngineHostSettings settings;
    private readonly TimeProvider time;
    private readonly ServingMetrics metrics;
    private readonly Dictionary<int, LiveRequest> live = [];
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under the gate, from here on.
    private List<Order> inbox = [], taken = [];
    private readonly DrainRate drainRate;
    private EngineStatistics statistics;
    private int numLive;
    private long numQueuedTokens;
    private bool isDraining, isAborted, isClosed;
    private Exception? fault;

    // The engine's thread alone.
    private long stepStarted;
    private int numTurns;

    /// <summary>Takes over an engine nobody else uses, and disposes it at the end.</summary>
    public EngineHost(GenerationEngine engine, EngineHostSettings? settings = null, TimeProvider? time = null)
    {
        (this.engine, this.settings, this.time) = (engine, settings ?? new(), time ?? TimeProvider.System);
        (metrics, drainRate) = (new ServingMetrics(this.time, () => Statistics), new DrainRate(this.time));
        engine.Drawn = OnDrawn;
        engine.Completed = OnCompleted;
        new Thread(Run) { IsBackground = true, Name = "retort engine" }.Start();
    }

    /// <summary>Longest prompt and completion together, in tokens.</summary>
    public int MaxLength => engine.MaxLength;

    /// <summary>Most sequences that requests handed in together may have.</summary>
    public int MaxLiveSequences => settings.MaxLiveSequences;

    /// <summary>The clock of all timings.</summary>
    public TimeProvider Time => time;

    /// <summary>The instruments, for whoever exports them.</summary>
    public Meter Meter => metrics.Meter;

    /// <summary>What threw on the engine's thread; null while it is well.</summary>
    public Exception? Fault
    {
        get
        {
            lock (gate)
            {
                return fault;
            }
        }
    }

    /// <summary>Ends when the engine has: stopped as asked, or failed.</summary>
    public Task Stopped => stopped.Task;

    /// <summary>Whether requests are taken.</summary>
    public bool IsAccepting
    {
        get
        {
            lock (gate)
            {
                return !isDraining && fault is null;
            }
        }
    }

    /// <summary>The engine after its last step.</summary>
    public EngineStatistics Statistics
    {
        get
        {
            lock (gate)
            {
                return statistics with { Waiting = Math.Max(0, numLive - statistics.Running - statistics.Paused) };
            }
        }
    }

    /// <summary>Takes one request.</summary>
    public GenerationStream Submit(GenerationRequest request) => Submit([request]);

    /// <summary>
    /// Takes requests, all or none. Throws <see cref="QueueFullException"/>, <see cref="HostStoppedException"/>,
    /// <see cref="EngineFailedException"/> or, for more sequences than may ever be live, <see cref="UserError"/>. An idle engine takes prompts
    /// of any length. What the engine itself refuses is thrown to the reader.
    /// </summary>
    public GenerationStream Submit(IReadOnlyList<GenerationRequest> requests)
    {
        var (sequences, tokens) = (requests.Sum(request => request.NumSamples), requests.Sum(request => (long)request.Prompt.Length));
        if (sequences > MaxLiveSequences)
        {
            // Whoever came back later would be refused again.
            throw UserError.Request("samples", FormattableString.Invariant($"are {sequences}"), FormattableString.Invariant($"at most {MaxLiveSequences}"));
        }

        var stream = new GenerationStream(this, requests, time.GetTimestamp());
        lock (gate)
        {
            ThrowIfClosed();
            var excess = numLive + sequences - MaxLiveSequences;
            if (excess > 0 || (numLive > 0 && numQueuedTokens + tokens > settings.MaxQueuedPromptTokens))
            {
                throw new QueueFullException(
                    FormattableString.Invariant($"{numLive} sequences are live and {numQueuedTokens} prompt tokens wait"),
                    drainRate.TimeFor(Math.Max(1, excess)));
            }

            (numLive, numQueuedTokens) = (numLive + sequences, numQueuedTokens + tokens);
            inbox.Add(new Order(stream));
            Monitor.Pulse(gate);
        }

        return stream;
    }

    /// <summary>
    /// Takes no more requests, lets the others end and stops. <paramref name="abort"/> ends them instead: their readers get
    /// <see cref="HostStoppedException"/>.
    /// </summary>
    public async Task StopAsync(CancellationToken abort = default)
    {
        lock (gate)
        {
            isDraining = true;
            Monitor.Pulse(gate);
        }

        using var registration = abort.Register(() =>
        {
            lock (gate)
            {
                isAborted = true;
                Monitor.Pulse(gate);
            }
        });
        await stopped.Task.ConfigureAwait(false);
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        metrics.Dispose();
    }

    internal void Post(Order order)
    {
        lock (gate)
        {
            if (!isClosed)
            {
                inbox.Add(order);
                Monitor.Pulse(gate);
            }
        }
    }

    private void Run()
    {
        Exception end = new HostStoppedException();
        try
        {
            while (TakeOrders())
            {
                foreach (var order in taken)
                {
                    Carry(order);
                }

                if (engine.IsBusy)
                {
                    stepStarted = time.GetTimestamp();
                    engine.Step();
                    NoteBegun();
                }
                else if (live.Count > 0)
                {
                    throw new InvalidOperationException($"the engine is idle while {live.Count} requests have not ended");
                }

                Publish();
                GiveWay();
            }
        }
#pragma warning disable CA1031 // Whatever it is, nobody may wait for an engine that has stopped.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            end = new EngineFailedException(thrown);
        }

        Close(end);
    }

    /// <summary>
    /// Somebody waits for a first token. Where no processor is idle, each of the threads that bring it there would have to wait for the
    /// end of this thread's time slice, about a millisecond. Later tokens need no such haste: other programs would take the time, and
    /// chunks that are sent one by one cost more. While requests wait for a place, steps come first for the same reasons.
    /// </summary>
    private void GiveWay()
    {
        if (numTurns > 0 && engine.Scheduler.Waiting.IsEmpty)
        {
            Thread.Yield();
        }

        numTurns = Math.Max(0, numTurns - 1);
    }

    /// <summary>Waits for something to do; false when there will be nothing more.</summary>
    private bool TakeOrders()
    {
        lock (gate)
        {
            taken.Clear();
            while (inbox.Count == 0 && !engine.IsBusy && !isDraining)
            {
                Monitor.Wait(gate);
            }

            (inbox, taken) = (taken, inbox);
            return !isAborted && (taken.Count > 0 || live.Count > 0 || !isDraining);
        }
    }

    private void Carry(Order order)
    {
        if (order.Request is null)
        {
            Begin(order.Stream);
            return;
        }

        foreach (var index in order.Stream.Indices)
        {
            if (!live.TryGetValue(index, out var request))
            {
                continue;
            }

            for (var sample = 0; sample < request.HasEnded.Length; sample++)
            {
                if (!request.HasEnded[sample] && (order.Request == -1 || (order.Request == request.Number && order.Sample == sample)))
                {
                    engine.Cancel(index, sample);
                    EndSample(index, request, sample, order.Request == -1 ? "abort" : "stop");
                }
            }
        }
    }

    private void Begin(GenerationStream stream)
    {
        for (var number = 0; number < stream.Requests.Count; number++)
        {
            try
            {
                var index = engine.Submit(stream.Requests[number]);
                stream.Indices.Add(index);
                live.Add(index, new LiveRequest(stream, number));
            }
            catch (UserError refused)
            {
                // All or none: what began already is taken back.
                stream.Close(refused);
                Forget(stream.Requests.Skip(number));
                Carry(new Order(stream, -1, -1));
                return;
            }
        }
    }

    /// <summary>Requests that did not come as far as the engine.</summary>
    private void Forget(IEnumerable<GenerationRequest> requests)
    {
        lock (gate)
        {
            foreach (var request in requests)
            {
                (numLive, numQueuedTokens) = (numLive - request.NumSamples, numQueuedTokens - request.Prompt.Length);
            }
        }
    }

    /// <summary>Requests that the step fed for the first time.</summary>
    private void NoteBegun()
    {
        foreach (var sequence in engine.Scheduler.Running)
        {
            if (sequence.NumGenerated == 0 && live.TryGetValue(((Sequence)sequence).Request.Index, out var request))
            {
                NoteBegun(request);
            }
        }
    }

    private void NoteBegun(LiveRequest request)
    {
        if (request.Timing.Scheduled == 0)
        {
            request.Timing.Scheduled = stepStarted;
            lock (gate)
            {
                Unqueue(request);
            }
        }
    }

    private void OnDrawn(DrawnToken drawn)
    {
        if (!live.TryGetValue(drawn.Request, out var request) || request.HasEnded[drawn.Sample])
        {
            return;
        }

        var (now, timing) = (time.GetTimestamp(), request.Timing);
        if (timing.FirstToken == 0)
        {
            NoteBegun(request);
            timing.FirstToken = now;
            numTurns = TurnsToSend;
            metrics.Began(request.Asked.Prompt.Length, timing);
        }

        metrics.Drew(request.LastTokens[drawn.Sample], now);
        timing.LastToken = request.LastTokens[drawn.Sample] = now;
        request.NumTokens++;
        request.Stream.Write(new TokenEvent(
            request.Number, drawn.Sample, drawn.Token, drawn.Logprob, drawn.Top.IsEmpty ? NoTop : drawn.Top.ToArray(), null));
    }

    private void OnCompleted(Completion completion)
    {
        if (live.TryGetValue(completion.Request, out var request) && !request.HasEnded[completion.Sample])
        {
            var reason = completion.FinishReason == FinishReason.Stop ? "stop" : "length";
            EndSample(completion.Request, request, completion.Sample, reason, completion.FinishReason);
        }
    }

    /// <summary>
    /// Accounts first, then tells the reader (<paramref name="told"/>; null: nothing): who reads of an end finds its times and its room.
    /// </summary>
    private void EndSample(int index, LiveRequest request, int sample, string reason, FinishReason? told = null)
    {
        request.HasEnded[sample] = true;
        metrics.Ended(reason);
        lock (gate)
        {
            Unqueue(request);
            drainRate.Count(1);
            numLive--;
        }

        var isLast = --request.NumOpen == 0;
        if (isLast)
        {
            live.Remove(index);
            request.Timing.End = time.GetTimestamp();
            if (reason != "abort")
            {
                metrics.Ended(request.Timing, request.NumTokens, request.HasEnded.Length);
            }
        }

        if (told is not null)
        {
            request.Stream.Write(new TokenEvent(request.Number, sample, -1, 0, NoTop, told));
        }

        if (isLast && --request.Stream.NumOpen == 0)
        {
            request.Stream.Close();
        }
    }

    private void Unqueue(LiveRequest request)
    {
        if (request.IsQueued)
        {
            request.IsQueued = false;
            numQueuedTokens -= request.Asked.Prompt.Length;
        }
    }

    /// <summary>What the engine says of itself, for readers on other threads.</summary>
    private void Publish()
    {
        var (scheduler, kv, numPaused) = (engine.Scheduler, engine.Kv, 0);
        foreach (var sequence in scheduler.Waiting)
        {
            numPaused += sequence.HasBegun ? 1 : 0;
        }

        lock (gate)
        {
            statistics = new EngineStatistics
            {
                Running = scheduler.Running.Length,
                Paused = numPaused,
                UsedBlocks = kv.NumPages - kv.NumFreePages,
                NumBlocks = kv.NumPages,
                Preemptions = scheduler.NumPlacesLost,
                RecomputedTokens = engine.NumRecomputed,
                PrefixQueries = engine.NumPrefixAsked,
                PrefixHits = engine.NumPrefixFound,
            };
        }
    }

    private void Close(Exception end)
    {
        List<Order> late;
        int numAborted;
        lock (gate)
        {
            (isDraining, isClosed, fault, numAborted) = (true, true, end as EngineFailedException, numLive);
            (late, inbox) = ([.. taken, .. inbox], []);
            (numLive, numQueuedTokens, statistics) = (0, 0, statistics with { Running = 0, Paused = 0, UsedBlocks = 0 });
        }

        if (numAborted > 0)
        {
            metrics.Ended("abort", numAborted);
        }

        foreach (var stream in live.Values.Select(request => request.Stream).Concat(late.Select(order => order.Stream)))
        {
            stream.Close(end);
        }

        live.Clear();
        engine.Dispose();
        stopped.SetResult();
    }

    private void ThrowIfClosed()
    {
        if (fault is not null)
        {
            throw new EngineFailedException(fault.InnerException!);
        }

        if (isDraining)
        {
            throw new HostStoppedException();
        }
    }

    /// <summary>A request that has not ended, as the engine's thread sees it.</summary>
    private sealed class LiveRequest(GenerationStream stream, int number)
    {
        public GenerationStream Stream => stream;

        public int Number => number;

        public GenerationRequest Asked => stream.Requests[number];

        public RequestTiming Timing => stream.Timings[number];

        public bool[] HasEnded { get; } = new bool[stream.Requests[number].NumSamples];

        public long[] LastTokens { get; } = new long[stream.Requests[number].NumSamples];

        public int NumOpen { get; set; } = stream.Requests[number].NumSamples;

        public int NumTokens { get; set; }

        public bool IsQueued { get; set; } = true;
    }
}
