using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>
/// <see cref="ModelConfig"/> as the config.json of transformers. A model that Llama or Qwen2 can express is written as
/// exactly that. Any other is written with the model type "retort", so that other programs refuse it instead of computing
/// something else, and with our own fields in an object "retort".
/// </summary>
public static class HuggingFaceConfig
{
    /// <summary>The file's name inside a checkpoint.</summary>
    public const string FileName = "config.json";

    private static readonly string[] ModelTypes = ["llama", "qwen2", "retort"];

    private static readonly string[] RetortFields =
    [
        "family", "norm", "normScale", "normBias", "activation", "position", "qkvBias", "outputBias", "mlpBias",
        "queryKeyNorm", "numPositionIds", "predictsPositions", "firstPairPart", "numPairParts", "t5Buckets", "t5MaxDistance",
        "fireWidth", "fireThreshold",
    ];

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Reads and checks a config.json.</summary>
    public static ModelConfig Read(string path)
    {
        var fields = JsonFields.OfFile(path);
        var modelType = fields.RequireText("model_type");
        if (!ModelTypes.Contains(modelType))
        {
            throw fields.Wrong("model_type", fields.Require("model_type"), string.Join(", ", ModelTypes),
                NearestName.Of(modelType, ModelTypes));
        }

        var family = modelType == "qwen2" ? ModelFamily.Qwen2 : ModelFamily.Llama;
        RefuseUnsupported(fields);
        var attentionBias = family == ModelFamily.Llama && (fields.FindBool("attention_bias") ?? false);
        var config = new ModelConfig
        {
            Family = family,
            VocabularySize = fields.RequireInt("vocab_size"),
            HiddenSize = fields.RequireInt("hidden_size"),
            NumLayers = fields.RequireInt("num_hidden_layers"),
            NumHeads = fields.RequireInt("num_attention_heads"),
            NumKvHeads = fields.FindInt("num_key_value_heads") ?? 0,
            HeadDim = fields.FindInt("head_dim") ?? 0,
            IntermediateSize = fields.RequireInt("intermediate_size"),
            MaxPositions = fields.RequireInt("max_position_embeddings"),
            NormEpsilon = (float)RequireNumber(fields, "rms_norm_eps"),
            RopeBase = RopeBase(fields),
            RopeScaling = RopeScalingFields.Read(fields),
            QkvBias = family == ModelFamily.Qwen2 || attentionBias,
            OutputBias = attentionBias,
            MlpBias = family == ModelFamily.Llama && (fields.FindBool("mlp_bias") ?? false),
            // Absent means untied to both families.
            TiedEmbeddings = fields.FindBool("tie_word_embeddings") ?? false,
            BosTokenId = TokenId(fields, "bos_token_id"),
            EosTokenId = TokenId(fields, "eos_token_id"),
            PadTokenId = TokenId(fields, "pad_token_id"),
        };
        if (modelType == "retort")
        {
            config = WithRetortFields(config, fields.RequireObject("retort"));
        }

        return config.Validated(path);
    }

    /// <summary>The file's text. <paramref name="type"/> is the weights' format on disk.</summary>
    public static byte[] Write(ModelConfig config, TensorType type = TensorType.F32)
    {
        config = config.Validated();
        var (modelType, architecture) = IsLlama(config) ? ("llama", "LlamaForCausalLM")
            : IsQwen2(config) ? ("qwen2", "Qwen2ForCausalLM") : ("retort", "RetortForCausalLM");
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, Indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(architecture);
            json.WriteEndArray();
            json.WriteString("model_type", modelType);
            json.WriteNumber("vocab_size", config.VocabularySize);
            json.WriteNumber("hidden_size", config.HiddenSize);
            json.WriteNumber("intermediate_size", config.IntermediateSize);
            json.WriteNumber("num_hidden_layers", config.NumLayers);
            json.WriteNumber("num_attention_heads", config.NumHeads);
            json.WriteNumber("num_key_value_heads", config.NumKvHeads);
            json.WriteNumber("head_dim", config.HeadDim);
            json.WriteNumber("max_position_embeddings", config.MaxPositions);
            json.WriteString("hidden_act", HiddenActivation(config.Activation));
            json.WriteNumber("rms_norm_eps", config.NormEpsilon);
            json.WriteNumber("rope_theta", config.RopeBase);
            RopeScalingFields.Write(json, config.RopeScaling);
            if (modelType == "llama")
            {
                json.WriteBoolean("attention_bias", config.QkvBias);
                json.WriteBoolean("mlp_bias", config.MlpBias);
            }
            else if (modelType == "qwen2")
            {
                json.WriteBoolean("use_sliding_window", false);
            }

            json.WriteNumber("attention_dropout", 0.0);
            json.WriteNumber("initializer_range", 0.02);
            json.WriteBoolean("tie_word_embeddings", config.TiedEmbeddings);
            WriteToken(json, "bos_token_id", config.BosTokenId);
            WriteToken(json, "eos_token_id", config.EosTokenId);
            WriteToken(json, "pad_token_id", config.PadTokenId);
            json.WriteString("torch_dtype", type switch
            {
                TensorType.F32 => "float32",
                TensorType.BF16 => "bfloat16",
                _ => "float16",
            });
            json.WriteBoolean("use_cache", true);
            if (modelType == "retort")
            {
                WriteRetortFields(json, config);
            }

            json.WriteEndObject();
        }

        memory.WriteByte((byte)'\n');
        return memory.ToArray();
    }

    private static bool IsLlama(ModelConfig config) => config.Family == ModelFamily.Llama && IsPlain(config)
        && config.QkvBias == config.OutputBias;

    private static bool IsQwen2(ModelConfig config) => config.Family == ModelFamily.Qwen2 && IsPlain(config)
        && config is { QkvBias: true, OutputBias: false, MlpBias: false };

    private static bool IsPlain(ModelConfig config) => config is
    {
        Norm: NormKind.RmsNorm, NormScale: true, NormBias: false, Activation: Activation.SwiGlu,
        Position: PositionKind.Rope, QueryKeyNorm: false, PredictsPositions: false,
    } && config.NumPositionIds == config.MaxPositions && config.PairTokens is null;

    private static string HiddenActivation(Activation activation) => activation switch
    {
        Activation.SwiGlu => "silu",
        Activation.Gelu => "gelu_pytorch_tanh",
        _ => "relu",
    };

    private static void WriteRetortFields(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartObject("retort");
        json.WriteString("family", config.Family.ToString());
        json.WriteString("norm", config.Norm.ToString());
        json.WriteBoolean("normScale", config.NormScale);
        json.WriteBoolean("normBias", config.NormBias);
        json.WriteString("activation", config.Activation.ToString());
        json.WriteString("position", config.Position.ToString());
        json.WriteBoolean("qkvBias", config.QkvBias);
        json.WriteBoolean("outputBias", config.OutputBias);
        json.WriteBoolean("mlpBias", config.MlpBias);
        json.WriteBoolean("queryKeyNorm", config.QueryKeyNorm);
        json.WriteNumber("numPositionIds", config.NumPositionIds);
        json.WriteBoolean("predictsPositions", config.PredictsPositions);
        if (config.PairTokens is { } pairs)
        {
            json.WriteNumber("firstPairPart", pairs.First);
            json.WriteNumber("numPairParts", pairs.NumParts);
        }

        if (config.Position == PositionKind.T5)
        {
            json.WriteNumber("t5Buckets", config.T5Buckets);
            json.WriteNumber("t5MaxDistance", config.T5MaxDistance);
        }
        else if (config.Position == PositionKind.Fire)
        {
            json.WriteNumber("fireWidth", config.FireWidth);
            json.WriteNumber("fireThreshold", config.FireThreshold);
        }

        json.WriteEndObject();
    }

    private static ModelConfig WithRetortFields(ModelConfig config, JsonFields fields)
    {
        fields.AllowOnly(RetortFields);
        return config with
        {
            Family = Name(fields, "family", config.Family),
            Norm = Name(fields, "norm", config.Norm),
            NormScale = fields.FindBool("normScale") ?? config.NormScale,
            NormBias = fields.FindBool("normBias") ?? config.NormBias,
            Activation = Name(fields, "activation", config.Activation),
            Position = Name(fields, "position", config.Position),
            QkvBias = fields.FindBool("qkvBias") ?? false,
            OutputBias = fields.FindBool("outputBias") ?? false,
            MlpBias = fields.FindBool("mlpBias") ?? false,
            QueryKeyNorm = fields.FindBool("queryKeyNorm") ?? false,
            NumPositionIds = fields.FindInt("numPositionIds") ?? 0,
            PredictsPositions = fields.FindBool("predictsPositions") ?? false,
            PairTokens = fields.FindInt("numPairParts") is { } parts ? new PairTokens(fields.RequireInt("firstPairPart"), parts) : null,
            T5Buckets = fields.FindInt("t5Buckets") ?? config.T5Buckets,
            T5MaxDistance = fields.FindInt("t5MaxDistance") ?? config.T5MaxDistance,
            FireWidth = fields.FindInt("fireWidth") ?? config.FireWidth,
            FireThreshold = (float?)fields.FindNumber("fireThreshold") ?? config.FireThreshold,
        };
    }

    private static T Name<T>(JsonFields fields, string field, T fallback)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>();
        return fields.FindText(field) is not { } text ? fallback
            : names.Contains(text) ? Enum.Parse<T>(text)
            : throw fields.Wrong(field, fields.Require(field), string.Join(", ", names), NearestName.Of(text, names));
    }

    private static double RequireNumber(JsonFields fields, string name)
    {
        fields.Require(name);
        return fields.FindNumber(name)!.Value;
    }

    private static double RopeBase(JsonFields fields)
    {
        // transformers 5 moved rope_theta into rope_parameters.
        var parameters = fields.FindObject("rope_parameters");
        return parameters?.FindNumber("rope_theta") ?? fields.FindNumber("rope_theta") ?? 10_000;
    }

    private static void RefuseUnsupported(JsonFields fields)
    {
        var modelType = fields.RequireText("model_type");
        if (modelType != "retort" && fields.FindText("hidden_act") is not null and not "silu" and not "swish")
        {
            throw fields.Wrong("hidden_act", fields.Require("hidden_act"), "\"silu\"");
        }

        // Llama's code has no window at all; Qwen2 turns it on by this flag only.
        if (fields.FindBool("use_sliding_window") == true)
        {
            throw fields.Wrong("use_sliding_window", fields.Require("use_sliding_window"), "false: windows are not supported");
        }

        if (fields.Find("quantization_config") is { } quantization)
        {
            throw fields.Wrong("quantization_config", quantization, "weights that are not quantized");
        }
    }

    private static int? TokenId(JsonFields fields, string name)
    {
        // Several end tokens come as a list; the first is the model's own, the rest are read from generation_config.json.
        if (fields.Find(name) is not { ValueKind: JsonValueKind.Array } list)
        {
            return fields.FindInt(name);
        }

        return list.GetArrayLength() == 0 ? null
            : list[0].ValueKind == JsonValueKind.Number && list[0].TryGetInt32(out var first) ? first
            : throw fields.Wrong(name, list, "token ids");
    }

    private static void WriteToken(Utf8JsonWriter json, string name, int? id)
    {
        if (id is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
