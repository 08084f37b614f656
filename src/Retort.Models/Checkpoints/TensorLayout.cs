namespace Retort.Models.Checkpoints;

/// <summary>One named tensor of a checkpoint.</summary>
/// <param name="Name">The Hugging Face name, e.g. "model.layers.0.self_attn.q_proj.weight".</param>
/// <param name="Shape">Matrices are [out, in], the embedding [vocabulary, hidden].</param>
/// <param name="IsEmbedding">Counted as embedding parameters: token embedding, positions, output head.</param>
public sealed record TensorSpec(string Name, IReadOnlyList<int> Shape, bool IsEmbedding = false)
{
    /// <summary>Product of the shape.</summary>
    public long NumElements => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>
/// The tensors a model has, by the names and shapes of its family. Llama and Qwen2 share their names; options neither has
/// take names in the same manner: q_norm and k_norm as in Qwen3, embed_positions as in OPT.
/// </summary>
public static class TensorLayout
{
    /// <summary>[vocabulary, hidden].</summary>
    public const string TokenEmbedding = "model.embed_tokens.weight";

    /// <summary>[numPositionIds, hidden]; only where position ids are predicted.</summary>
    public const string PositionHead = "position_head.weight";

    /// <summary>[numPositionIds, hidden]; learned positions only.</summary>
    public const string PositionEmbedding = "model.embed_positions.weight";

    /// <summary>[buckets, heads]; position T5 only.</summary>
    public const string BucketBias = "model.attention_bias.weight";

    /// <summary>[2], c and m of the normalised distances; position Fire only.</summary>
    public const string FireDistances = "model.fire.distances";

    /// <summary>Prefix of "weight" [width, 1] and "bias" [width] of the network's first layer; position Fire only.</summary>
    public const string FireInner = "model.fire.inner";

    /// <summary>[heads, width], its second layer; position Fire only.</summary>
    public const string FireOuter = "model.fire.outer.weight";

    /// <summary>[hidden]: prefix of the final norm's "weight" and "bias".</summary>
    public const string FinalNorm = "model.norm";

    /// <summary>[vocabulary, hidden]; absent when tied.</summary>
    public const string OutputHead = "lm_head.weight";

    /// <summary>Prefix of a layer's tensors, with its closing dot.</summary>
    public static string Layer(int layer) => $"model.layers.{layer}.";

    /// <summary>All tensors in the order a forward pass meets them.</summary>
    public static IReadOnlyList<TensorSpec> Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var (hidden, tensors) = (config.HiddenSize, new List<TensorSpec>());
        tensors.Add(new(TokenEmbedding, [config.VocabularySize, hidden], IsEmbedding: true));
        if (config.Position == PositionKind.Learned)
        {
            tensors.Add(new(PositionEmbedding, [config.NumPositionIds, hidden], IsEmbedding: true));
        }

        if (config.Position == PositionKind.T5)
        {
            tensors.Add(new(BucketBias, [config.T5Buckets, config.NumHeads]));
        }
        else if (config.Position == PositionKind.Fire)
        {
            tensors.Add(new(FireDistances, [2]));
            tensors.Add(new(FireInner + ".weight", [config.FireWidth, 1]));
            tensors.Add(new(FireInner + ".bias", [config.FireWidth]));
            tensors.Add(new(FireOuter, [config.NumHeads, config.FireWidth]));
        }

        for (var layer = 0; layer < config.NumLayers; layer++)
        {
            AddLayer(tensors, config, Layer(layer));
        }

        AddNorm(tensors, config, FinalNorm);
        if (!config.TiedEmbeddings)
        {
            tensors.Add(new(OutputHead, [config.VocabularySize, hidden], IsEmbedding: true));
        }

        if (config.PredictsPositions)
        {
            tensors.Add(new(PositionHead, [config.NumPositionIds, hidden], IsEmbedding: true));
        }

        return tensors;
    }

    private static void AddLayer(List<TensorSpec> tensors, ModelConfig config, string prefix)
    {
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        AddNorm(tensors, config, prefix + "input_layernorm");
        AddLinear(tensors, prefix + "self_attn.q_proj", config.QuerySize, hidden, config.QkvBias);
        AddLinear(tensors, prefix + "self_attn.k_proj", config.KeyValueSize, hidden, config.QkvBias);
        AddLinear(tensors, prefix + "self_attn.v_proj", config.KeyValueSize, hidden, config.QkvBias);
        if (config.QueryKeyNorm)
        {
            tensors.Add(new(prefix + "self_attn.q_norm.weight", [config.HeadDim]));
            tensors.Add(new(prefix + "self_attn.k_norm.weight", [config.HeadDim]));
        }

        AddLinear(tensors, prefix + "self_attn.o_proj", hidden, config.QuerySize, config.OutputBias);
        AddNorm(tensors, config, prefix + "post_attention_layernorm");
        if (config.Activation == Activation.SwiGlu)
        {
            AddLinear(tensors, prefix + "mlp.gate_proj", inner, hidden, config.MlpBias);
        }

        AddLinear(tensors, prefix + "mlp.up_proj", inner, hidden, config.MlpBias);
        AddLinear(tensors, prefix + "mlp.down_proj", hidden, inner, config.MlpBias);
    }

    private static void AddLinear(List<TensorSpec> tensors, string prefix, int numOut, int numIn, bool bias)
    {
        tensors.Add(new(prefix + ".weight", [numOut, numIn]));
        if (bias)
        {
            tensors.Add(new(prefix + ".bias", [numOut]));
        }
    }

    private static void AddNorm(List<TensorSpec> tensors, ModelConfig config, string prefix)
    {
        if (config.NormScale)
        {
            tensors.Add(new(prefix + ".weight", [config.HiddenSize]));
        }

        if (config.NormBias)
        {
            tensors.Add(new(prefix + ".bias", [config.HiddenSize]));
        }
    }
}
