using System.Net;

namespace Retort.Server;

/// <summary>Where a server listens and what it puts up with.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen at; the default is this machine alone.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>TCP port; 0: any that is free.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Keys that open /v1; none: no key is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Largest request body in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>Largest head of a request in bytes.</summary>
    public int MaxHeaderBytes { get; init; } = 1 << 14;

    /// <summary>Header lines of a request.</summary>
    public int MaxHeaders { get; init; } = 64;

    /// <summary>Connections open at a time; one more is closed at once.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Time for a request's head to arrive.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time that a connection may idle between requests.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Slowest sender and slowest reader, in bytes a second.</summary>
    public double MinBytesPerSecond { get; init; } = 240;

    /// <summary>How long a sender or reader may be slower than that.</summary>
    public TimeSpan SlowGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Sequences that one request may ask for, prompts times n, where the engine's host takes so many.</summary>
    public int MaxChoices { get; init; } = 128;

    /// <summary>Names the random numbers of requests without a seed of their own.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Told of failures that no client caused, to be written where the operator looks.</summary>
    public Action<Exception>? Complain { get; init; }

    /// <summary>Told in one line, on any thread, what does not work although requests are answered: traces that do not reach their collector.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Where traces go by OTLP; null: nowhere.</summary>
    public Uri? TraceEndpoint { get; init; }
}
