using System.Text.Json;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Checkpoints;

/// <summary>
/// Writes checkpoint folders in the Hugging Face layout. The new folder is complete before it takes the old one's place;
/// if the power fails between the two renames, <see cref="Recover"/> brings the old one back.
/// </summary>
public static class CheckpointFolder
{
    /// <summary>The file with the tokens generation starts and ends with.</summary>
    public const string GenerationConfigName = "generation_config.json";

    private const string NewSuffix = ".partial", OldSuffix = ".old";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>
    /// Writes config.json, model.safetensors, generation_config.json, the tokenizer's files and whatever
    /// <paramref name="addFiles"/> puts into the folder it is given (training state). The tensors must be those of
    /// <see cref="TensorLayout.Of"/>. A checkpoint already there is replaced as a whole; a folder of anything else is not touched.
    /// </summary>
    public static void Write(
        string folder, ModelConfig config, IEnumerable<TensorToWrite> tensors, ITokenizer? tokenizer,
        TensorType type = TensorType.F32, Action<string>? addFiles = null)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var list = tensors.ToArray();
        CheckTensors(config, list);
        Recover(folder);
        RefuseForeign(folder);
        var partial = folder + NewSuffix;
        Attempt(folder, () => DeleteIfThere(partial));
        try
        {
            Attempt(folder, () => Directory.CreateDirectory(partial));
            var configJson = HuggingFaceConfig.Write(config, type);
            AtomicFile.Write(Path.Combine(partial, HuggingFaceConfig.FileName), stream => stream.Write(configJson));
            SafetensorsWriter.Write(Path.Combine(partial, SafetensorsFolder.FileName), list, type);
            var generationJson = GenerationConfig(config);
            AtomicFile.Write(Path.Combine(partial, GenerationConfigName), stream => stream.Write(generationJson));
            tokenizer?.Save(partial);
            addFiles?.Invoke(partial);
            Attempt(folder, () => Replace(folder, partial));
        }
        catch
        {
            // The write's own fault is the one to report.
            try
            {
                DeleteIfThere(partial);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
            }

            throw;
        }
    }

    /// <summary>Undoes a replacement that was cut off between its two renames; does nothing otherwise.</summary>
    public static void Recover(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(folder) && Directory.Exists(folder + OldSuffix))
        {
            Attempt(folder, () => Directory.Move(folder + OldSuffix, folder));
        }
    }

    private static void Replace(string folder, string partial)
    {
        var old = folder + OldSuffix;
        DeleteIfThere(old);
        if (Directory.Exists(folder))
        {
            Directory.Move(folder, old);
        }

        Directory.Move(partial, folder);
        DeleteIfThere(old);
    }

    private static void RefuseForeign(string folder)
    {
        if (File.Exists(folder))
        {
            throw UserError.Request(folder, "is a file", "a folder, or a name not yet taken");
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()
            && !File.Exists(Path.Combine(folder, HuggingFaceConfig.FileName)))
        {
            throw UserError.Request(folder, "holds files but no checkpoint, and would be replaced", "an empty or new folder");
        }
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

    private static void DeleteIfThere(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Attempt(string folder, Action action)
    {
        try
        {
            action();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(folder, $"cannot be written ({fault.Message})", "a writable folder with room", fault);
        }
    }
}
