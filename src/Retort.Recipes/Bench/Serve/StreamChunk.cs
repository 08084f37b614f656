using System.Text.Json;

namespace Retort.Recipes.Bench.Serve;

/// <summary>What one event of a streamed answer says, as far as it is measured.</summary>
/// <param name="IsEnd">The "[DONE]" that ends a stream.</param>
/// <param name="HasText">It brings a part of the answer.</param>
/// <param name="FinishReason">Why the answer ended; null: it did not.</param>
/// <param name="PromptTokens">From the usage, if it is there.</param>
/// <param name="OutputTokens">From the usage, if it is there.</param>
/// <param name="Error">What the server says went wrong.</param>
internal readonly record struct StreamChunk(
    bool IsEnd = false, bool HasText = false, string? FinishReason = null, int? PromptTokens = null, int? OutputTokens = null, string? Error = null)
{
    private static readonly string[] TextFields = ["content", "reasoning_content", "reasoning", "refusal"];

    /// <summary>Reads an event's data. Whatever its bytes are, this does not throw.</summary>
    public static StreamChunk Parse(ReadOnlySpan<byte> data)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            return new StreamChunk(IsEnd: true);
        }

        try
        {
            var reader = new Utf8JsonReader(data);
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return new StreamChunk(Error: "an event of the stream is not JSON");
        }
    }

    /// <summary>The message of an error object as OpenAI writes it, or of older forms of it; null: it is none.</summary>
    public static string? ErrorIn(JsonElement root)
    {
        if (Member(root, "error") is { ValueKind: not JsonValueKind.Null } error)
        {
            return Text(error, "message") ?? error.ToString();
        }

        return Text(root, "object") == "error" ? Text(root, "message") ?? "an error without a message" : null;
    }

    private static StreamChunk Read(JsonElement root)
    {
        if (ErrorIn(root) is { } error)
        {
            return new StreamChunk(Error: error);
        }

        var chunk = default(StreamChunk);
        if (Member(root, "choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            foreach (var choice in choices.EnumerateArray())
            {
                var finish = Text(choice, "finish_reason");
                chunk = chunk with { HasText = chunk.HasText || BringsText(choice, finish is not null), FinishReason = finish ?? chunk.FinishReason };
            }
        }

        return Member(root, "usage") is { } usage
            ? chunk with { PromptTokens = Number(usage, "prompt_tokens"), OutputTokens = Number(usage, "completion_tokens") }
            : chunk;
    }

    /// <summary>
    /// A token may have no text of its own (half a character, a special token): an empty text counts, except in the chunks that
    /// begin a chat with its role and that end an answer.
    /// </summary>
    private static bool BringsText(JsonElement choice, bool isLast)
    {
        if (Text(choice, "text") is { } text)
        {
            return text.Length > 0 || !isLast;
        }

        return Member(choice, "delta") is { } delta
            && (Member(delta, "tool_calls") is { ValueKind: JsonValueKind.Array }
                || TextFields.Any(field => Text(delta, field) is { } part && (part.Length > 0 || (!isLast && Text(delta, "role") is null))));
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static int? Number(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;
}
