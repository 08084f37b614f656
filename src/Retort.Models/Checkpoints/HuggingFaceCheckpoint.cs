using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>A checkpoint folder in the Hugging Face layout: config.json and safetensors, one file or shards.</summary>
public sealed class HuggingFaceCheckpoint : ITensorSource
{
    private readonly SafetensorsFolder weights;

    private HuggingFaceCheckpoint(ModelConfig config, IReadOnlyList<int> endTokenIds, SafetensorsFolder weights)
    {
        (Config, EndTokenIds, this.weights) = (config, endTokenIds, weights);
        Names = [.. TensorLayout.Of(config).Select(tensor => tensor.Name)];
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> EndTokenIds { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Opens a folder and checks that its tensors are those of its configuration.</summary>
    public static HuggingFaceCheckpoint Open(string folder)
    {
        AtomicFolder.Recover(folder);
        if (!Directory.Exists(folder))
        {
            throw UserError.Request(folder, "does not exist", "a checkpoint folder, or a llama2.c model (.bin)");
        }

        var config = HuggingFaceConfig.Read(Path.Combine(folder, HuggingFaceConfig.FileName));
        var endTokenIds = ReadEndTokenIds(folder, config);
        var weights = SafetensorsFolder.Open(folder);
        try
        {
            weights.Expect(TensorLayout.Of(config), name => IsHarmless(name, config));
            return new HuggingFaceCheckpoint(config, endTokenIds, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => weights.Shape(name);

    /// <inheritdoc/>
    public void Read(string name, Span<float> destination) => weights.Read(name, destination);

    /// <inheritdoc/>
    public void Dispose() => weights.Dispose();

    /// <summary>Rotary tables that old versions saved, and a tied head saved a second time: transformers reads neither.</summary>
    private static bool IsHarmless(string name, ModelConfig config) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || (config.TiedEmbeddings && name == TensorLayout.OutputHead);

    private static int[] ReadEndTokenIds(string folder, ModelConfig config)
    {
        var ids = new List<int>();
        if (config.EosTokenId is { } own)
        {
            ids.Add(own);
        }

        foreach (var path in new[] { HuggingFaceConfig.FileName, CheckpointFolder.GenerationConfigName }.Select(name => Path.Combine(folder, name)))
        {
            if (!File.Exists(path))
            {
                continue;
            }

            var fields = JsonFields.OfFile(path);
            var listed = fields.Find("eos_token_id") switch
            {
                null => [],
                { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
                { } single => new[] { single },
            };
            foreach (var item in listed)
            {
                ids.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0 && id < config.VocabularySize
                    ? id : throw fields.Wrong("eos_token_id", item, $"tokens of the vocabulary: 0 .. {config.VocabularySize - 1}"));
            }
        }

        return [.. ids.Distinct()];
    }
}
