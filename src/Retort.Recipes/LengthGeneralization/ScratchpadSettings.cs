using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>How models of one task with a scratchpad are trained and asked.</summary>
public sealed record ScratchpadSettings
{
    /// <summary>The models' shape.</summary>
    [Doc("The models' shape")]
    public ModelShape Model { get; init; } = new() { HiddenSize = 64, NumLayers = 2, NumHeads = 4, NumKvHeads = 4, IntermediateSize = 256 };

    /// <summary>Training, the same for every scheme.</summary>
    [Doc("Training, the same for every scheme")]
    public ModelTraining Training { get; init; } = new() { Steps = 5000, BatchSequences = 64, PeakLearningRate = 3e-3 };

    /// <summary>Problems trained on.</summary>
    [Doc("Problems trained on, gone through again when all have been seen", Unit = "problems"), Positive]
    public int Problems { get; init; } = 200_000;

    /// <summary>Lengths asked, ascending.</summary>
    [Doc("Lengths asked, ascending, some of them trained on"), Positive]
    public IReadOnlyList<int> TestLengths { get; init; } = [];

    /// <summary>Problems of each length.</summary>
    [Doc("Problems asked of each length", Unit = "problems"), Positive]
    public int TestProblems { get; init; } = 300;

    /// <summary>How coupled ids change from step to step of training.</summary>
    [Doc("How coupled ids change from step to step: all shifted (offset), or spread in order over all there are (subset) or a random stretch of them")]
    public PositionJitterKind CoupledJitter { get; init; } = PositionJitterKind.Stretch;

    /// <summary>Position ids beyond those that the longest test has.</summary>
    [Doc("Position ids beyond those that the longest test has", Unit = "ids"), NotNegative]
    public int SpareIds { get; init; } = 4;
}
