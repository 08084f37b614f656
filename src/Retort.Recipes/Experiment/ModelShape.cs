using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;

namespace Retort.Recipes.Experiment;

/// <summary>The shape of a model, vocabulary and context apart.</summary>
public sealed record ModelShape
{
    /// <summary>Width of the residual stream.</summary>
    [Doc("Width of the residual stream"), Positive]
    public int HiddenSize { get; init; } = 128;

    /// <summary>Blocks.</summary>
    [Doc("Blocks"), Positive]
    public int NumLayers { get; init; } = 4;

    /// <summary>Query heads.</summary>
    [Doc("Query heads"), Positive]
    public int NumHeads { get; init; } = 4;

    /// <summary>Key/value heads.</summary>
    [Doc("Key/value heads"), Positive]
    public int NumKvHeads { get; init; } = 4;

    /// <summary>Width of the feed-forward block.</summary>
    [Doc("Width of the feed-forward block"), Positive]
    public int IntermediateSize { get; init; } = 384;

    /// <summary>Normalised queries and keys, which let small models learn at high rates; the paper's have none.</summary>
    [Doc("Normalised queries and keys; the paper's models have none")]
    public bool QueryKeyNorm { get; init; } = true;

    /// <summary>A Qwen2 model of this shape for a tokenizer; a shape that cannot be is a <see cref="UserError"/> that says <paramref name="where"/>.</summary>
    internal ModelConfig Config(ITokenizer tokenizer, int context, double ropeBase, string where) => new ModelConfig
    {
        Family = ModelFamily.Qwen2,
        QkvBias = true,
        TiedEmbeddings = false,
        VocabularySize = tokenizer.VocabularySize,
        HiddenSize = HiddenSize,
        NumLayers = NumLayers,
        NumHeads = NumHeads,
        NumKvHeads = NumKvHeads,
        IntermediateSize = IntermediateSize,
        MaxPositions = context,
        RopeBase = ropeBase,
        QueryKeyNorm = QueryKeyNorm,
        NormEpsilon = 1e-6f,
        BosTokenId = tokenizer.BosId,
        EosTokenId = tokenizer.EosId,
        PadTokenId = tokenizer.PadId,
    }.Validated(where);
}
