namespace Retort.Tensors;

public sealed partial class Tape
{
    /// <summary>
    /// The policy loss of logits[rows, vocabulary] (see <see cref="Device.PolicyLoss"/>), told row by row in
    /// <paramref name="readings"/>[rows, 6]. When recording it also turns the logits into their gradient.
    /// </summary>
    public void PolicyLoss(Variable logits, in PolicyLossRows rows, in PolicyLossSettings settings, Tensor readings)
    {
        Device.PolicyLoss(logits.Value, rows, settings, IsRecording, readings);
        if (IsRecording)
        {
            logits.Gradient = logits.Value;
        }
    }

    /// <summary>
    /// The loss of values[rows, 1] (see <see cref="Device.ValueLoss"/>), told row by row in <paramref name="losses"/>[rows, 1]. When
    /// recording it also turns the values into their gradient.
    /// </summary>
    public void ValueLoss(Variable values, Tensor targets, Tensor oldValues, Tensor weights, float clip, Tensor losses)
    {
        Device.ValueLoss(values.Value, targets, oldValues, weights, clip, IsRecording, losses);
        if (IsRecording)
        {
            values.Gradient = values.Value;
        }
    }
}
