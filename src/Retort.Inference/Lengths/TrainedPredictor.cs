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

        var (bins, features) = (new LengthBins(record.MaxLength), new PromptFeatures(record.VocabularySize));
        var probe = new LengthProbe(record.Layer, bins, Network(record.HiddenSize, "probe"))
        {
            Smoothing = new(record.BinShares, record.SmoothingPower),
        };
        try
        {
            return new TrainedPredictor(record, probe, new PromptLengthModel(features, bins, Network(features.Count, "prompt")));
        }
        catch
        {
            probe.Dispose();
            throw;
        }

        BinClassifier Network(int inputs, string prefix)
        {
            var network = new BinClassifier(model.Device, inputs, record.InnerSize);
            try
            {
                network.Load(file, prefix);
                return network;
            }
            catch
            {
                network.Dispose();
                throw;
            }
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
}
