using System.Collections.Frozen;
using System.Text.Json;
using Retort.Core;

namespace Retort.Server.Api;

/// <summary>
/// Fields of OpenAI's and vLLM's interfaces that would change the answer and are not carried out: an error unless they have the value
/// that changes nothing. So is a field of the other endpoint, and one whose name is nearly one that is carried out: a typing error. Any other
/// unknown field is passed over, as vLLM's server does.
/// </summary>
internal static class Refused
{
    private static readonly (string Name, Predicate<JsonElement> ChangesNothing)[] Fields =
    [
        ("suffix", IsEmpty), ("presence_penalty", IsZero), ("frequency_penalty", IsZero), ("repetition_penalty", IsOne),
        ("length_penalty", IsOne), ("use_beam_search", IsFalse), ("min_tokens", IsZero), ("stop_token_ids", IsEmpty), ("bad_words", IsEmpty),
        ("allowed_token_ids", IsEmpty), ("include_stop_str_in_output", IsFalse), ("skip_special_tokens", IsTrue), ("prompt_logprobs", Never),
        ("truncate_prompt_tokens", Never), ("logits_processors", IsEmpty), ("prompt_embeds", Never), ("tools", IsEmpty), ("functions", IsEmpty),
        ("tool_choice", value => Is(value, "none", "auto")), ("function_call", value => Is(value, "none", "auto")),
        ("response_format", value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var type) && Is(type, "text")),
        ("modalities", value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => Is(item, "text"))),
        ("audio", Never), ("reasoning_effort", value => Is(value, "none")), ("web_search_options", Never), ("documents", IsEmpty),
        ("chat_template", Never), ("chat_template_kwargs", IsEmpty), ("add_generation_prompt", IsTrue), ("add_special_tokens", IsTrue), ("typical_p", IsOne), ("continue_final_message", IsFalse),
        ("structured_outputs", Never), ("guided_json", Never), ("guided_regex", Never), ("guided_choice", Never), ("guided_grammar", Never),
    ];

    /// <summary>Fields that both endpoints carry out.</summary>
    private static readonly string[] Both =
    [
        "model", "n", "stream", "stream_options", "temperature", "top_p", "min_p", "top_k", "max_tokens", "seed", "stop", "logprobs", "logit_bias",
        "priority", "ignore_eos", "echo",
    ];

    private static readonly string[] Completions = [.. Both, "prompt", "best_of"], Chats = [.. Both, "messages", "max_completion_tokens", "top_logprobs"];

    /// <summary>Fields that say who asks, or how it is billed and kept: nothing of an answer.</summary>
    private static readonly string[] Harmless =
    [
        "user", "metadata", "store", "service_tier", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "verbosity",
        "prediction", "request_id", "cache_salt", "return_token_ids",
    ];

    /// <summary>Fields that are neither a typing error nor the other endpoint's.</summary>
    private static readonly FrozenSet<string> KnownOfCompletions = Known(Completions), KnownOfChats = Known(Chats);

    /// <summary>Throws for the first such field of a body of one endpoint.</summary>
    public static void Check(JsonFields body, bool isChat)
    {
        var (mine, known, others) = isChat ? (Chats, KnownOfChats, Completions) : (Completions, KnownOfCompletions, Chats);
        foreach (var (name, changesNothing) in Fields)
        {
            if (body.Find(name) is { } value && !changesNothing(value))
            {
                throw ApiError.Field(name, $"'{name}' is not supported here.", "unsupported_parameter");
            }
        }

        foreach (var name in body.Names().Where(name => !known.Contains(name)))
        {
            if (others.Contains(name))
            {
                throw ApiError.Field(name, $"'{name}' belongs to /v1/{(isChat ? "completions" : "chat/completions")}.", "unknown_parameter");
            }

            if (NearestName.Of(name, mine) is { } nearest)
            {
                throw ApiError.Field(name, $"'{name}' is unknown; did you mean '{nearest}'?", "unknown_parameter");
            }
        }
    }

    private static FrozenSet<string> Known(string[] carriedOut) =>
        carriedOut.Concat(Harmless).Concat(Fields.Select(field => field.Name)).ToFrozenSet();

    private static bool IsZero(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0;

    private static bool IsOne(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 1;

    private static bool IsTrue(JsonElement value) => value.ValueKind == JsonValueKind.True;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool Never(JsonElement value) => false;

    private static bool Is(JsonElement value, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(word))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.ValueEquals(""),
        _ => false,
    };
}
