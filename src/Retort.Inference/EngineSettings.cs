using Retort.Core;
using Retort.Inference.Kv;
using Retort.Inference.Scheduling;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>Sizes and rules of an engine; memory is taken once, from these.</summary>
public sealed record EngineSettings
{
    /// <summary>Prompts whose prefix may be held for samples to come, beside the places' own pages, when <see cref="KvTokens"/> is 0.</summary>
    private const int HeldPrompts = 4;

    /// <summary>Places: sequences in one step.</summary>
    public int MaxSequences { get; init; } = 32;

    /// <summary>Longest prompt and completion together, in tokens; 0: the model's context.</summary>
    public int MaxLength { get; init; }

    /// <summary>Tokens a step may hold beside one for each place: what prompts are cut into.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Tokens that end a completion.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Tokens whose keys and values fit the cache; 0: every place at full length, so that pages never run out.</summary>
    public int KvTokens { get; init; }

    /// <summary>How cached keys and values are kept.</summary>
    public KvFormat KvFormat { get; init; }

    /// <summary>Tokens that fit the host's pool, for <see cref="KvMode.Swap"/>.</summary>
    public int HostKvTokens { get; init; }

    /// <summary>Keep the keys of finished prompts while pages are free, for requests that begin alike.</summary>
    public bool CachesPrefixes { get; init; }

    /// <summary>Pages that stay free when a sequence is let in beside others.</summary>
    public int WatermarkPages { get; init; }

    /// <summary>Who runs when.</summary>
    public SchedulerPolicy Policy { get; init; } = new();

    /// <summary>
    /// The longest of these prompts and a completion of <paramref name="maxNewTokens"/> tokens (0: as many as there is room for) together,
    /// within the model's context: how long an engine must be that serves nothing else.
    /// </summary>
    public static int LengthFor(ModelConfig model, IEnumerable<int[]> prompts, int maxNewTokens) => maxNewTokens == 0
        ? model.MaxPositions
        : (int)Math.Min(model.MaxPositions, (long)prompts.Select(prompt => prompt.Length).DefaultIfEmpty(1).Max() + maxNewTokens);

    /// <summary>These settings, checked for a model, with its context in the place of 0.</summary>
    public EngineSettings Validated(ModelConfig model, string where = "engine")
    {
        var maxLength = MaxLength == 0 ? model.MaxPositions : MaxLength;
        var numPages = KvTokens / KvPages.PageTokens;
        Check(MaxSequences >= 1, "maxSequences", MaxSequences, "at least 1");
        Check(PrefillTokens >= 0, "prefillTokens", PrefillTokens, "at least 0");
        Check(maxLength >= 2 && maxLength <= model.MaxPositions, "maxLength", maxLength, $"2 to the model's context of {model.MaxPositions}");
        Check(
            KvTokens == 0 || numPages >= PageCount.For(maxLength), "kvTokens", KvTokens,
            $"0 (enough for every place) or at least the {PageCount.For(maxLength) * KvPages.PageTokens} tokens of one sequence");
        Check(HostKvTokens >= 0, "hostKvTokens", HostKvTokens, "at least 0");
        Check(WatermarkPages >= 0, "watermarkPages", WatermarkPages, "at least 0");
        foreach (var token in StopTokens)
        {
            Check(token >= 0 && token < model.VocabularySize, "stopTokens", token, $"tokens of the vocabulary, 0 to {model.VocabularySize - 1}");
        }

        return this with { MaxLength = maxLength, Policy = Policy.Validated($"{where}.policy") };

        void Check(bool valid, string field, int value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {value}", expected);
            }
        }
    }

    /// <summary>Pages of the cache, once validated.</summary>
    internal int NumPages => KvTokens > 0 ? KvTokens / KvPages.PageTokens : (MaxSequences + HeldPrompts) * PageCount.For(MaxLength);

    /// <summary>Pages of the host's pool.</summary>
    internal int NumHostPages => HostKvTokens / KvPages.PageTokens;

    /// <summary>The most rows of a step.</summary>
    internal int MaxRows => MaxSequences + PrefillTokens;
}
