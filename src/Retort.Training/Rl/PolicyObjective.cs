using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>What an update minimises: the policy loss of the tokens and, where the model has a value head, the value loss.</summary>
internal sealed class PolicyObjective(RlSettings settings, int maxRows) : Objective
{
    /// <summary>Numbers a row that the policy loss tells.</summary>
    public const int NumReadings = 6;

    private readonly PolicyLossSettings loss = settings.Loss;
    private readonly bool needsReference = settings.KlCoefficient > 0;

    /// <summary>What the policy loss told of each row, [rows, 6] by <see cref="PolicyReading"/>.</summary>
    public float[] Readings { get; } = new float[(long)maxRows * NumReadings];

    /// <summary>Value loss of each row.</summary>
    public float[] ValueLosses { get; } = new float[maxRows];

    /// <summary>The value loss's weights are a column of their own, after the experience's.</summary>
    public override int NumColumns => Experience.NumColumns + 1;

    /// <inheritdoc/>
    public override void Run(Transformer model, Tape tape, MicroBatch batch)
    {
        var hidden = model.Hidden(tape, batch.Input);
        var logits = model.Logits(tape, hidden);
        var readings = tape.Take(batch.NumRows, NumReadings);
        var rows = new PolicyLossRows(
            batch.Targets, Column(ExperienceColumn.Weight), Column(ExperienceColumn.Advantage), Column(ExperienceColumn.OldLogprob),
            needsReference ? Column(ExperienceColumn.ReferenceLogprob) : default);
        if (model.HasValueHead)
        {
            var values = model.Values(tape, hidden);
            var losses = tape.Take(batch.NumRows, 1);
            tape.ValueLoss(
                values, Column(ExperienceColumn.ValueTarget), Column(ExperienceColumn.OldValue), batch.Column(Experience.NumColumns),
                (float)settings.ValueClip, losses);
            tape.Device.Read(losses, ValueLosses.AsSpan(batch.FirstRow, batch.NumRows));
        }

        tape.PolicyLoss(logits, rows, loss, readings);
        tape.Device.Read(readings, Readings.AsSpan(batch.FirstRow * NumReadings, batch.NumRows * NumReadings));

        Tensor Column(ExperienceColumn column) => batch.Column((int)column);
    }
}
