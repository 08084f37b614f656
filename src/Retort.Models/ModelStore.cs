using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;
using Retort.Tensors;

namespace Retort.Models;

/// <summary>Transformers from checkpoints and back.</summary>
public static class ModelStore
{
    /// <summary>
    /// Loads a folder in the Hugging Face layout or a llama2.c file. A mistake in it is a <see cref="Core.UserError"/>.
    /// With bfloat16 <paramref name="weights"/> the model only generates, in half the memory. <paramref name="hasValueHead"/> adds a value
    /// head of zeros.
    /// </summary>
    public static Transformer Load(string path, Device device, WeightFormat weights = WeightFormat.Float32, bool hasValueHead = false)
    {
        using var source = Checkpoint.Open(path);
        return Load(source, device, weights, hasValueHead);
    }

    /// <summary>Loads every tensor of an open checkpoint.</summary>
    public static Transformer Load(
        ITensorSource source, Device device, WeightFormat weights = WeightFormat.Float32, bool hasValueHead = false)
    {
        var model = new Transformer(source.Config, device, weights, hasValueHead);
        try
        {
            ReadTensors(source, model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads a checkpoint of the same shape into a model that is there already.</summary>
    /// <exception cref="Core.UserError">The checkpoint is of another model.</exception>
    public static void LoadInto(Transformer model, string path)
    {
        using var source = Checkpoint.Open(path);
        if (source.Config != model.Config)
        {
            throw Core.UserError.Request(path, "is a checkpoint of another model", "the configuration this run was begun with");
        }

        ReadTensors(source, model);
    }

    private static void ReadTensors(ITensorSource source, Transformer model)
    {
        var values = Array.Empty<float>();
        foreach (var tensor in model.NamedTensors)
        {
            var length = tensor.Rows * tensor.Columns;
            if (values.Length < length)
            {
                values = new float[length];
            }

            source.Read(tensor.Name, values.AsSpan(0, length));
            tensor.Write(model, values.AsSpan(0, length));
        }
    }

    /// <summary>
    /// Writes a checkpoint folder, complete or not at all. <paramref name="addFiles"/> may put more files into it.
    /// </summary>
    public static void Save(string folder, Transformer model, ITokenizer? tokenizer, Action<string>? addFiles = null) =>
        CheckpointFolder.Write(folder, model.Config, Tensors(model), tokenizer, addFiles: addFiles);

    private static IEnumerable<TensorToWrite> Tensors(Transformer model)
    {
        var shapes = TensorLayout.Of(model.Config).ToDictionary(spec => spec.Name, spec => spec.Shape);
        return model.NamedTensors.Select(tensor => new TensorToWrite(
            tensor.Name, shapes[tensor.Name], destination => tensor.Read(model.Device, model.Parameters.Values, destination)));
    }
}
