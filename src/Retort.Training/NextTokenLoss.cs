using Retort.Core;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>
/// Supervised learning's objective: the weighted mean cross-entropy of a batch's targets, with z-loss if asked for, and that of their
/// position ids for a model that predicts them (predictive position coupling, Golowich et al. 2025: both trained jointly).
/// </summary>
/// <param name="settings">Weights of the losses' parts and how position ids are drawn.</param>
/// <param name="config">The model.</param>
/// <param name="maxRows">Most rows of a batch.</param>
internal sealed class NextTokenLoss(TrainerSettings settings, ModelConfig config, int maxRows) : Objective
{
    private static readonly ulong PositionPurpose = CounterRandom.Hash("training/positions");

    private readonly IReadOnlyDictionary<int, float>? targetWeights = settings.TargetWeights;
    private readonly PositionJitter jitter = new(settings.PositionJitter, config.NumPositionIds);
    private readonly int[] ids = settings.PositionJitter == PositionJitterKind.None ? [] : new int[maxRows + 1];
    private readonly float[] losses = new float[maxRows], positionLosses = config.PredictsPositions ? new float[maxRows] : [];
    private int numTargets;

    /// <inheritdoc/>
    public override int NumColumns => targetWeights is null ? 0 : 1;

    /// <inheritdoc/>
    public override bool ReadsNextPositions => config.PredictsPositions;

    /// <summary>Sum of the targets' weights: the loss is the weighted mean over them.</summary>
    public double TotalWeight { get; private set; }

    /// <summary>What a row's loss is multiplied by for the mean: known before the first backward pass.</summary>
    private float Scale => TotalWeight > 0 ? (float)(1 / TotalWeight) : 1;

    /// <summary>The same for a row's position id, whose loss is a mean over the targets.</summary>
    private float PositionScale => numTargets > 0 ? 1f / numTargets : 1;

    /// <summary>Fills the batch with the mixture's next sequences.</summary>
    public void Fill(GlobalBatch batch, Mixture mixture, int numSequences)
    {
        batch.Clear();
        (TotalWeight, numTargets) = (0, 0);
        for (var s = 0; s < numSequences; s++)
        {
            var item = (ulong)mixture.Position;
            var (set, index) = mixture.Next();
            var first = batch.Add(set[index], set.LossStart(index), IdsOf(set, index, mixture.Seed, item));
            for (var row = first; row < batch.NumRows; row++)
            {
                var target = batch.Targets[row];
                var weight = target < 0 ? 0 : targetWeights is not null && targetWeights.TryGetValue(target, out var own) ? own : 1;
                TotalWeight += weight;
                numTargets += target < 0 ? 0 : 1;
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
        var hidden = model.Hidden(tape, batch.Input);
        var logits = model.Logits(tape, hidden);
        var rowLosses = tape.Take(batch.NumRows, 1);
        tape.CrossEntropy(logits, batch.Targets, NumColumns == 0 ? default : batch.Column(0), settings.ZLoss, Scale, rowLosses, default);
        tape.Device.Read(rowLosses, losses.AsSpan(batch.FirstRow, batch.NumRows));
        if (ReadsNextPositions)
        {
            var positionLogits = model.PositionLogits(tape, hidden);
            var weight = settings.PositionLossWeight;
            tape.CrossEntropy(positionLogits, batch.NextPositions, default, 0, weight * PositionScale, rowLosses, default);
            tape.Device.Read(rowLosses, positionLosses.AsSpan(batch.FirstRow, batch.NumRows));
        }
    }

    /// <summary>The batch's mean loss of tokens: one ascending chain in double over the whole batch, whatever computed its parts.</summary>
    public double Mean(GlobalBatch batch) => Sum(losses.AsSpan(0, batch.NumRows)) * Scale;

    /// <summary>Likewise of position ids; 0 for a model that does not predict them.</summary>
    public double PositionMean(GlobalBatch batch) => ReadsNextPositions ? Sum(positionLosses.AsSpan(0, batch.NumRows)) * PositionScale : 0;

    private static double Sum(ReadOnlySpan<float> losses)
    {
        var total = 0.0;
        foreach (var loss in losses)
        {
            total += loss;
        }

        return total;
    }

    /// <summary>A sequence's position ids for this step; empty where they are places.</summary>
    private ReadOnlySpan<int> IdsOf(SequenceSet set, int index, ulong seed, ulong item)
    {
        var own = set.PositionIds(index);
        if (settings.PositionJitter == PositionJitterKind.None)
        {
            return own;
        }

        var drawn = ids.AsSpan(0, set[index].Length);
        for (var i = 0; i < drawn.Length; i++)
        {
            drawn[i] = own.IsEmpty ? i : own[i];
        }

        var random = CounterRandom.For(seed, PositionPurpose, item);
        jitter.Apply(drawn, own.IsEmpty, ref random);
        return drawn;
    }
}
