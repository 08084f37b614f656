using Retort.Core;
using Retort.Tensors;
using Retort.Training;

namespace Retort.Recipes.Experiment;

/// <summary>How one kind of model is trained.</summary>
public sealed record ModelTraining
{
    /// <summary>Optimiser steps.</summary>
    [Doc("Optimiser steps"), Positive]
    public int Steps { get; init; } = 1000;

    /// <summary>Sequences in a global batch.</summary>
    [Doc("Sequences in a global batch", Unit = "sequences"), Positive]
    public int BatchSequences { get; init; } = 16;

    /// <summary>Highest learning rate; it falls to a tenth along a cosine.</summary>
    [Doc("Highest learning rate; it falls to a tenth along a cosine"), Positive]
    public double PeakLearningRate { get; init; } = 2e-3;

    /// <summary>Steps of linear warm-up.</summary>
    [Doc("Steps of linear warm-up"), NotNegative]
    public int WarmupSteps { get; init; } = 100;

    /// <summary>The trainer's settings.</summary>
    internal TrainerSettings TrainerSettings => new()
    {
        BatchSequences = BatchSequences,
        Schedule = new LearningRateSchedule
        {
            PeakLearningRate = PeakLearningRate,
            WarmupSteps = Math.Min(WarmupSteps, Steps / 2),
            TotalSteps = Steps,
        },
    };
}
