using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>Supervised learning's objective: the weighted mean cross-entropy of a batch's targets, with z-loss if asked for.</summary>
/// <param name="zLoss">Coefficient of the squared log-partition.</param>
/// <param name="targetWeights">Weights of target tokens; null: all 1.</param>
/// <param name="maxRows">Most rows of a batch.</param>
internal sealed class NextTokenLoss(float zLoss, IReadOnlyDictionary<int, float>? targetWeights, int maxRows) : Objective
{
    private readonly float[] losses = new float[maxRows];

    /// <inheritdoc/>
    public override int NumColumns => targetWeights is null ? 0 : 1;

    /// <summary>Sum of the targets' weights: the loss is the weighted mean over them.</summary>
    public double TotalWeight { get; private set; }

    /// <summary>What a row's loss is multiplied by for the mean: known before the first backward pass.</summary>
    private float Scale => TotalWeight > 0 ? (float)(1 / TotalWeight) : 1;

    /// <summary>Fills the batch with the mixture's next sequences.</summary>
    public void Fill(GlobalBatch batch, Mixture mixture, int numSequences)
    {
        batch.Clear();
        TotalWeight = 0;
        for (var s = 0; s < numSequences; s++)
        {
            var (set, index) = mixture.Next();
            var first = batch.Add(set[index], set.LossStart(index));
            for (var row = first; row < batch.NumRows; row++)
            {
                var target = batch.Targets[row];
                var weight = target < 0 ? 0 : targetWeights is not null && targetWeights.TryGetValue(target, out var own) ? own : 1;
                TotalWeight += weight;
                if (targetWeights is not null)
                {
                    batch.Column(0)[row] = weight;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Run(Transformer model, Tape tape, MicroBatch batch)
    {
        var logits = model.Forward(tape, batch.Input);
        var rowLosses = tape.Take(batch.NumRows, 1);
        tape.CrossEntropy(logits, batch.Targets, NumColumns == 0 ? default : batch.Column(0), zLoss, Scale, rowLosses, default);
        tape.Device.Read(rowLosses, losses.AsSpan(batch.FirstRow, batch.NumRows));
    }

    /// <summary>The batch's mean loss: one ascending chain in double over the whole batch, whatever computed its parts.</summary>
    public double Mean(GlobalBatch batch)
    {
        var total = 0.0;
        foreach (var loss in losses.AsSpan(0, batch.NumRows))
        {
            total += loss;
        }

        return total * Scale;
    }
}
