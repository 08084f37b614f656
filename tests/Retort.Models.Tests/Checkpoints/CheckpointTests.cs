using System.Text;
using Retort.Core;
using Retort.Models.Checkpoints;

namespace Retort.Models.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private static readonly ModelConfig Tiny = new ModelConfig
    {
        VocabularySize = 7,
        HiddenSize = 8,
        NumLayers = 2,
        NumHeads = 2,
        NumKvHeads = 1,
        IntermediateSize = 12,
        MaxPositions = 16,
        BosTokenId = 1,
        EosTokenId = 2,
    }.Validated();

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<ModelConfig, string> Configs => new()
    {
        { Tiny, "llama" },
        { Tiny with { TiedEmbeddings = false, RopeBase = 500_000, NormEpsilon = 1e-6f, PadTokenId = 0 }, "llama" },
        { Tiny with { QkvBias = true, OutputBias = true, MlpBias = true }, "llama" },
        { Tiny with { HeadDim = 16 }, "llama" },
        { Tiny with { Family = ModelFamily.Qwen2, QkvBias = true }, "qwen2" },
        { Tiny with { QkvBias = true }, "retort" },
        { Tiny with { Family = ModelFamily.Qwen2 }, "retort" },
        { Tiny with { Norm = NormKind.LayerNorm, NormBias = true, Activation = Activation.Gelu, Position = PositionKind.Learned, MlpBias = true }, "retort" },
        { Tiny with { NormScale = false, Activation = Activation.Relu, Position = PositionKind.None, QueryKeyNorm = true }, "retort" },
    };

    [Theory]
    [MemberData(nameof(Configs), DisableDiscoveryEnumeration = true)]
    public void A_checkpoint_reads_back_as_written(ModelConfig config, string modelType)
    {
        var path = folder.File("model");
        CheckpointFolder.Write(path, config, Tensors(config, 3), tokenizer: null);
        Assert.Contains($"\"model_type\": \"{modelType}\"", File.ReadAllText(Path.Combine(path, "config.json")), StringComparison.Ordinal);
        using var source = Checkpoint.Open(path);
        Assert.Equal(config, source.Config);
        Assert.Equal([2], source.EndTokenIds);
        Assert.Equal(TensorLayout.Of(config).Select(spec => spec.Name), source.Names);
        foreach (var tensor in Tensors(config, 3))
        {
            Assert.Equal(tensor.Shape, source.Shape(tensor.Name));
            Assert.Equal(Values(tensor), Read(source, tensor.Name));
        }
    }

    [Fact]
    public void Writing_again_replaces_the_folder_as_a_whole_and_keeps_what_the_caller_adds()
    {
        var path = folder.File("model");
        CheckpointFolder.Write(path, Tiny, Tensors(Tiny, 1), null, addFiles: at => File.WriteAllText(Path.Combine(at, "step"), "1"));
        CheckpointFolder.Write(path, Tiny, Tensors(Tiny, 2), null);
        Assert.False(File.Exists(Path.Combine(path, "step")));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors"],
            Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Order());
        Assert.Equal(["model"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
        using var source = Checkpoint.Open(path);
        Assert.Equal(Values(Tensors(Tiny, 2)[0]), Read(source, TensorLayout.TokenEmbedding));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_checkpoint_and_nothing_else()
    {
        var path = folder.File("model");
        CheckpointFolder.Write(path, Tiny, Tensors(Tiny, 1), null);
        var before = File.ReadAllBytes(Path.Combine(path, "model.safetensors"));
        Assert.Throws<InvalidOperationException>(() => CheckpointFolder.Write(
            path, Tiny, Tensors(Tiny, 2), null, addFiles: _ => throw new InvalidOperationException()));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(path, "model.safetensors")));
        Assert.Equal(["model"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_replacement_cut_off_between_its_renames_is_undone_on_opening()
    {
        var path = folder.File("model");
        CheckpointFolder.Write(path, Tiny, Tensors(Tiny, 1), null);
        Directory.Move(path, path + ".old");
        using var source = Checkpoint.Open(path);
        Assert.Equal(Tiny, source.Config);
    }

    [Fact]
    public void A_folder_of_other_things_is_not_replaced()
    {
        folder.Write("thesis.txt", "years of work");
        var error = Assert.Throws<UserError>(() => CheckpointFolder.Write(folder.Path, Tiny, Tensors(Tiny, 1), null));
        Assert.Contains("would be replaced", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("thesis.txt")));
    }

    [Fact]
    public void Shards_read_as_one_model_and_must_agree_with_their_index()
    {
        var tensors = Tensors(Tiny, 5);
        folder.Write("config.json", Encoding.UTF8.GetString(HuggingFaceConfig.Write(Tiny)));
        SafetensorsWriter.Write(folder.File("m-1.safetensors"), tensors.Take(4), TensorType.BF16);
        SafetensorsWriter.Write(folder.File("m-2.safetensors"), tensors.Skip(4));
        var lines = tensors.Select((tensor, i) => $"\"{tensor.Name}\": \"m-{(i < 4 ? 1 : 2)}.safetensors\"").ToArray();
        void WriteIndex(IEnumerable<string> entries) => folder.Write(
            "model.safetensors.index.json", $"{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{string.Join(",", entries)}}}}}");
        WriteIndex(lines);
        using (var source = Checkpoint.Open(folder.Path))
        {
            Assert.Equal(Values(tensors[^1]), Read(source, tensors[^1].Name));
            Assert.Equal(Values(tensors[0]).Select(TensorTypes.ToBFloat16).Select(TensorTypes.FromBFloat16), Read(source, tensors[0].Name));
        }

        WriteIndex(lines.Skip(1));
        AssertRefused($"does not list tensor '{tensors[0].Name}'");
        WriteIndex([.. lines, "\"model.extra\": \"m-2.safetensors\""]);
        AssertRefused("promises tensor 'model.extra' in m-2.safetensors");
        WriteIndex([.. lines, "\"model.extra\": \"../m-3.safetensors\""]);
        AssertRefused("is not a plain file name");
        WriteIndex([.. lines, "\"model.extra\": \"m-3.safetensors\""]);
        AssertRefused("m-3.safetensors: does not exist");
    }

    [Fact]
    public void Missing_extra_and_misshapen_tensors_are_named()
    {
        folder.Write("config.json", Encoding.UTF8.GetString(HuggingFaceConfig.Write(Tiny)));
        var tensors = Tensors(Tiny, 1);
        void Write(IEnumerable<TensorToWrite> list) => SafetensorsWriter.Write(folder.File("model.safetensors"), list);
        Write(tensors.Select(tensor => tensor.Name == "model.norm.weight" ? tensor with { Name = "model.norm.weigth" } : tensor));
        AssertRefused("has no tensor 'model.norm.weight'; expected 20 tensors by its configuration; did you mean 'model.norm.weigth'?");
        Write([.. tensors, new("model.layers.2.mlp.up_proj.weight", [1], _ => { })]);
        AssertRefused("has 1 tensors its configuration does not know: 'model.layers.2.mlp.up_proj.weight'");
        Write(tensors.Select(tensor => tensor.Name == "model.norm.weight" ? tensor with { Shape = [2, 4] } : tensor));
        AssertRefused("tensor 'model.norm.weight': has shape [2, 4]; expected [8]");
        Write([.. tensors, new("lm_head.weight", [7, 8], _ => { }), new("model.layers.0.self_attn.rotary_emb.inv_freq", [2], _ => { })]);
        Checkpoint.Open(folder.Path).Dispose();
    }

    public static TheoryData<string, string> BadConfigs => new()
    {
        { """{"model_type":"lama"}""", "model_type: is \"lama\"; expected llama, qwen2, retort; did you mean 'llama'?" },
        { """{"modeltype":"llama"}""", "has no field 'model_type'; did you mean 'modeltype'?" },
        { """{"model_type":"llama","vocab_size":"many"}""", "vocab_size: is \"many\"; expected a whole number" },
        { """{"model_type":"llama","vocab_size":7,"hidden_sise":8}""", "has no field 'hidden_size'; did you mean 'hidden_sise'?" },
        { """{"model_type":"llama","rope_scaling":{"rope_type":"llama4","factor":8}}""", "rope_scaling: asks for llama4 positions; expected default, linear, yarn, llama3; did you mean 'llama3'?" },
        { """{"model_type":"llama","rope_scaling":{"type":"dynamic","factor":8}}""", "asks for dynamic positions, which change with the length of a sequence" },
        { """{"model_type":"qwen2","rope_parameters":{"rope_type":"yarn"}}""", "rope_parameters: has no factor" },
        { """{"model_type":"qwen2","rope_scaling":{"rope_type":"linear","factor":0.5}}""", "ropeScaling.factor: is 0.5; expected a number from 1 to 1e6" },
        { """{"model_type":"llama","hidden_act":"gelu"}""", "hidden_act: is \"gelu\"; expected \"silu\"" },
        { """{"model_type":"qwen2","use_sliding_window":true}""", "use_sliding_window: is true" },
        { """{"model_type":"llama","quantization_config":{"bits":4}}""", "expected weights that are not quantized" },
        { """{"model_type":"llama","tie_word_embeddings":1}""", "tie_word_embeddings: is 1; expected true or false" },
        { """{"model_type":"retort","retort":{"norn":"LayerNorm"}}""", "has an unknown field 'norn'" },
        { """{"model_type":"retort","retort":{"norm":"Layernorm"}}""", "did you mean 'LayerNorm'?" },
        { """{"model_type":"llama","num_attention_heads":3}""", "numHeads: is 3; expected a divisor of hiddenSize = 8" },
        { """{"model_type":"llama",""", "is not well-formed JSON" },
        { """["llama"]""", "expected a JSON object" },
    };

    [Theory]
    [MemberData(nameof(BadConfigs))]
    public void A_wrong_config_is_one_message(string json, string message)
    {
        // Fields the case does not name are given sound values, so that only its own fault speaks.
        var sound = """ "hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,"max_position_embeddings":8,"rms_norm_eps":1e-5,"vocab_size":7 """;
        if (json.EndsWith('}') && !json.Contains("has no", StringComparison.Ordinal) && !message.StartsWith("has no field", StringComparison.Ordinal))
        {
            var extra = sound.Split(',').Where(field => !json.Contains(field.Split(':')[0].Trim(), StringComparison.Ordinal));
            json = $"{json[..^1]},{string.Join(",", extra)}}}";
        }

        folder.Write("config.json", json);
        AssertRefused(message);
    }

    [Fact]
    public void The_newer_rope_parameters_and_several_end_tokens_are_understood()
    {
        CheckpointFolder.Write(folder.File("m"), Tiny, Tensors(Tiny, 1), null);
        var path = Path.Combine(folder.File("m"), "config.json");
        var text = File.ReadAllText(path)
            .Replace("\"rope_theta\": 10000,", "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 250000.0},", StringComparison.Ordinal)
            .Replace("\"eos_token_id\": 2", "\"eos_token_id\": [2, 4]", StringComparison.Ordinal);
        File.WriteAllText(path, text);
        File.WriteAllText(Path.Combine(folder.File("m"), "generation_config.json"), """{"eos_token_id":[2,6]}""");
        using var source = Checkpoint.Open(folder.File("m"));
        Assert.Equal(250_000, source.Config.RopeBase);
        Assert.Equal([2, 4, 6], source.EndTokenIds);
    }

    [Fact]
    public void What_is_no_checkpoint_is_said_to_be_none()
    {
        Assert.Contains("does not exist", Assert.Throws<UserError>(() => Checkpoint.Open(folder.File("nowhere"))).Message, StringComparison.Ordinal);
        var file = folder.Write("model.gguf", "GGUF");
        Assert.Contains("is a file", Assert.Throws<UserError>(() => Checkpoint.Open(file)).Message, StringComparison.Ordinal);
    }

    private void AssertRefused(string message)
    {
        var error = Assert.Throws<UserError>(() => Checkpoint.Open(folder.Path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    internal static TensorToWrite[] Tensors(ModelConfig config, ulong seed) =>
    [
        .. TensorLayout.Of(config).Select((spec, i) => new TensorToWrite(spec.Name, spec.Shape, destination =>
        {
            var random = CounterRandom.For(seed, "weights", (ulong)i);
            foreach (ref var value in destination)
            {
                value = (float)random.NextGaussian();
            }
        })),
    ];

    private static float[] Values(TensorToWrite tensor)
    {
        var values = new float[tensor.Shape.Aggregate(1, (product, size) => product * size)];
        tensor.Fill(values);
        return values;
    }

    private static float[] Read(ITensorSource source, string name)
    {
        var values = new float[source.Shape(name).Aggregate(1, (product, size) => product * size)];
        source.Read(name, values);
        return values;
    }
}
