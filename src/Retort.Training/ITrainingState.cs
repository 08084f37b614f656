using Retort.Tensors;

namespace Retort.Training;

/// <summary>Where training is.</summary>
/// <param name="Steps">Steps taken.</param>
/// <param name="Position">Items of the data drawn.</param>
/// <param name="OptimizerSteps">Updates of the weights.</param>
public readonly record struct TrainingProgress(long Steps, long Position, long OptimizerSteps);

/// <summary>All that a checkpoint holds beside the model's weights.</summary>
public interface ITrainingState
{
    /// <summary>Steps taken.</summary>
    long Steps { get; }

    /// <summary>The optimiser, whose moments are part of the state.</summary>
    AdamWOptimizer Optimizer { get; }

    /// <summary>Set when a state is restored, the weights and moments being there already.</summary>
    TrainingProgress Progress { get; set; }

    /// <summary>Puts more of the state, if there is any, into the checkpoint's folder.</summary>
    void SaveFiles(string folder)
    {
    }

    /// <summary>Reads that back, after <see cref="Progress"/> is set.</summary>
    void RestoreFiles(string folder)
    {
    }
}
