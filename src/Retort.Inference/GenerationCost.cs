using Retort.Models;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>What generating costs, by the engine's own counters (law 4); prompt tokens are counted as generated.</summary>
public static class GenerationCost
{
    /// <summary>FLOPs of a sequence of <paramref name="tokens"/> tokens: a model's forward pass on a device that only counts.</summary>
    public static double Flops(ModelConfig config, int tokens)
    {
        using var device = new CountingDevice();
        using var model = new Transformer(config, device);
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, isRecording: false);
        var ids = tape.TakeInts(tokens);
        model.Forward(tape, ModelInput.Sequences(ids, ids, tape.TakeInts(2), (long)tokens * (tokens + 1) / 2));
        return device.Work.Flops;
    }
}
