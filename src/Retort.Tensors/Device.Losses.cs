namespace Retort.Tensors;

/// <summary>How one token is drawn from one row of logits. Temperature 0 is greedy: the highest logit, ties to the lower id.</summary>
/// <param name="Temperature">Divides the logits; 0 is greedy.</param>
/// <param name="TopK">Keep the k most probable; 0 keeps all.</param>
/// <param name="TopP">Then keep the smallest set of probability at least this; 1 keeps all.</param>
/// <param name="MinP">Then drop tokens below this share of the most probable one; 0 keeps all.</param>
/// <param name="Uniform">The random number in [0, 1) that picks the token.</param>
public readonly record struct SamplingRow(float Temperature, int TopK, float TopP, float MinP, float Uniform);

public abstract partial class Device
{
    /// <summary>
    /// Cross-entropy over logits[rows, vocabulary]; target -1 is ignored (loss and logprob 0).
    /// losses[r] = weight[r] * (-logprob + zLoss * lse^2). With <paramref name="gradientScale"/> not 0 the logits are overwritten by
    /// gradientScale * d losses / d logits; with 0 they stay. Weights may be absent (all 1), logprobs too.
    /// </summary>
    public void CrossEntropy(
        Tensor logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs)
    {
        Require(targets.Length == logits.Rows && losses.Length == logits.Rows, "cross-entropy: shapes differ");
        Require(weights.IsAbsent || weights.Length == logits.Rows, "cross-entropy: weights length");
        CrossEntropyCore(logits, targets, weights, zLoss, gradientScale, losses, logprobs);
    }

    /// <summary>
    /// Draws one token from each row of logits[rows, vocabulary] and waits for it. Logprobs are of the model itself: untempered, unfiltered.
    /// A row with a NaN gives a logprob of NaN and an unspecified token.
    /// </summary>
    public abstract void Sample(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs);

    /// <summary>The squared norm of a flat buffer: blocks of 4096 by sumsq16, blocks added in double. Waits for it.</summary>
    public abstract double SumOfSquares(Tensor flat);

    /// <summary>
    /// AdamW (Loshchilov and Hutter 2019) on a flat range: g' = g * gradientScale; m, v updated;
    /// p -= lr * (m / c1 / (sqrt(v / c2) + eps) + weightDecay * p).
    /// </summary>
    public abstract void AdamW(Tensor parameters, Tensor gradients, Tensor m, Tensor v, in AdamWStep step);

    /// <inheritdoc cref="CrossEntropy"/>
    protected abstract void CrossEntropyCore(
        Tensor logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs);
}

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="LearningRate">Step size.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled decay.</param>
/// <param name="Correction1">1 - Beta1^step.</param>
/// <param name="Correction2">1 - Beta2^step.</param>
/// <param name="GradientScale">From clipping; 1 leaves the gradient as it is.</param>
public readonly record struct AdamWStep(
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay,
    float Correction1, float Correction2, float GradientScale);
