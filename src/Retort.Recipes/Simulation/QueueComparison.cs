using Retort.Analysis.Queueing;
using Retort.Core;

namespace Retort.Recipes.Simulation;

/// <summary>One queue, computed and simulated.</summary>
public sealed record QueueComparison(QueueSettings Settings, QueueingResult Formula, QueueMeasurement Simulation)
{
    /// <summary>Both sides of one queue.</summary>
    public static QueueComparison Of(
        QueueSettings settings, int threads, IProgressReporter? progress = null, CancellationToken cancellation = default) =>
        new(settings, FormulaAt(settings, settings.Lambda), QueueExperiment.Run(settings, threads, progress, cancellation));

    internal static QueueingResult FormulaAt(QueueSettings settings, double lambda) => QueueingFormulas.Evaluate(
        QueuePolicy.Get(settings.Policy).Formula, lambda, settings.Sizes, settings.Predictions, settings.C, settings.Servers);
}
