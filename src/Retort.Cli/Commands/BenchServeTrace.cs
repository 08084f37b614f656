using System.Text.Json;
using Retort.Core;

namespace Retort.Cli.Commands;

/// <summary>A request of a trace.</summary>
/// <param name="ArrivalSeconds">When it came, on the trace's own clock.</param>
/// <param name="Prompt">Its prompt, if the trace tells.</param>
/// <param name="PromptTokens">The prompt's length in tokens, if the trace tells.</param>
/// <param name="OutputTokens">The answer's length in tokens, if the trace tells.</param>
internal sealed record TraceRequest(double ArrivalSeconds, string? Prompt, int? PromptTokens, int? OutputTokens);

/// <summary>Reads a trace: one JSON object a line, in any order.</summary>
internal static class BenchServeTrace
{
    private const string Expected = "a JSON object with \"arrival_seconds\", and if known \"prompt\", \"prompt_tokens\", \"output_tokens\", a line";
    private const int MostTokens = 1_000_000;

    // Later than any clock of today, in seconds since 1970, and short enough for a timer.
    private const double FarthestSeconds = 1e11;

    /// <summary>Ascending by arrival.</summary>
    public static IReadOnlyList<TraceRequest> Read(string path) =>
        [.. InputFile.ReadObjects(path, Expected).Select(Of).OrderBy(request => request.ArrivalSeconds)];

    private static TraceRequest Of(JsonLine line) => new(
        Field(line, "arrival_seconds") is { } arrival
            ? arrival.ValueKind == JsonValueKind.Number && arrival.TryGetDouble(out var seconds) && Math.Abs(seconds) <= FarthestSeconds
                ? seconds : throw Wrong(line, "arrival_seconds")
            : throw UserError.Request(line.Where, "has no \"arrival_seconds\"", Expected),
        Field(line, "prompt") is { } prompt ? prompt.ValueKind == JsonValueKind.String ? prompt.GetString() : throw Wrong(line, "prompt") : null,
        Count(line, "prompt_tokens"),
        Count(line, "output_tokens"));

    private static int? Count(JsonLine line, string name) => Field(line, name) is not { } field ? null
        : field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var count) && count is >= 1 and <= MostTokens ? count
        : throw Wrong(line, name);

    private static JsonElement? Field(JsonLine line, string name) =>
        line.Fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static UserError Wrong(JsonLine line, string name) => UserError.Request(
        line.Where, $"\"{name}\" is {line.Fields.GetProperty(name).GetRawText()}",
        name switch { "prompt" => "text", "arrival_seconds" => "a number of seconds", _ => $"a whole number in 1..{MostTokens}" });
}
