using Retort.Models;
using Retort.Tensors;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// What generating costs, by the engine's own counters (law 4): prompt tokens are counted as generated, as in the paper.
/// </summary>
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

    /// <summary>The paper's relative measure, section 4: N (A L + Q), A = 2h^2 + 2hk + 3hm, Q = h L (L + 1) / 2.</summary>
    public static double PaperFormula(ModelConfig config, int tokens)
    {
        double h = config.HiddenSize, k = config.KeyValueSize, m = config.IntermediateSize, length = tokens;
        var linear = 2 * h * h + 2 * h * k + 3 * h * m;
        return config.NumLayers * (linear * length + h * length * (length + 1) / 2);
    }

    /// <summary>
    /// Direct samples of a mean length that cost as much as one search of <paramref name="budget"/> tokens, rounded down;
    /// at least 1, at most <paramref name="available"/>.
    /// </summary>
    public static int MatchedSamples(ModelConfig search, int budget, ModelConfig direct, double meanTokens, int available)
    {
        var one = Flops(direct, Math.Max(1, (int)Math.Round(meanTokens)));
        return (int)Math.Clamp(Math.Floor(Flops(search, budget) / one), 1, available);
    }
}
