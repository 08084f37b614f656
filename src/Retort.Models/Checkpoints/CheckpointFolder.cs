using System.Text.Json;
using System.Text.Json.Nodes;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Checkpoints;

/// <summary>
/// Writes checkpoint folders in the Hugging Face layout, whole or not at all (<see cref="AtomicFolder"/>).
/// </summary>
public static class CheckpointFolder
{
    /// <summary>The file with the tokens generation starts and ends with.</summary>
    public const string GenerationConfigName = "generation_config.json";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };
    private static readonly JsonSerializerOptions IndentedText = new() { WriteIndented = true };

    /// <summary>
    /// Writes config.json, model.safetensors, generation_config.json, the tokenizer's files and whatever
    /// <paramref name="addFiles"/> puts into the folder it is given (training state). The tensors must be those of
    /// <see cref="TensorLayout.Of"/>. A checkpoint already there is replaced as a whole; a folder of anything else is not touched.
    /// </summary>
    public static void Write(
        string folder, ModelConfig config, IEnumerable<TensorToWrite> tensors, ITokenizer? tokenizer,
        TensorType type = TensorType.F32, Action<string>? addFiles = null)
    {
        var list = tensors.ToArray();
        CheckTensors(config, list);
        AtomicFolder.Write(folder, "checkpoint", HuggingFaceConfig.FileName, partial =>
        {
            var configJson = HuggingFaceConfig.Write(config, type);
            AtomicFile.Write(Path.Combine(partial, HuggingFaceConfig.FileName), stream => stream.Write(configJson));
            SafetensorsWriter.Write(Path.Combine(partial, SafetensorsFolder.FileName), list, type);
            var generationJson = GenerationConfig(config);
            AtomicFile.Write(Path.Combine(partial, GenerationConfigName), stream => stream.Write(generationJson));
            tokenizer?.Save(partial);
            addFiles?.Invoke(partial);
        });
    }

    /// <summary>Puts the end tokens into a checkpoint's generation_config.json, where they are more than the one of config.json.</summary>
    public static void WriteEndTokens(string folder, ModelConfig config, IReadOnlyList<int> endTokenIds)
    {
        if (endTokenIds.All(id => id == config.EosTokenId))
        {
            return;
        }

        var path = Path.Combine(folder, GenerationConfigName);
        var fields = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        fields["eos_token_id"] = new JsonArray([.. endTokenIds.Select(id => JsonValue.Create(id))]);
        AtomicFile.WriteText(path, fields.ToJsonString(IndentedText) + "\n");
    }

    private static void CheckTensors(ModelConfig config, TensorToWrite[] tensors)
    {
        var given = tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var expected = TensorLayout.Of(config);
        if (given.Count != expected.Count
            || expected.FirstOrDefault(spec => !given.TryGetValue(spec.Name, out var shape) || !shape.SequenceEqual(spec.Shape)) is not null)
        {
            throw new ArgumentException("the tensors are not those of the configuration", nameof(tensors));
        }
    }

    private static byte[] GenerationConfig(ModelConfig config)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, Indented))
        {
            json.WriteStartObject();
            json.WriteBoolean("_from_model_config", true);
            foreach (var (name, id) in new[]
            {
                ("bos_token_id", config.BosTokenId), ("eos_token_id", config.EosTokenId), ("pad_token_id", config.PadTokenId),
            })
            {
                if (id is { } value)
                {
                    json.WriteNumber(name, value);
                }
            }

            json.WriteEndObject();
        }

        memory.WriteByte((byte)'\n');
        return memory.ToArray();
    }
}
