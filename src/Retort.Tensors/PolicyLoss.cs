using Retort.Tensors.Reference;

namespace Retort.Tensors;

/// <summary>The numbers of a policy loss that all rows share; see <see cref="PolicyTerm"/>.</summary>
/// <param name="Temperature">Divides the logits: the policy is the distribution that samples were drawn from.</param>
/// <param name="ClipLow">The ratio is clipped to 1 - ClipLow from below; infinity: not at all.</param>
/// <param name="ClipHigh">And to 1 + ClipHigh from above.</param>
/// <param name="KlCoefficient">Weight of the divergence from the reference policy.</param>
/// <param name="EntropyCoefficient">Weight of the entropy, which lowers the loss.</param>
public readonly record struct PolicyLossSettings(
    float Temperature, float ClipLow, float ClipHigh, float KlCoefficient = 0, float EntropyCoefficient = 0);

/// <summary>What a policy loss reads beside the logits, one entry a row.</summary>
/// <param name="Targets">The tokens that were drawn; -1: the row is not learned.</param>
/// <param name="Weights">The row's share of the loss, [rows, 1].</param>
/// <param name="Advantages">How much better than expected the token was, [rows, 1].</param>
/// <param name="OldLogprobs">Log-probabilities when it was drawn, [rows, 1].</param>
/// <param name="ReferenceLogprobs">Log-probabilities under the reference policy, [rows, 1]; absent where the KL coefficient is 0.</param>
public readonly record struct PolicyLossRows(
    IntTensor Targets, Tensor Weights, Tensor Advantages, Tensor OldLogprobs, Tensor ReferenceLogprobs);

/// <summary>Columns of what a policy loss tells of each row; all 0 where the row is not learned.</summary>
public enum PolicyReading
{
    /// <summary>Weighted loss.</summary>
    Loss,

    /// <summary>Log-probability of the target.</summary>
    Logprob,

    /// <summary>Entropy of the row's distribution, nats.</summary>
    Entropy,

    /// <summary>exp(logprob - old logprob).</summary>
    Ratio,

    /// <summary>1 where clipping stops the gradient.</summary>
    Clipped,

    /// <summary>The low-variance estimate of the divergence from the reference, nats.</summary>
    Kl,
}

/// <summary>
/// The loss of one drawn token: the clipped surrogate (Schulman et al. 2017, eq. 7), the low-variance estimate of the divergence from
/// a reference (Schulman 2020, k3; Shao et al. 2024, eq. 4), the entropy.
/// </summary>
/// <param name="Loss">weight * (-surrogate + klCoefficient * kl - entropyCoefficient * entropy).</param>
/// <param name="Slope">d Loss / d logprob, the entropy apart.</param>
/// <param name="Ratio">Importance ratio.</param>
/// <param name="Kl">exp(d) - d - 1 with d = reference logprob - logprob; 0 without a reference.</param>
/// <param name="IsClipped">The clipped side is the smaller one: no gradient from the surrogate.</param>
internal readonly record struct PolicyTerm(float Loss, float Slope, float Ratio, float Kl, bool IsClipped)
{
    public static PolicyTerm Of(
        float logprob, float entropy, float weight, float advantage, float oldLogprob, float? referenceLogprob, in PolicyLossSettings settings)
    {
        var ratio = Elementary.Exp(logprob - oldLogprob);
        var clippedRatio = Math.Min(Math.Max(ratio, 1 - settings.ClipLow), 1 + settings.ClipHigh);
        var (free, clipped) = (ratio * advantage, clippedRatio * advantage);
        var isClipped = clipped < free;
        var (surrogate, slope) = isClipped ? (clipped, 0f) : (free, -free);
        var kl = 0f;
        if (referenceLogprob is { } reference)
        {
            var d = reference - logprob;
            var odds = Elementary.Exp(d);
            kl = odds - d - 1;
            slope += settings.KlCoefficient * (1 - odds);
        }

        var loss = weight * (settings.KlCoefficient * kl - surrogate - settings.EntropyCoefficient * entropy);
        return new(loss, weight * slope, ratio, kl, isClipped);
    }
}

/// <summary>
/// The loss of one value estimate: half the squared error, of the estimate or of the estimate clipped to old +- clip, whichever is
/// larger (Schulman et al. 2017, as in the authors' code).
/// </summary>
/// <param name="Loss">weight * max(error^2, clippedError^2) / 2.</param>
/// <param name="Slope">d Loss / d value.</param>
internal readonly record struct ValueTerm(float Loss, float Slope)
{
    public static ValueTerm Of(float value, float target, float oldValue, float weight, float clip)
    {
        var error = value - target;
        var clippedError = oldValue + Math.Min(Math.Max(value - oldValue, -clip), clip) - target;
        return error * error >= clippedError * clippedError
            ? new(weight * 0.5f * error * error, weight * error)
            : new(weight * 0.5f * clippedError * clippedError, 0);
    }
}
