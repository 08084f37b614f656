namespace Retort.Recipes.Bench.Serve;

/// <summary>Where requests go and what each of them asks for.</summary>
public sealed record ServeSettings
{
    /// <summary>The server, without the "/v1" of its paths and without a slash at the end.</summary>
    public required string Address { get; init; }

    /// <summary>The model's name there; null: the first that /v1/models lists.</summary>
    public string? Model { get; init; }

    /// <summary>Use /v1/chat/completions, the prompt being the user's message, instead of /v1/completions.</summary>
    public bool Chat { get; init; }

    /// <summary>Sends <c>ignore_eos</c>, which vLLM knows: every answer has the longest length asked for.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Sampling temperature; null: the server's own.</summary>
    public float? Temperature { get; init; }

    /// <summary>Names the streams of which each request's own seed is drawn.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Sent as a bearer token; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Connections open at once; a request that waits for one is late, which the send lag shows.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>Seconds after which an answer is given up.</summary>
    public float TimeoutSeconds { get; init; } = 600;
}
