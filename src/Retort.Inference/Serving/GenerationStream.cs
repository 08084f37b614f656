using System.Threading.Channels;
using Retort.Tensors;

namespace Retort.Inference.Serving;

/// <summary>A token of a sequence, or its end.</summary>
/// <param name="Request">Which of the stream's requests.</param>
/// <param name="Sample">Which of its samples.</param>
/// <param name="Token">The token; -1 at the end.</param>
/// <param name="Logprob">Its log-probability under the model itself.</param>
/// <param name="Top">The most probable tokens, best first, as many as were asked for.</param>
/// <param name="End">Why the sequence ended; null: this is a token.</param>
public readonly record struct TokenEvent(int Request, int Sample, int Token, float Logprob, TokenLogprob[] Top, FinishReason? End);

/// <summary>When things happened to a request, as timestamps of the host's <see cref="TimeProvider"/>; 0: not yet.</summary>
public sealed class RequestTiming
{
    /// <summary>It was handed in.</summary>
    public long Arrival { get; internal set; }

    /// <summary>The first step that fed it began.</summary>
    public long Scheduled { get; internal set; }

    /// <summary>Its first token was drawn.</summary>
    public long FirstToken { get; internal set; }

    /// <summary>Its last token was drawn.</summary>
    public long LastToken { get; internal set; }

    /// <summary>Its last sample ended, however it ended.</summary>
    public long End { get; internal set; }
}

/// <summary>
/// What an engine makes of requests handed in together. Events wait in order for one reader; there are never more than the requests
/// allow tokens, so the engine need not wait for the reader. Reading ends after the last sample's end; it throws if the engine
/// failed or was stopped.
/// </summary>
#pragma warning disable CA1711 // A stream of events, not of bytes.
public sealed class GenerationStream
#pragma warning restore CA1711
{
    private readonly EngineHost host;
    private readonly Channel<TokenEvent> events = Channel.CreateUnbounded<TokenEvent>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    internal GenerationStream(EngineHost host, IReadOnlyList<GenerationRequest> requests, long arrival)
    {
        (this.host, Requests, NumOpen) = (host, requests, requests.Count);
        Timings = [.. requests.Select(_ => new RequestTiming { Arrival = arrival })];
    }

    /// <summary>What was asked.</summary>
    public IReadOnlyList<GenerationRequest> Requests { get; }

    /// <summary>The events, for one reader.</summary>
    public ChannelReader<TokenEvent> Events => events.Reader;

    /// <summary>Times of each request; complete once reading has ended.</summary>
    public IReadOnlyList<RequestTiming> Timings { get; }

    /// <summary>The engine's numbers of the requests, once they have them. The engine's thread alone.</summary>
    internal List<int> Indices { get; } = [];

    /// <summary>Requests that have not ended. The engine's thread counts.</summary>
    internal int NumOpen { get; set; }

    /// <summary>Ends everything that still runs, before the engine's next step; what has ended is not touched.</summary>
    public void Cancel() => host.Post(new Order(this, -1, -1));

    /// <summary>Ends one sample whose reader needs no more of it: it counts as stopped, not as given up.</summary>
    public void Finish(int request, int sample) => host.Post(new Order(this, request, sample));

    internal void Write(in TokenEvent happened) => events.Writer.TryWrite(happened);

    internal void Close(Exception? fault = null) => events.Writer.TryComplete(fault);
}

/// <summary>What the engine's thread is asked for: to begin a stream (both numbers null), to cancel it (-1), to finish a sample.</summary>
internal readonly record struct Order(GenerationStream Stream, int? Request = null, int? Sample = null);
