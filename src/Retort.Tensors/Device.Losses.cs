namespace Retort.Tensors;

/// <summary>How one token is drawn from one row of logits. Temperature 0 is greedy: the highest logit, ties to the lower id.</summary>
/// <param name="Temperature">Divides the logits; 0 is greedy.</param>
/// <param name="TopK">Keep the k most probable; 0 keeps all.</param>
/// <param name="TopP">Then keep the smallest set of probability at least this; 1 keeps all.</param>
/// <param name="MinP">Then drop tokens below this share of the most probable one; 0 keeps all.</param>
/// <param name="Uniform">The random number in [0, 1) that picks the token.</param>
public readonly record struct SamplingRow(float Temperature, int TopK, float TopP, float MinP, float Uniform)
{
    /// <summary>First of the row's biases in the array of all rows' biases.</summary>
    public int BiasStart { get; init; }

    /// <summary>How many biases the row has.</summary>
    public int BiasCount { get; init; }

    /// <summary>Where the row's most probable tokens go in the array of all rows'.</summary>
    public int TopStart { get; init; }

    /// <summary>How many of them are wanted.</summary>
    public int TopCount { get; init; }

    /// <summary>The log-probability is of the logits divided by the temperature (above 0): of the policy that a policy loss learns.</summary>
    public bool ReportsTempered { get; init; }
}

/// <summary>A number added to one token's logit before one is drawn.</summary>
/// <param name="Token">The token.</param>
/// <param name="Bias">Added to its logit; negative infinity bans it.</param>
public readonly record struct LogitBias(int Token, float Bias);

/// <summary>A token and its log-probability under the model itself.</summary>
/// <param name="Token">The token.</param>
/// <param name="Logprob">Natural logarithm of its probability: untempered, unfiltered, without biases.</param>
public readonly record struct TokenLogprob(int Token, float Logprob);

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
    /// The loss of drawn tokens under the policy logits[rows, vocabulary] / temperature: <see cref="PolicyTerm"/> row by row, told in
    /// readings[rows, 6] (columns: <see cref="PolicyReading"/>). With <paramref name="writesGradient"/> the logits are overwritten by the
    /// loss's gradient; without it they are divided by the temperature.
    /// </summary>
    public void PolicyLoss(Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, Tensor readings)
    {
        Require(rows.Targets.Length == logits.Rows && rows.Weights.Length == logits.Rows, "policy loss: shapes differ");
        Require(rows.Advantages.Length == logits.Rows && rows.OldLogprobs.Length == logits.Rows, "policy loss: shapes differ");
        Require(rows.ReferenceLogprobs.IsAbsent || rows.ReferenceLogprobs.Length == logits.Rows, "policy loss: reference length");
        Require(readings.Length == (long)logits.Rows * Cpu.PolicyLoss.NumReadings, "policy loss: readings length");
        Require(settings.Temperature > 0, "policy loss: temperature");
        PolicyLossCore(logits, rows, settings, writesGradient, readings);
    }

    /// <summary>
    /// The loss of values[rows, 1] against their targets: <see cref="ValueTerm"/> row by row. With <paramref name="writesGradient"/> the
    /// values are overwritten by their gradient.
    /// </summary>
    public void ValueLoss(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses)
    {
        Require(values.Length == targets.Length && values.Length == oldValues.Length, "value loss: shapes differ");
        Require(values.Length == weights.Length && values.Length == losses.Length, "value loss: shapes differ");
        ValueLossCore(values, targets, oldValues, weights, clip, writesGradient, losses);
    }

    /// <summary>
    /// Draws one token from each row of logits[rows, vocabulary], biases added, and waits for it. Logprobs are of the model itself,
    /// unfiltered, without biases, and untempered unless the row says otherwise. A row with a NaN gives a logprob of NaN and an unspecified token.
    /// <paramref name="tops"/> receives each row's TopCount most probable tokens, best first, ties to the lower id.
    /// </summary>
    public void Sample(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs,
        ReadOnlySpan<LogitBias> biases = default, Span<TokenLogprob> tops = default)
    {
        Require(rows.Length <= logits.Rows && rows.Length <= tokens.Length && rows.Length <= logprobs.Length, "sample: rows");
        foreach (var row in rows)
        {
            foreach (var bias in biases.Slice(row.BiasStart, row.BiasCount))
            {
                Require((uint)bias.Token < (uint)logits.Columns, "sample: a bias outside the vocabulary");
            }

            Require(tops.Slice(row.TopStart, row.TopCount).Length <= logits.Columns, "sample: more tokens than the vocabulary has");
        }

        SampleCore(logits, rows, tokens, logprobs, biases, tops);
    }

    /// <summary>The squared norm of a flat buffer: blocks of 4096 by sumsq16, blocks added in double. Waits for it.</summary>
    public abstract double SumOfSquares(Tensor flat);

    /// <summary>
    /// AdamW (Loshchilov and Hutter 2019) on a flat range: g' = g * gradientScale; m, v updated;
    /// p -= lr * (m / c1 / (sqrt(v / c2) + eps) + weightDecay * p).
    /// </summary>
    public abstract void AdamW(Tensor parameters, Tensor gradients, Tensor m, Tensor v, in AdamWStep step);

    /// <inheritdoc cref="Sample"/>
    protected abstract void SampleCore(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs,
        ReadOnlySpan<LogitBias> biases, Span<TokenLogprob> tops);

    /// <inheritdoc cref="PolicyLoss"/>
    protected abstract void PolicyLossCore(
        Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, Tensor readings);

    /// <inheritdoc cref="ValueLoss"/>
    protected abstract void ValueLossCore(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses);

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
