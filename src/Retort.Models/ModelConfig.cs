using System.Globalization;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models;

/// <summary>Whose tensor names and configuration fields a checkpoint uses.</summary>
public enum ModelFamily
{
    Llama,
    Qwen2,
}

/// <summary>How a row is normalised; docs/numerics.md has the exact expressions.</summary>
public enum NormKind
{
    /// <summary>x / rms(x).</summary>
    RmsNorm,

    /// <summary>(x - mean) / standard deviation.</summary>
    LayerNorm,
}

/// <summary>The feed-forward block.</summary>
public enum Activation
{
    /// <summary>down(silu(gate x) * up x): three matrices.</summary>
    SwiGlu,

    /// <summary>down(gelu(up x)), the tanh form: two matrices.</summary>
    Gelu,

    /// <summary>down(max(0, up x)): two matrices.</summary>
    Relu,
}

/// <summary>How a token knows where it stands.</summary>
public enum PositionKind
{
    /// <summary>Rotary: element d of a head is rotated with element d + headDim / 2 (the Hugging Face layout).</summary>
    Rope,

    /// <summary>A learned vector for each position, added to the token embedding.</summary>
    Learned,

    /// <summary>Nothing but the causal mask.</summary>
    None,

    /// <summary>Fixed sines and cosines of the position, added to the token embedding (Vaswani et al. 2017).</summary>
    Sinusoidal,

    /// <summary>Scores fall linearly with the distance, each head at a slope of its own (Press et al. 2022).</summary>
    Alibi,

    /// <summary>Scores get a learned number by head and bucket of the distance, the same in all layers (Raffel et al. 2020).</summary>
    T5,

    /// <summary>
    /// Scores get what a small learned network says of the distance as a share of the query's own position, on a logarithmic scale; the same in
    /// all layers (FIRE; Li et al. 2024).
    /// </summary>
    Fire,
}

/// <summary>Numbers of parameters; a tied output head is counted once, as embedding.</summary>
/// <param name="Embedding">Token embeddings, learned positions and, if it is not tied, the output head.</param>
/// <param name="NonEmbedding">All the rest: layers and final norm.</param>
public readonly record struct ParameterCount(long Embedding, long NonEmbedding)
{
    /// <summary>Every trained number.</summary>
    public long Total => Embedding + NonEmbedding;
}

/// <summary>
/// The shape of a decoder-only transformer. Plain data: <see cref="Validated"/> checks it and fills the derived sizes.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Largest vocabulary, width, depth and context accepted: beyond any model this engine is for.</summary>
    private const int MaxVocabularySize = 1 << 24, MaxWidth = 1 << 20, MaxLayers = 1 << 12, MaxContext = 1 << 24;

    /// <summary>FIRE has a table entry for each pair of ids; more would be a gigabyte.</summary>
    private const int MaxFireIds = 4096;

    private readonly int headDim, numKvHeads, numPositionIds;

    /// <summary>Tensor names and configuration fields.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Tokens beyond the vocabulary that stand for two of it each; null: there are none.</summary>
    public PairTokens? PairTokens { get; init; }

    /// <summary>Tokens that may be read: the vocabulary's, which may be written too, and those that stand for two.</summary>
    public int NumTokens => VocabularySize + (PairTokens?.Count ?? 0);

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Query heads.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Key/value heads, a divisor of <see cref="NumHeads"/>; 0 or left out: as many as query heads.</summary>
    public int NumKvHeads { get => numKvHeads == 0 ? NumHeads : numKvHeads; init => numKvHeads = value; }

    /// <summary>Width of one head, a multiple of 4; 0 or left out: hiddenSize / numHeads.</summary>
    public int HeadDim { get => headDim == 0 ? HiddenSize / Math.Max(1, NumHeads) : headDim; init => headDim = value; }

    /// <summary>Width inside the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Longest context in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Kind of the two norms in a layer and of the final one.</summary>
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    /// <summary>Norms have a learned gain.</summary>
    public bool NormScale { get; init; } = true;

    /// <summary>Norms have a learned bias.</summary>
    public bool NormBias { get; init; }

    /// <summary>Added to the mean square (or variance) before the root.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>The feed-forward block.</summary>
    public Activation Activation { get; init; } = Activation.SwiGlu;

    /// <summary>Positions.</summary>
    public PositionKind Position { get; init; } = PositionKind.Rope;

    /// <summary>
    /// Position ids there are, 0 to one less; 0 or left out: as many as <see cref="MaxPositions"/>. Training with skips needs more than the
    /// context has tokens, coupled positions fewer.
    /// </summary>
    public int NumPositionIds { get => numPositionIds == 0 ? MaxPositions : numPositionIds; init => numPositionIds = value; }

    /// <summary>
    /// A second head predicts the next token's position id, which generation then gives it (predictive position coupling; Golowich et al. 2025).
    /// </summary>
    public bool PredictsPositions { get; init; }

    /// <summary>Position T5: distances of a head are told apart in so many buckets, half of them exact, the rest on a logarithmic scale.</summary>
    public int T5Buckets { get; init; } = 32;

    /// <summary>Position T5: from this distance on all are one bucket.</summary>
    public int T5MaxDistance { get; init; } = 128;

    /// <summary>Position Fire: width of the network that turns normalised distances into biases.</summary>
    public int FireWidth { get; init; } = 32;

    /// <summary>Position Fire: before this position distances are not measured by the query's own but by this, where learning begins.</summary>
    public float FireThreshold { get; init; } = 512;

    /// <summary>Rotary base (theta): the slowest pair turns once in about 2 pi theta tokens. Unused without Rope.</summary>
    public double RopeBase { get; init; } = 10_000;

    /// <summary>
    /// How rotary frequencies are stretched for contexts longer than those trained on; null: not at all. Checked, a scaling of kind Ntk has
    /// become a larger <see cref="RopeBase"/>.
    /// </summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Query, key and value projections have a bias (Qwen2: yes).</summary>
    public bool QkvBias { get; init; }

    /// <summary>Attention's output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>The feed-forward matrices have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Each head's query and key pass an RMSNorm with a gain of [headDim] before the rotation.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>The output head is the token embedding.</summary>
    public bool TiedEmbeddings { get; init; } = true;

    /// <summary>Beginning-of-sequence token, if the vocabulary has one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>End-of-sequence token, if the vocabulary has one.</summary>
    public int? EosTokenId { get; init; }

    /// <summary>Padding token, if the vocabulary has one.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>"llama, 3 x 96, vocabulary 40, context 256", for messages.</summary>
    public string Shape => FormattableString.Invariant(
        $"{Family.ToString().ToLowerInvariant()}, {NumLayers} x {HiddenSize}, vocabulary {VocabularySize}, context {MaxPositions}");

    /// <summary>Width of all query heads together: numHeads * headDim.</summary>
    public int QuerySize => NumHeads * HeadDim;

    /// <summary>Width of all key (or value) heads together: numKvHeads * headDim.</summary>
    public int KeyValueSize => NumKvHeads * HeadDim;

    /// <summary>Parameters by kind, from the very tensors a checkpoint holds.</summary>
    public ParameterCount ParameterCount
    {
        get
        {
            var (embedding, rest) = (0L, 0L);
            foreach (var tensor in TensorLayout.Of(this))
            {
                if (tensor.IsEmbedding)
                {
                    embedding += tensor.NumElements;
                }
                else
                {
                    rest += tensor.NumElements;
                }
            }

            return new ParameterCount(embedding, rest);
        }
    }

    /// <summary>
    /// This configuration, checked, with derived sizes written out (so that equal models compare equal). Errors name the
    /// field as <paramref name="where"/>.fieldName, its value and what was expected.
    /// </summary>
    public ModelConfig Validated(string where = "model")
    {
        Check(where, "vocabularySize", VocabularySize, 1, MaxVocabularySize);
        if (PairTokens is { } pairs && (pairs.First < 0 || pairs.NumParts < 2 || (long)pairs.First + pairs.NumParts > VocabularySize))
        {
            throw Wrong(where, "pairTokens", $"{pairs.First}..{pairs.First + pairs.NumParts - 1L}", $"two tokens or more of the vocabulary, 0 to {VocabularySize - 1}");
        }

        Check(where, "hiddenSize", HiddenSize, 1, MaxWidth);
        Check(where, "numLayers", NumLayers, 1, MaxLayers);
        Check(where, "numHeads", NumHeads, 1, MaxWidth);
        Check(where, "numKvHeads", NumKvHeads, 1, NumHeads);
        Check(where, "intermediateSize", IntermediateSize, 1, MaxWidth);
        Check(where, "maxPositions", MaxPositions, 1, MaxContext);
        Check(where, "numPositionIds", NumPositionIds, 1, MaxContext);
        if (NumHeads % NumKvHeads != 0)
        {
            throw Wrong(where, "numKvHeads", NumKvHeads, $"a divisor of numHeads = {NumHeads}");
        }

        if (headDim == 0 && HiddenSize % NumHeads != 0)
        {
            throw Wrong(where, "numHeads", NumHeads, $"a divisor of hiddenSize = {HiddenSize} (or an explicit headDim)");
        }

        if (HeadDim is < 4 or > MaxWidth || HeadDim % 4 != 0)
        {
            throw Wrong(where, "headDim", HeadDim,
                $"a positive multiple of 4 (left out, it is hiddenSize / numHeads = {HiddenSize} / {NumHeads})");
        }

        if ((long)NumHeads * HeadDim > MaxWidth)
        {
            throw Wrong(where, "headDim", HeadDim, $"numHeads * headDim of at most {MaxWidth}");
        }

        CheckName(where, "family", Family);
        CheckName(where, "norm", Norm);
        CheckName(where, "activation", Activation);
        CheckName(where, "position", Position);
        if (!(NormEpsilon is > 0 and < 1))
        {
            throw Wrong(where, "normEpsilon", NormEpsilon, "a number between 0 and 1, both excluded");
        }

        if (!(RopeBase is > 1 and <= 1e12))
        {
            throw Wrong(where, "ropeBase", RopeBase, "a number above 1 and at most 1e12");
        }

        if (Position == PositionKind.T5)
        {
            Check(where, "t5Buckets", T5Buckets, 2, MaxContext);
            Check(where, "t5MaxDistance", T5MaxDistance, T5Buckets / 2 + 1, MaxContext);
        }

        if (Position == PositionKind.Fire)
        {
            Check(where, "fireWidth", FireWidth, 1, MaxWidth);
            Check(where, "numPositionIds", NumPositionIds, 1, MaxFireIds);
            if (!(FireThreshold is >= 1 and <= MaxContext))
            {
                throw Wrong(where, "fireThreshold", FireThreshold, $"a number from 1 to {MaxContext}");
            }
        }

        if (RopeScaling is not null && Position != PositionKind.Rope)
        {
            throw Wrong(where, "ropeScaling", RopeScaling.Kind, $"no scaling, since position is {Position}");
        }

        CheckToken(where, "bosTokenId", BosTokenId);
        CheckToken(where, "eosTokenId", EosTokenId);
        CheckToken(where, "padTokenId", PadTokenId);
        var scaling = RopeScaling?.Validated(where + ".ropeScaling", MaxPositions);
        var isNtk = scaling is { Kind: RopeScalingKind.Ntk };
        return this with
        {
            HeadDim = HeadDim,
            NumKvHeads = NumKvHeads,
            NumPositionIds = NumPositionIds,
            // A larger base is all there is to it, and what other programs read.
            RopeBase = isNtk ? RopeBase * ExactMath.Pow(scaling!.Factor, HeadDim / (HeadDim - 2.0)) : RopeBase,
            RopeScaling = isNtk ? null : scaling,
        };
    }

    private void CheckToken(string where, string field, int? id)
    {
        if (id is { } value && (uint)value >= (uint)VocabularySize)
        {
            throw Wrong(where, field, value, $"a token of the vocabulary: 0 .. {VocabularySize - 1}");
        }
    }

    private static void Check(string where, string field, int value, int low, int high)
    {
        if (value < low || value > high)
        {
            throw Wrong(where, field, value, $"a whole number from {low} to {high}");
        }
    }

    private static void CheckName<T>(string where, string field, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw Wrong(where, field, value, string.Join(", ", Enum.GetNames<T>()));
        }
    }

    private static UserError Wrong(string where, string field, object value, string expected) => UserError.Request(
        $"{where}.{field}", $"is {Convert.ToString(value, CultureInfo.InvariantCulture)}", expected);
}
