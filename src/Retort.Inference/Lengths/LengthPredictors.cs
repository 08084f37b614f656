using Retort.Core;

namespace Retort.Inference.Lengths;

/// <summary>The same length for every request.</summary>
/// <param name="length">In tokens.</param>
public sealed class ConstantLengthPredictor(double length) : ILengthPredictor
{
    /// <inheritdoc/>
    public LengthBelief Begin(ReadOnlySpan<int> prompt, int maxNewTokens, ulong index, int? knownLength = null) => new(length, maxNewTokens);
}

/// <summary>A length read from the prompt, counted down as tokens come (TRAIL-BERT's place in the study).</summary>
/// <param name="model">Reads the prompt; stays its owner's.</param>
public sealed class PromptLengthPredictor(PromptLengthModel model) : ILengthPredictor
{
    /// <inheritdoc/>
    public LengthBelief Begin(ReadOnlySpan<int> prompt, int maxNewTokens, ulong index, int? knownLength = null) =>
        new(model.Predict(prompt), maxNewTokens);
}

/// <summary>
/// TRAIL: another predictor's length at arrival, then the remaining length from hidden states, smoothed.
/// </summary>
/// <param name="initial">Before the model has read the prompt.</param>
/// <param name="probe">From then on; stays its owner's.</param>
/// <param name="refineEvery">Tokens from one refinement to the next.</param>
public sealed class TrailPredictor(ILengthPredictor initial, LengthProbe probe, int refineEvery = 1) : ILengthPredictor
{
    /// <inheritdoc/>
    public LengthBelief Begin(ReadOnlySpan<int> prompt, int maxNewTokens, ulong index, int? knownLength = null) =>
        initial.Begin(prompt, maxNewTokens, index, knownLength);

    /// <inheritdoc/>
    public LengthRefiner CreateRefiner(int maxSequences, int numPages) => new(probe, maxSequences, numPages, refineEvery);
}

/// <summary>
/// The true length, or with an error of zero-mean Gaussian noise of a chosen mean absolute size (sigma = MAE sqrt(pi/2)), one draw a
/// request, named by its index.
/// </summary>
/// <param name="meanAbsoluteError">Of the noise, in tokens; 0 for none.</param>
/// <param name="seed">Of the noise.</param>
public sealed class OracleLengthPredictor(double meanAbsoluteError = 0, ulong seed = 0) : ILengthPredictor
{
    private static readonly ulong Purpose = CounterRandom.Hash("lengths/oracle noise");

    /// <inheritdoc/>
    public LengthBelief Begin(ReadOnlySpan<int> prompt, int maxNewTokens, ulong index, int? knownLength = null)
    {
        var length = knownLength ?? throw UserError.Request(
            "scheduler", "has an oracle and a request without a known length", "requests that are replayed, or a predictor that is trained");
        var noise = CounterRandom.For(seed, Purpose, index).NextGaussian();
        return new LengthBelief(length + meanAbsoluteError * Math.Sqrt(Math.PI / 2) * noise, maxNewTokens);
    }
}
