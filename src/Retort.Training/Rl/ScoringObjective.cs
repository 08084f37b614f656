using Retort.Models;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>
/// Forward only: what a model says of completions that are there already, the log-probability of each token or, of a model with a value
/// head, the value before it.
/// </summary>
internal sealed class ScoringObjective(float temperature, int maxRows) : Objective
{
    private readonly PolicyLossSettings loss = new(temperature, float.PositiveInfinity, float.PositiveInfinity);
    private readonly float[] readings = new float[(long)maxRows * PolicyObjective.NumReadings];

    /// <summary>One number a row.</summary>
    public float[] Scores { get; } = new float[maxRows];

    /// <inheritdoc/>
    public override int NumColumns => Experience.NumColumns;

    /// <inheritdoc/>
    public override void Run(Transformer model, Tape tape, MicroBatch batch)
    {
        var scores = Scores.AsSpan(batch.FirstRow, batch.NumRows);
        var hidden = model.Hidden(tape, batch.Input);
        if (model.HasValueHead)
        {
            tape.Device.Read(model.Values(tape, hidden).Value, scores);
            return;
        }

        var told = tape.Take(batch.NumRows, PolicyObjective.NumReadings);
        var column = batch.Column((int)ExperienceColumn.Advantage);
        tape.PolicyLoss(model.Logits(tape, hidden), new(batch.Targets, column, column, column, default), loss, told);
        var values = readings.AsSpan(batch.FirstRow * PolicyObjective.NumReadings, batch.NumRows * PolicyObjective.NumReadings);
        tape.Device.Read(told, values);
        for (var r = 0; r < scores.Length; r++)
        {
            scores[r] = values[r * PolicyObjective.NumReadings + (int)PolicyReading.Logprob];
        }
    }
}
