using Retort.Core;
using Retort.Models;
using Retort.Models.Checkpoints;

namespace Retort.Inference.Lengths;

/// <summary>
/// A trained probe and prompt model, from a folder of predictor.json and predictor.safetensors. The predictors it makes use its
/// networks and must not outlive it.
/// </summary>
public sealed class TrainedPredictor(PredictorRecord record, LengthProbe probe, PromptLengthModel prompts) : IDisposable
{
    /// <summary>The weights' file.</summary>
    public const string WeightsName = "predictor.safetensors";

    private const string Kind = "predictor";

    /// <summary>Shapes, origin and errors.</summary>
    public PredictorRecord Record => record;

    /// <summary>Reads hidden states.</summary>
    public LengthProbe Probe => probe;

    /// <summary>Reads prompts.</summary>
    public PromptLengthModel Prompts => prompts;

    /// <summary>Where the predictor of a checkpoint folder, or of a file, is looked for.</summary>
    public static string DefaultFolder(string model) => Directory.Exists(model) ? Path.Combine(model, "predictor") : model + ".predictor";

    /// <summary>Loads a predictor for <paramref name="model"/>; files that are bad or of another model are a <see cref="UserError"/>.</summary>
    public static TrainedPredictor Load(string folder, Transformer model)
    {
        AtomicFolder.Recover(folder);
        var path = Path.Combine(folder, PredictorRecord.FileName);
        var record = PredictorRecord.Read(path);
        var config = model.Config;
        Match("hidden_size", record.HiddenSize, config.HiddenSize);
        Match("vocabulary_size", record.VocabularySize, config.VocabularySize);
        if (record.Layer >= config.NumLayers)
        {
            throw UserError.Request($"{path}: layer", $"is {record.Layer}", $"0 to {config.NumLayers - 1}: the model has {config.NumLayers} blocks");
        }

        using var file = SafetensorsFile.Open(Path.Combine(folder, WeightsName));
        if (!file.Shape("probe.inner.bias").SequenceEqual([record.InnerSize]))
        {
            throw UserError.Request($"{path}: inner_size", $"is {record.InnerSize}", $"the length of probe.inner.bias in {WeightsName}");
        }

        var predictor = new TrainedPredictor(record, NewProbe(record, model), NewPrompts(record, model));
        try
        {
            predictor.Probe.Network.Load(file, "probe");
            predictor.Prompts.Network.Load(file, "prompt");
            return predictor;
        }
        catch
        {
            predictor.Dispose();
            throw;
        }

        void Match(string field, int found, int expected)
        {
            if (found != expected)
            {
                throw UserError.Request($"{path}: {field}", $"is {found}", $"{expected}, the model's: a predictor trained on this model");
            }
        }
    }

    /// <summary>Refuses a folder that <see cref="Save"/> would refuse; to be asked before long work.</summary>
    public static void RequireReplaceable(string folder) => AtomicFolder.RequireReplaceable(folder, Kind, PredictorRecord.FileName);

    /// <summary>Writes the folder, whole or not at all. <paramref name="addFiles"/> may put more files into it.</summary>
    public void Save(string folder, Action<string>? addFiles = null) =>
        AtomicFolder.Write(folder, Kind, PredictorRecord.FileName, inner =>
        {
            record.Write(Path.Combine(inner, PredictorRecord.FileName));
            SafetensorsWriter.Write(
                Path.Combine(inner, WeightsName), probe.Network.TensorsToWrite("probe").Concat(prompts.Network.TensorsToWrite("prompt")));
            addFiles?.Invoke(inner);
        });

    /// <summary>The same length for every request.</summary>
    public ILengthPredictor ConstantMean() => new ConstantLengthPredictor(record.MeanLength);

    /// <summary>From the prompt alone.</summary>
    public ILengthPredictor PromptOnly() => new PromptLengthPredictor(prompts);

    /// <summary>From the prompt, then from hidden states.</summary>
    public ILengthPredictor Trail() => new TrailPredictor(PromptOnly(), probe, record.RefineEvery);

    /// <inheritdoc/>
    public void Dispose()
    {
        probe.Dispose();
        prompts.Dispose();
    }

    private static LengthProbe NewProbe(PredictorRecord record, Transformer model) => new(
        record.Layer, new LengthBins(record.MaxLength), new BinClassifier(model.Device, record.HiddenSize, record.InnerSize))
    {
        Smoothing = new(record.BinShares, record.SmoothingPower),
    };

    private static PromptLengthModel NewPrompts(PredictorRecord record, Transformer model)
    {
        var features = new PromptFeatures(record.VocabularySize);
        return new PromptLengthModel(
            features, new LengthBins(record.MaxLength), new BinClassifier(model.Device, features.Count, record.InnerSize));
    }
}
