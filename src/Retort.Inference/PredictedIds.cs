using Retort.Tensors;

namespace Retort.Inference;

/// <summary>The position ids that a model's second head gives the tokens of one step: the most probable, ties to the lower. Reused.</summary>
/// <param name="maxRows">Most rows of a step.</param>
internal sealed class PredictedIds(int maxRows)
{
    private readonly SamplingRow[] greedy = [.. Enumerable.Repeat(new SamplingRow(0, 0, 1, 0, 0), maxRows)];
    private readonly int[] ids = new int[maxRows];
    private readonly float[] logprobs = new float[maxRows];

    /// <summary>Reads the first rows of logits[rows, numPositionIds].</summary>
    public void Draw(Device device, Tensor logits, int rows) => device.Sample(logits, greedy.AsSpan(0, rows), ids, logprobs);

    /// <summary>The id of a row's token.</summary>
    public int Id(int row) => ids[row];
}
