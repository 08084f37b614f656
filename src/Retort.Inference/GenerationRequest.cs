using Retort.Core;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>How tokens are drawn. The defaults draw from the model's own distribution.</summary>
public sealed record SamplingSettings
{
    /// <summary>Divides the logits; 0 is greedy.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keep the k most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of tokens of at least this probability; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Drop tokens less probable than this share of the most probable one; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Longest completion in tokens, the stop token included.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>These settings, checked.</summary>
    public SamplingSettings Validated(string where = "sampling")
    {
        Check(Temperature is >= 0 and <= 100, "temperature", Temperature, "0 (greedy) to 100");
        Check(TopK >= 0, "topK", TopK, "0 (off) or more");
        Check(TopP is > 0 and <= 1, "topP", TopP, "above 0, at most 1 (off)");
        Check(MinP is >= 0 and <= 1, "minP", MinP, "0 (off) to 1");
        Check(MaxNewTokens >= 1, "maxNewTokens", MaxNewTokens, "at least 1");
        return this;

        void Check(bool valid, string field, object value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {value}", expected);
            }
        }
    }
}

/// <summary>A prompt to complete, once or several times; it is prefilled once.</summary>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="Seed">Names the random numbers: sample number s draws from stream (Seed, s), whatever else runs.</param>
/// <param name="NumSamples">Completions wanted.</param>
public sealed record GenerationRequest(int[] Prompt, SamplingSettings Sampling, ulong Seed, int NumSamples = 1)
{
    /// <summary>Lower is served sooner where the policy looks at it.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Position ids of the prompt's tokens and of as many that follow as are known; null: 0, 1, 2, ... A token after the last has the id that
    /// the model predicts, where it does that, else the one after its predecessor's. A completion ends where ids do.
    /// </summary>
    public int[]? PositionIds { get; init; }

    /// <summary>Stop tokens do not end it: a recorded length is replayed.</summary>
    public bool IgnoresStop { get; init; }

    /// <summary>Output tokens it will have, where that is known beforehand (a replay); oracle predictors read it.</summary>
    public int? KnownLength { get; init; }

    /// <summary>Added to the logits of some tokens before one is drawn; log-probabilities stay the model's own.</summary>
    public IReadOnlyList<LogitBias> LogitBias { get; init; } = [];

    /// <summary>
    /// Log-probabilities are of the logits divided by the temperature, which must be above 0: of the policy that drew the tokens.
    /// </summary>
    public bool ReportsTempered { get; init; }

    /// <summary>Most probable tokens reported beside each drawn one, at most <see cref="MaxTopLogprobs"/>.</summary>
    public int NumTopLogprobs { get; init; }

    /// <summary>Largest <see cref="NumTopLogprobs"/>.</summary>
    public const int MaxTopLogprobs = 20;
}

/// <summary>A token just drawn.</summary>
/// <param name="request">Index of the request.</param>
/// <param name="sample">Which of its samples.</param>
/// <param name="token">The token.</param>
/// <param name="logprob">Its log-probability.</param>
/// <param name="top">The most probable tokens, best first, as many as were asked for; valid during the call only.</param>
public readonly ref struct DrawnToken(int request, int sample, int token, float logprob, ReadOnlySpan<TokenLogprob> top)
{
    /// <summary>Index of the request.</summary>
    public int Request { get; } = request;

    /// <summary>Which of its samples.</summary>
    public int Sample { get; } = sample;

    /// <summary>The token.</summary>
    public int Token { get; } = token;

    /// <summary>Its log-probability.</summary>
    public float Logprob { get; } = logprob;

    /// <summary>The most probable tokens, best first; valid during the call only.</summary>
    public ReadOnlySpan<TokenLogprob> Top { get; } = top;
}

/// <summary>Why a completion ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was drawn.</summary>
    Stop,

    /// <summary>It reached its own limit or the model's context.</summary>
    Length,
}

/// <summary>One completion.</summary>
/// <param name="Request">Index of the request in the order of submission.</param>
/// <param name="Sample">Which of its samples.</param>
/// <param name="Tokens">The new tokens; a stop token is the last of them.</param>
/// <param name="Logprobs">
/// Log-probability of each token under the model itself (temperature 1, unless the request reports tempered ones; unfiltered).
/// </param>
/// <param name="FinishReason">Why it ended.</param>
public sealed record Completion(int Request, int Sample, int[] Tokens, float[] Logprobs, FinishReason FinishReason)
{
    /// <summary>Position ids of the new tokens; null where they are their places in the sequence.</summary>
    public int[]? PositionIds { get; init; }

    /// <summary>The tokens without a closing stop token: the text to read.</summary>
    public ReadOnlySpan<int> TextTokens => FinishReason == FinishReason.Stop ? Tokens.AsSpan(0, Tokens.Length - 1) : Tokens;
}
