namespace Retort.Tensors;

public sealed partial class Tape
{
    /// <summary>
    /// Cross-entropy of logits[rows, vocabulary] (see <see cref="Device.CrossEntropy"/>): writes losses[rows, 1] and, where present,
    /// logprobs[rows, 1]. When recording it also turns the logits into their gradient, scaled by
    /// <paramref name="gradientScale"/>: the beginning of the backward pass.
    /// </summary>
    public void CrossEntropy(
        Variable logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs)
    {
        Device.CrossEntropy(logits.Value, targets, weights, zLoss, IsRecording ? gradientScale : 0, losses, logprobs);
        if (IsRecording)
        {
            logits.Gradient = logits.Value;
        }
    }

    private partial void ResetPools()
    {
        linears.Reset();
        embeds.Reset();
        rmsNorms.Reset();
        layerNorms.Reset();
        swiGlus.Reset();
        gelus.Reset();
        relus.Reset();
        headNorms.Reset();
        ropes.Reset();
        attentions.Reset();
        gathers.Reset();
    }
}
