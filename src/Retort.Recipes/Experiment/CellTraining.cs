using Retort.Core;

namespace Retort.Recipes.Experiment;

/// <summary>How one kind of model is trained.</summary>
public sealed record CellTraining
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
}
