using System.Globalization;
using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models.Tokenizers;
using Retort.Tensors;

namespace Retort.Server.Api;

/// <summary>A body of /v1/completions or /v1/chat/completions, read and checked: what to generate and how to answer.</summary>
internal sealed record GenerationCall
{
    private const int MaxStops = 4, MaxStopLength = 256, MaxTopLogprobs = 20, MaxMessages = 4096, DefaultCompletionTokens = 16;
    private const float MaxTemperature = 2, MaxBias = 100;

    private static readonly ulong PromptPurpose = CounterRandom.Hash("serve/prompt");

    /// <summary>Token ids of each prompt.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    public required SamplingSettings Sampling { get; init; }

    /// <summary>Samples of each prompt.</summary>
    public required int NumSamples { get; init; }

    public required ulong Seed { get; init; }

    public required IReadOnlyList<string> Stops { get; init; }

    public required bool Streams { get; init; }

    public required bool IncludesUsage { get; init; }

    /// <summary>Alternatives reported with each token; null: no log-probabilities.</summary>
    public required int? NumTopLogprobs { get; init; }

    public required IReadOnlyList<LogitBias> LogitBias { get; init; }

    public required int Priority { get; init; }

    public required bool IgnoresStop { get; init; }

    /// <summary>The answer begins with the prompt.</summary>
    public bool Echoes { get; init; }

    public int NumPromptTokens => Prompts.Sum(prompt => prompt.Length);

    public int NumChoices => Prompts.Count * NumSamples;

    /// <summary>What the engine is asked. Prompt p > 0 draws from a stream of its own, so that equal prompts get different answers.</summary>
    public IReadOnlyList<GenerationRequest> ToRequests() =>
    [
        .. Prompts.Select((prompt, p) => new GenerationRequest(
            prompt, Sampling, p == 0 ? Seed : CounterRandom.For(Seed, PromptPurpose, (ulong)p).NextUInt64(), NumSamples)
        {
            Priority = Priority,
            IgnoresStop = IgnoresStop,
            LogitBias = LogitBias,
            NumTopLogprobs = NumTopLogprobs ?? 0,
        }),
    ];

    /// <summary>Reads a body of /v1/completions.</summary>
    public static GenerationCall OfCompletion(JsonFields body, CallLimits limits)
    {
        CheckModel(body, limits);
        Refused.Check(body, isChat: false);
        var numSamples = (int)(body.Whole("n", 1, limits.MaxChoices) ?? 1);
        if (body.Whole("best_of", 1, limits.MaxChoices) is { } best && best != numSamples)
        {
            throw ApiError.Field("best_of", "'best_of' is not supported here, unless it equals 'n'.", "unsupported_parameter");
        }

        var echoes = body.Bool("echo") ?? false;
        var top = (int?)body.Whole("logprobs", 0, MaxTopLogprobs);
        if (echoes && top is not null)
        {
            throw ApiError.Field("echo", "'echo' with 'logprobs' is not supported here: prompts have no log-probabilities.", "unsupported_parameter");
        }

        var prompts = ReadPrompts(body, limits, numSamples);
        return Read(body, limits, prompts, numSamples, top, ["max_tokens"], DefaultCompletionTokens) with { Echoes = echoes };
    }

    /// <summary>Reads a body of /v1/chat/completions.</summary>
    public static GenerationCall OfChat(JsonFields body, CallLimits limits)
    {
        CheckModel(body, limits);
        Refused.Check(body, isChat: true);
        if (body.Bool("echo") == true)
        {
            throw ApiError.Field("echo", "'echo' is not supported for chats.", "unsupported_parameter");
        }

        var template = limits.Model.ChatTemplate ?? throw new ApiError(
            400, $"The model '{limits.Model.Name}' has no chat template; use /v1/completions.", "messages", "no_chat_template");
        var messages = ReadMessages(body);
        var numSamples = (int)(body.Whole("n", 1, limits.MaxChoices) ?? 1);
        var top = (int?)body.Whole("top_logprobs", 0, MaxTopLogprobs);
        var wantsLogprobs = body.Bool("logprobs") ?? false;
        if (top is not null && !wantsLogprobs)
        {
            throw ApiError.Field("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.", "invalid_value");
        }

        CheckLength("messages", messages.Sum(message => (long)message.Role.Length + message.Content.Length), limits);
        var prompt = At("messages", () => limits.Model.Tokenizer.EncodeChat(template, messages));
        return Read(body, limits, [prompt], numSamples, wantsLogprobs ? top ?? 0 : null, ["max_completion_tokens", "max_tokens"], null);
    }

    private static GenerationCall Read(
        JsonFields body, CallLimits limits, IReadOnlyList<int[]> prompts, int numSamples, int? top, string[] maxNames, int? defaultTokens)
    {
        var longest = prompts.Max(prompt => prompt.Length);
        var asked = maxNames.Select(name => (Name: name, Value: body.Whole(name, 1, int.MaxValue))).FirstOrDefault(pair => pair.Value is not null);
        if (longest >= limits.MaxLength || (asked.Value is { } most && longest + most > limits.MaxLength))
        {
            throw ApiError.Field(
                asked.Value is null || longest >= limits.MaxLength ? (maxNames.Length == 1 ? "prompt" : "messages") : asked.Name,
                FormattableString.Invariant($"The model's context is {limits.MaxLength} tokens; the prompt has {longest}")
                + (asked.Value is null ? "." : FormattableString.Invariant($" and {asked.Value} more were asked for.")),
                "context_length_exceeded");
        }

        var streams = body.Bool("stream") ?? false;
        var streamOptions = body.Find("stream_options") is { } options ? JsonFields.Of(options, "stream_options") : (JsonFields?)null;
        if (streamOptions is not null && !streams)
        {
            throw ApiError.Field("stream_options", "'stream_options' needs 'stream' to be true.", "invalid_value");
        }

        return new GenerationCall
        {
            Prompts = prompts,
            NumSamples = numSamples,
            Sampling = new SamplingSettings
            {
                Temperature = body.Real("temperature", value => value is >= 0 and <= MaxTemperature, "0 to 2") ?? 1,
                TopP = body.Real("top_p", value => value is > 0 and <= 1, "above 0, at most 1") ?? 1,
                MinP = body.Real("min_p", value => value is >= 0 and <= 1, "0 to 1") ?? 0,
                // vLLM's way to say "all" is -1.
                TopK = (int)Math.Max(0, body.Whole("top_k", -1, int.MaxValue) ?? 0),
                MaxNewTokens = (int)(asked.Value ?? Math.Min(defaultTokens ?? int.MaxValue, limits.MaxLength - 1)),
            },
            Seed = body.Whole("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : limits.DefaultSeed,
            Stops = ReadStops(body),
            Streams = streams,
            IncludesUsage = streamOptions?.Bool("include_usage") ?? false,
            NumTopLogprobs = top,
            LogitBias = ReadBias(body, limits),
            Priority = (int)(body.Whole("priority", int.MinValue, int.MaxValue) ?? 0),
            IgnoresStop = body.Bool("ignore_eos") ?? false,
        };
    }

    private static void CheckModel(JsonFields body, CallLimits limits)
    {
        var model = body.Text("model") ?? throw ApiError.Field("model", "'model' is missing.", "missing_parameter");
        if (model != limits.Model.Name)
        {
            throw new ApiError(404, $"The model '{model}' does not exist; this server has '{limits.Model.Name}'.", "model", "model_not_found");
        }
    }

    /// <summary>A string, an array of strings, an array of tokens or an array of arrays of tokens.</summary>
    private static List<int[]> ReadPrompts(JsonFields body, CallLimits limits, int numSamples)
    {
        const string field = "prompt", expected = "a string, an array of strings, an array of tokens or an array of arrays of tokens";
        var value = body.Find(field) ?? throw ApiError.Field(field, "'prompt' is missing.", "missing_parameter");
        if (value.ValueKind == JsonValueKind.String)
        {
            return [Encode(field, value.GetString()!, limits, addBos: true)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw body.WrongType(field, value, expected);
        }

        if (value.GetArrayLength() == 0)
        {
            throw ApiError.Field(field, "'prompt' is an empty array.", "invalid_value");
        }

        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return [Tokens(value)];
        }

        var numChoices = (long)value.GetArrayLength() * numSamples;
        if (numChoices > limits.MaxChoices)
        {
            throw ApiError.Field(numSamples > 1 ? "n" : field, FormattableString.Invariant(
                $"{value.GetArrayLength()} prompts with 'n' = {numSamples} are {numChoices} answers; expected at most {limits.MaxChoices}."), "invalid_value");
        }

        var prompts = new List<int[]>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            prompts.Add(item.ValueKind switch
            {
                JsonValueKind.String when value[0].ValueKind == JsonValueKind.String => Encode(field, item.GetString()!, limits, addBos: true),
                JsonValueKind.Array when value[0].ValueKind == JsonValueKind.Array => Tokens(item),
                _ => throw body.WrongType(field, item, expected),
            });
        }

        return prompts;

        int[] Tokens(JsonElement array)
        {
            var length = array.GetArrayLength();
            if (length == 0 || length >= limits.MaxLength)
            {
                throw ApiError.Field(
                    field, FormattableString.Invariant($"A prompt has {length} tokens; expected 1 to {limits.MaxLength - 1}."),
                    length == 0 ? "invalid_value" : "context_length_exceeded");
            }

            var (tokens, count) = (new int[length], 0);
            foreach (var item in array.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var token) || token < 0 || token >= limits.Model.Tokenizer.VocabularySize)
                {
                    throw body.OutOfRange(field, item, FormattableString.Invariant($"tokens, 0 to {limits.Model.Tokenizer.VocabularySize - 1}"));
                }

                tokens[count++] = token;
            }

            return tokens;
        }
    }

    private static List<ChatMessage> ReadMessages(JsonFields body)
    {
        var value = body.Find("messages") ?? throw ApiError.Field("messages", "'messages' is missing.", "missing_parameter");
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw body.WrongType("messages", value, "an array");
        }

        if (value.GetArrayLength() is 0 or > MaxMessages)
        {
            throw ApiError.Field("messages", FormattableString.Invariant($"'messages' has {value.GetArrayLength()} messages; expected 1 to {MaxMessages}."), "invalid_value");
        }

        var messages = new List<ChatMessage>();
        foreach (var item in value.EnumerateArray())
        {
            var fields = JsonFields.Of(item, FormattableString.Invariant($"messages[{messages.Count}]"));
            foreach (var name in (string[])["tool_calls", "function_call", "tool_call_id", "audio", "refusal"])
            {
                if (fields.Find(name) is not null)
                {
                    throw ApiError.Field(fields.PathOf(name), $"'{fields.PathOf(name)}' is not supported here.", "unsupported_parameter");
                }
            }

            var role = fields.Text("role") ?? throw ApiError.Field(fields.PathOf("role"), $"'{fields.PathOf("role")}' is missing.", "missing_parameter");
            messages.Add(new ChatMessage(role, ReadContent(fields)));
        }

        return messages;
    }

    /// <summary>A string, or parts of type "text", which are joined.</summary>
    private static string ReadContent(JsonFields message)
    {
        var path = message.PathOf("content");
        var content = message.Find("content") ?? throw ApiError.Field(path, $"'{path}' is missing.", "missing_parameter");
        if (content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw message.WrongType("content", content, "a string or an array of text parts");
        }

        return string.Concat(content.EnumerateArray().Select(item =>
        {
            var part = JsonFields.Of(item, path);
            return part.Text("type") == "text" && part.Text("text") is { } text ? text
                : throw ApiError.Field(path, $"'{path}' has a part that is not text.", "unsupported_parameter");
        }));
    }

    private static string[] ReadStops(JsonFields body)
    {
        if (body.Find("stop") is not { } value)
        {
            return [];
        }

        string[] stops = value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Take(MaxStops + 1).Select(item => item.ValueKind == JsonValueKind.String
                ? item.GetString()! : throw body.WrongType("stop", item, "strings"))],
            _ => throw body.WrongType("stop", value, "a string or an array of strings"),
        };
        return stops.Length <= MaxStops && Array.TrueForAll(stops, stop => stop.Length is > 0 and <= MaxStopLength) ? stops
            : throw ApiError.Field(
                "stop", FormattableString.Invariant($"Expected at most {MaxStops} strings of 1 to {MaxStopLength} characters."), "invalid_value");
    }

    private static LogitBias[] ReadBias(JsonFields body, CallLimits limits)
    {
        if (body.Find("logit_bias") is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw body.WrongType("logit_bias", value, "an object of token ids and numbers");
        }

        var fields = JsonFields.Of(value, "logit_bias");
        return
        [
            .. value.EnumerateObject().Select(item =>
                int.TryParse(item.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var token) && token < limits.Model.Tokenizer.VocabularySize
                    ? new LogitBias(token, fields.Real(item.Name, bias => bias is >= -MaxBias and <= MaxBias, "-100 to 100") ?? 0)
                    : throw ApiError.Field("logit_bias", FormattableString.Invariant(
                        $"'logit_bias' has a name that is no token; expected 0 to {limits.Model.Tokenizer.VocabularySize - 1}."), "invalid_value")),
        ];
    }

    private static int[] Encode(string field, string text, CallLimits limits, bool addBos)
    {
        CheckLength(field, text.Length, limits);
        var tokens = At(field, () => limits.Model.Tokenizer.Encode(text, addBos));
        return tokens.Length > 0 ? tokens : throw ApiError.Field(field, $"'{field}' has no tokens.", "invalid_value");
    }

    private static void CheckLength(string field, long characters, CallLimits limits)
    {
        if (characters > limits.MaxPromptCharacters)
        {
            throw ApiError.Field(field, FormattableString.Invariant(
                $"'{field}' has {characters} characters; the model's context of {limits.MaxLength} tokens holds at most {limits.MaxPromptCharacters}."),
                "context_length_exceeded");
        }
    }

    /// <summary>What the tokenizer or the template refuses is the field's fault.</summary>
    private static T At<T>(string field, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UserError refused) when (refused.ExitCode == 2)
        {
            throw ApiError.Field(field, $"'{field}': {refused.Message}.", "invalid_value");
        }
    }
}

/// <summary>What a call is checked against.</summary>
/// <param name="Model">The model served.</param>
/// <param name="MaxLength">Longest prompt and answer together, in tokens.</param>
/// <param name="MaxPromptCharacters">Longest text that the tokenizer is given.</param>
/// <param name="MaxChoices">Most answers to one call.</param>
/// <param name="DefaultSeed">The seed of a call that names none.</param>
internal sealed record CallLimits(ServedModel Model, int MaxLength, long MaxPromptCharacters, int MaxChoices, ulong DefaultSeed);
