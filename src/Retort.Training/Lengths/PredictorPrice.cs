using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Lengths;

/// <summary>What training a length predictor costs at most: every completion as long as it may be.</summary>
/// <param name="Requests">Completions generated.</param>
/// <param name="Layers">Layers probed.</param>
/// <param name="Samples">Hidden vectors taken a layer.</param>
/// <param name="VectorBytes">Native memory for them: the larger of both passes.</param>
/// <param name="PeakBytes">Native memory in all: weights, vectors, and the engine or the replay.</param>
/// <param name="ServingFlops">Of generating the completions and replaying them.</param>
/// <param name="TrainingFlops">Of training the networks.</param>
public sealed record PredictorPrice(
    int Requests, int Layers, long Samples, long VectorBytes, long PeakBytes, long ServingFlops, long TrainingFlops)
{
    /// <summary>Prices a run without computing anything.</summary>
    public static PredictorPrice Of(ModelConfig config, IReadOnlyList<int[]> prompts, PredictorSettings settings)
    {
        settings.Validated(config.NumLayers);
        var requests = ServedRequest.Count(prompts.Count, settings);
        var layers = settings.Layers?.Count ?? config.NumLayers;
        var longest = (int)Math.Min(config.MaxPositions, (long)prompts.Max(prompt => prompt.Length) + settings.MaxLength);
        var probing = Math.Min(requests, settings.ProbingRequests);
        var vectorBytes = Math.Max(
            VectorStore.Bytes(config.HiddenSize, layers, probing, settings), VectorStore.Bytes(config.HiddenSize, 1, requests, settings));
        var steps = (long)Math.Min(settings.StepsPerRequest, settings.MaxLength);
        var networkRows = steps * ((long)probing * layers + (requests > probing ? requests : 0));
        var features = new PromptFeatures(config.VocabularySize).Count;
        var engineBytes = GenerationEngine.Bytes(config, ServedRequest.EngineFor(config, prompts, [], settings));
        var (weightBytes, flops) = Pass(config, longest);
        return new PredictorPrice(
            requests, layers, steps * requests, vectorBytes, weightBytes + Math.Max(engineBytes, vectorBytes + HiddenReplay.Bytes(config, longest)),
            2 * requests * flops,
            6L * settings.Epochs * settings.InnerSize
                * (networkRows * (config.HiddenSize + LengthBins.Count) + PromptData.MostRows(requests, settings) * (features + LengthBins.Count)));
    }

    /// <summary>Bytes of the weights, and FLOPs of one pass over a sequence of so many tokens.</summary>
    private static (long Bytes, long Flops) Pass(ModelConfig config, int length)
    {
        using var device = new CountingDevice();
        using var model = new Transformer(config, device);
        var bytes = device.AllocatedBytes;
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, isRecording: false);
        model.Forward(tape, ModelInput.Sequences(
            tape.TakeInts(length), tape.TakeInts(length), tape.TakeInts(2), length * (length + 1L) / 2));
        return (bytes, device.Work.Flops);
    }
}
