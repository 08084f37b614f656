using System.Text.Json;

namespace Retort.Server.Api;

/// <summary>
/// Fields of OpenAI's and vLLM's interfaces that would change the answer and are not carried out: an error unless they have the value
/// that changes nothing. Any other unknown field is passed over, as OpenAI's server does.
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
        ("chat_template", Never), ("chat_template_kwargs", IsEmpty), ("add_generation_prompt", IsTrue), ("continue_final_message", IsFalse),
        ("structured_outputs", Never), ("guided_json", Never), ("guided_regex", Never), ("guided_choice", Never), ("guided_grammar", Never),
    ];

    public static void Check(JsonFields body)
    {
        foreach (var (name, changesNothing) in Fields)
        {
            if (body.Find(name) is { } value && !changesNothing(value))
            {
                throw ApiError.Field(name, $"'{name}' is not supported here.", "unsupported_parameter");
            }
        }
    }

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
