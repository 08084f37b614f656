using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retort.Inference;

/// <summary>What a verifier adds to a sample.</summary>
/// <param name="Problem">The problem's identifier.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Temperature">It was drawn with.</param>
/// <param name="Correct">The verdict.</param>
/// <param name="Answer">The answer found in it, if any.</param>
/// <param name="Plan">It takes the right steps; null where the verifier does not say.</param>
/// <param name="Execute">It carries out its own steps rightly; null where the verifier does not say.</param>
public sealed record SampleGrade(
    string Problem, string Model, float Temperature, bool Correct, string? Answer, bool? Plan = null, bool? Execute = null)
{
    /// <summary>Tokens counted, for readers of budgets; null: not written.</summary>
    public SampleSpend? Spend { get; init; }
}

/// <summary>What a sample took.</summary>
/// <param name="PromptTokens">Tokens of the prompt, the begin token included.</param>
/// <param name="CompletionTokens">Tokens written, the end token included.</param>
/// <param name="Chain">Of tasks whose answers hold a chain.</param>
public sealed record SampleSpend(int PromptTokens, int CompletionTokens, ChainSpend? Chain = null);

/// <summary>What a sample's chain took and showed.</summary>
/// <param name="Tokens">Tokens of the completion without the chain's frame.</param>
/// <param name="ProofTokens">Tokens of the chain that proves the answer; null: none does.</param>
/// <param name="Guess">Chance that a guess is right.</param>
public sealed record ChainSpend(int Tokens, int? ProofTokens, double Guess);

/// <summary>
/// A sample as one line of JSON: <c>{id, prompt, tokens, text, logprobs, logprob_bits, finish_reason}</c>, graded ones with
/// <c>{problem, model, temperature, sample, correct, answer}</c> and, where the verifier tells them apart, <c>{plan, execute}</c>; those of sweeps
/// over budgets with <c>{prompt_tokens, completion_tokens}</c> and, of chains, <c>{chain_tokens, proof_tokens, guess}</c>.
/// Bits are each float32 as eight hexadecimal digits.
/// </summary>
public static class SampleLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line, without its end. <paramref name="sample"/> is null where every prompt has one.</summary>
    public static string Of(string id, string prompt, string text, Completion completion, int? sample = null, SampleGrade? grade = null)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("prompt", prompt);
            json.WriteStartArray("tokens");
            foreach (var token in completion.Tokens)
            {
                json.WriteNumberValue(token);
            }

            json.WriteEndArray();
            json.WriteString("text", text);
            json.WriteStartArray("logprobs");
            foreach (var logprob in completion.Logprobs)
            {
                if (float.IsFinite(logprob))
                {
                    json.WriteNumberValue(logprob);
                }
                else
                {
                    json.WriteNullValue();
                }
            }

            json.WriteEndArray();
            json.WriteStartArray("logprob_bits");
            foreach (var logprob in completion.Logprobs)
            {
                json.WriteStringValue(BitConverter.SingleToUInt32Bits(logprob).ToString("x8", CultureInfo.InvariantCulture));
            }

            json.WriteEndArray();
            json.WriteString("finish_reason", NameOf(completion.FinishReason));
            WriteGrade(json, sample, grade);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>As <see cref="Of"/>, of a sample whose tokens only its server knows.</summary>
    public static string OfText(string id, string prompt, string text, FinishReason finishReason, int sample, SampleGrade grade)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("prompt", prompt);
            json.WriteString("text", text);
            json.WriteString("finish_reason", NameOf(finishReason));
            WriteGrade(json, sample, grade);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>What a verifier said and no more, for evaluations of a hundred thousand samples: a graded line without the sample itself.</summary>
    public static string Marks(SampleGrade grade, int sample)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            WriteGrade(json, sample, grade);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static string NameOf(FinishReason reason) => reason == FinishReason.Stop ? "stop" : "length";

    private static void WriteGrade(Utf8JsonWriter json, int? sample, SampleGrade? grade)
    {
        if (grade is not null)
        {
            json.WriteString("problem", grade.Problem);
            json.WriteString("model", grade.Model);
            json.WriteNumber("temperature", grade.Temperature);
        }

        if (sample is { } number)
        {
            json.WriteNumber("sample", number);
        }

        if (grade is not null)
        {
            json.WriteBoolean("correct", grade.Correct);
            json.WriteString("answer", grade.Answer);
            if (grade.Plan is { } plan)
            {
                json.WriteBoolean("plan", plan);
            }

            if (grade.Execute is { } execute)
            {
                json.WriteBoolean("execute", execute);
            }

            WriteSpend(json, grade.Spend);
        }
    }

    private static void WriteSpend(Utf8JsonWriter json, SampleSpend? spend)
    {
        if (spend is not null)
        {
            json.WriteNumber("prompt_tokens", spend.PromptTokens);
            json.WriteNumber("completion_tokens", spend.CompletionTokens);
        }

        if (spend?.Chain is { } chain)
        {
            json.WriteNumber("chain_tokens", chain.Tokens);
            if (chain.ProofTokens is { } proof)
            {
                json.WriteNumber("proof_tokens", proof);
            }
            else
            {
                json.WriteNull("proof_tokens");
            }

            json.WriteNumber("guess", chain.Guess);
        }
    }
}
