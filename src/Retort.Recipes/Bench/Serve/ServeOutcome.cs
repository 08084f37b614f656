using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retort.Recipes.Bench.Serve;

/// <summary>How a request ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ServeStatus>))]
public enum ServeStatus
{
    /// <summary>Answered to its end.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>No connection, an error, a broken stream or no end in time.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The server was full: HTTP 429.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>Under way when the run was interrupted.</summary>
    [JsonStringEnumMemberName("unfinished")]
    Unfinished,
}

/// <summary>What became of one request. Times are seconds from the run's start.</summary>
public sealed record ServeOutcome
{
    /// <summary>Its place in the run, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>How it ended.</summary>
    public required ServeStatus Status { get; init; }

    /// <summary>When it was to be sent.</summary>
    public required double DueSeconds { get; init; }

    /// <summary>When its body went into an open connection; null: it never did.</summary>
    public double? SentSeconds { get; init; }

    /// <summary>When each chunk of the answer came that brought text.</summary>
    public IReadOnlyList<double> ChunkSeconds { get; init; } = [];

    /// <summary>When the answer ended or was given up.</summary>
    public required double EndSeconds { get; init; }

    /// <summary>Tokens of the prompt, if the server tells.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of the answer, if the server tells.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>"stop", "length", ..., the server's word.</summary>
    public string? FinishReason { get; init; }

    /// <summary>The HTTP status, if there was an answer.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>What the server asked a rejected client to wait.</summary>
    public double? RetryAfterSeconds { get; init; }

    /// <summary>What went wrong.</summary>
    public string? Error { get; init; }

    /// <summary>One JSON object on one line; <paramref name="rate"/> is the run's, in requests a second.</summary>
    public string ToJson(double? rate)
    {
        var fields = JsonSerializer.SerializeToNode(this, ServeJson.Options)!.AsObject();
        fields.Insert(0, "rate", rate);
        return fields.ToJsonString(ServeJson.Options);
    }
}
