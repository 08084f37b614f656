using Retort.Core;

namespace Retort.Models;

/// <summary>Angles by which the pairs of a head turn from one position to the next, scaled as <see cref="RopeScaling"/> says; in double.</summary>
internal static class RopeFrequencies
{
    /// <summary>Frequencies of the headDim / 2 pairs, quickest first, in radians a position.</summary>
    public static double[] Of(ModelConfig config)
    {
        var pairs = config.HeadDim / 2;
        return [.. Enumerable.Range(0, pairs).Select(pair => Scaled(config, ExactMath.Pow(config.RopeBase, -2.0 * pair / (2 * pairs)), pair))];
    }

    /// <summary>What sines and cosines are multiplied by, so that a score is multiplied by its square.</summary>
    public static double Magnitude(ModelConfig config) =>
        config.RopeScaling is { Kind: RopeScalingKind.Yarn } yarn ? yarn.AttentionFactor : 1;

    private static double Scaled(ModelConfig config, double frequency, int pair) => config.RopeScaling switch
    {
        { Kind: RopeScalingKind.Linear } linear => frequency / linear.Factor,
        { Kind: RopeScalingKind.Yarn } yarn => Mixed(frequency, yarn.Factor, 1 - YarnRamp(config, yarn, pair)),
        { Kind: RopeScalingKind.Llama3 } llama => Mixed(frequency, llama.Factor, Math.Clamp(
            (Turns(frequency, llama) - llama.LowFrequencyFactor) / (llama.HighFrequencyFactor - llama.LowFrequencyFactor), 0, 1)),
        _ => frequency,
    };

    /// <summary>A share of the frequency itself and the rest of it divided.</summary>
    private static double Mixed(double frequency, double factor, double kept) =>
        frequency / factor * (1 - kept) + frequency * kept;

    /// <summary>How often a pair turns within the pretrained context.</summary>
    private static double Turns(double frequency, RopeScaling scaling) =>
        scaling.OriginalMaxPositions * frequency / (2 * Math.PI);

    /// <summary>0 for pairs left alone, 1 for those divided; linear in the pair's number between (Peng et al. 2023, section 3.2).</summary>
    private static double YarnRamp(ModelConfig config, RopeScaling yarn, int pair)
    {
        var low = Math.Max(Math.Floor(PairOf(yarn.BetaFast)), 0);
        var high = Math.Min(Math.Ceiling(PairOf(yarn.BetaSlow)), config.HeadDim - 1);
        return Math.Clamp((pair - low) / Math.Max(high - low, 1e-3), 0, 1);

        double PairOf(double turns) =>
            config.HeadDim * ExactMath.Log(yarn.OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * ExactMath.Log(config.RopeBase));
    }
}
