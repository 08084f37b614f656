using System.Text.Json;
using Retort.Tensors;

namespace Retort.Server.Api;

/// <summary>An answer in OpenAI's JSON: whole, or as the chunks of a stream.</summary>
internal abstract class Answer(GenerationCall call, ServedModel model, TokenNames names, string id, long created)
{
    /// <summary>What JSON has instead of the logarithm of nothing, as OpenAI's server.</summary>
    private const float LeastLogprob = -9999;

    public GenerationCall Call => call;

    public string Id => id;

    protected abstract string ObjectName(bool isChunk);

    protected abstract void WriteText(Utf8JsonWriter json, string text);

    protected abstract void WriteDelta(Utf8JsonWriter json, string text, bool isFirst);

    protected abstract void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<PlacedToken> tokens, int shift);

    /// <summary>The whole answer. <paramref name="prompts"/>: put before each choice where the call echoes.</summary>
    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<ChoiceText> choices, IReadOnlyList<string> prompts)
    {
        Begin(json, isChunk: false);
        foreach (var (index, choice) in choices.Index())
        {
            var (text, tokens) = choice.Take();
            json.WriteStartObject();
            json.WriteNumber("index", index);
            var prompt = call.Echoes ? prompts[index / call.NumSamples] : "";
            WriteText(json, prompt + text);
            WriteRest(json, tokens, prompt.Length, choice.FinishReason);
        }

        json.WriteEndArray();
        WriteUsage(json, choices);
        json.WriteEndObject();
    }

    /// <summary>A piece of one choice; <paramref name="finishReason"/> is null until its last.</summary>
    public void WriteChunk(Utf8JsonWriter json, int index, string text, IReadOnlyList<PlacedToken> tokens, string? finishReason, bool isFirst)
    {
        Begin(json, isChunk: true);
        json.WriteStartObject();
        json.WriteNumber("index", index);
        WriteDelta(json, text, isFirst);
        WriteRest(json, tokens, 0, finishReason);
        json.WriteEndArray();
        if (call.IncludesUsage)
        {
            json.WriteNull("usage");
        }

        json.WriteEndObject();
    }

    /// <summary>The chunk that tells the usage: it has no choices.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, IReadOnlyList<ChoiceText> choices)
    {
        Begin(json, isChunk: true);
        json.WriteEndArray();
        WriteUsage(json, choices);
        json.WriteEndObject();
    }

    protected static void WriteLogprob(Utf8JsonWriter json, string name, float logprob) => json.WriteNumber(name, Math.Max(logprob, LeastLogprob));

    protected static void WriteLogprob(Utf8JsonWriter json, float logprob) => json.WriteNumberValue(Math.Max(logprob, LeastLogprob));

    protected TokenNames Names => names;

    private void Begin(Utf8JsonWriter json, bool isChunk)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", ObjectName(isChunk));
        json.WriteNumber("created", created);
        json.WriteString("model", model.Name);
        json.WriteString("system_fingerprint", model.Fingerprint);
        json.WriteNumber("seed", unchecked((long)call.Seed));
        json.WriteStartArray("choices");
    }

    private void WriteRest(Utf8JsonWriter json, IReadOnlyList<PlacedToken> tokens, int shift, string? finishReason)
    {
        if (call.NumTopLogprobs is null || (tokens.Count == 0 && finishReason is null))
        {
            json.WriteNull("logprobs");
        }
        else
        {
            json.WriteStartObject("logprobs");
            WriteLogprobs(json, tokens, shift);
            json.WriteEndObject();
        }

        json.WriteString("finish_reason", finishReason);
        json.WriteEndObject();
    }

    private void WriteUsage(Utf8JsonWriter json, IReadOnlyList<ChoiceText> choices)
    {
        var completionTokens = choices.Sum(choice => choice.NumTokens);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", call.NumPromptTokens);
        json.WriteNumber("completion_tokens", completionTokens);
        json.WriteNumber("total_tokens", call.NumPromptTokens + completionTokens);
        json.WriteEndObject();
    }
}

/// <summary>The answers of /v1/completions.</summary>
internal sealed class CompletionAnswer(GenerationCall call, ServedModel model, TokenNames names, string id, long created)
    : Answer(call, model, names, id, created)
{
    protected override string ObjectName(bool isChunk) => "text_completion";

    protected override void WriteText(Utf8JsonWriter json, string text) => json.WriteString("text", text);

    protected override void WriteDelta(Utf8JsonWriter json, string text, bool isFirst) => json.WriteString("text", text);

    protected override void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<PlacedToken> tokens, int shift)
    {
        json.WriteStartArray("tokens");
        foreach (var item in tokens)
        {
            json.WriteStringValue(Names.NameOf(item.Token));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var item in tokens)
        {
            WriteLogprob(json, item.Logprob);
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var item in tokens)
        {
            // The drawn token is always among them, and no name comes twice.
            var seen = new HashSet<string>(StringComparer.Ordinal);
            json.WriteStartObject();
            foreach (var top in item.Top.Append(new TokenLogprob(item.Token, item.Logprob)))
            {
                if (seen.Add(Names.NameOf(top.Token)))
                {
                    WriteLogprob(json, Names.NameOf(top.Token), top.Logprob);
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (var item in tokens)
        {
            json.WriteNumberValue(shift + item.Start);
        }

        json.WriteEndArray();
    }
}

/// <summary>The answers of /v1/chat/completions.</summary>
internal sealed class ChatAnswer(GenerationCall call, ServedModel model, TokenNames names, string id, long created)
    : Answer(call, model, names, id, created)
{
    protected override string ObjectName(bool isChunk) => isChunk ? "chat.completion.chunk" : "chat.completion";

    protected override void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", text);
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    protected override void WriteDelta(Utf8JsonWriter json, string text, bool isFirst)
    {
        json.WriteStartObject("delta");
        if (isFirst)
        {
            json.WriteString("role", "assistant");
        }

        if (isFirst || text.Length > 0)
        {
            json.WriteString("content", text);
        }

        json.WriteEndObject();
    }

    protected override void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<PlacedToken> tokens, int shift)
    {
        json.WriteStartArray("content");
        foreach (var item in tokens)
        {
            json.WriteStartObject();
            WriteToken(json, item.Token, item.Logprob);
            json.WriteStartArray("top_logprobs");
            foreach (var top in item.Top)
            {
                json.WriteStartObject();
                WriteToken(json, top.Token, top.Logprob);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal");
    }

    private void WriteToken(Utf8JsonWriter json, int token, float logprob)
    {
        json.WriteString("token", Names.NameOf(token));
        WriteLogprob(json, "logprob", logprob);
        Names.WriteBytes(json, token);
    }
}
