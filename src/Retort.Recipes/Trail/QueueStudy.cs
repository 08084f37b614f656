using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Recipes.Simulation;

namespace Retort.Recipes.Trail;

/// <summary>One queue of theory, computed and simulated. Times are in mean sizes.</summary>
internal sealed record QueuePoint(
    string Predictions, double Load, double C, double Formula, double Simulated, double StandardError, double FormulaKv, double SimulatedKv)
{
    /// <summary>Distance of simulation and formula, in standard errors.</summary>
    public double Distance() => Math.Abs(Simulated - Formula) / StandardError;
}

/// <summary>Limited preemption in M/M/1 with perfect and exponential predictions: closed form beside the scheduler's own behaviour.</summary>
internal static class QueueStudy
{
    /// <summary>Predictions of sizes.</summary>
    public static readonly IReadOnlyList<string> Predictions = ["perfect", "exp"];

    /// <summary>The whole grid.</summary>
    public static QueuePoint[] Run(TrailSettings settings, int threads, IProgressReporter progress, CancellationToken cancellation)
    {
        var points = new List<QueuePoint>();
        using var phase = progress.Begin(
            "simulate queues", (long)Predictions.Count * settings.Counted.QueueLoads.Count * settings.CValues.Count, "queues");
        foreach (var predictions in Predictions)
        {
            foreach (var load in settings.Counted.QueueLoads)
            {
                foreach (var c in settings.CValues)
                {
                    var result = QueueComparison.Of(
                        new QueueSettings
                        {
                            Policy = "trail",
                            Lambda = load,
                            Predictions = PredictionModel.Parse(predictions, "predictions"),
                            C = c,
                            Jobs = settings.Counted.QueueJobs,
                            // A seed for each queue: their errors must not lean the same way.
                            Seed = CounterRandom.For(settings.ModelSeed, "trail/queue", (ulong)points.Count).NextUInt64(),
                        },
                        threads, cancellation: cancellation);
                    var (simulated, formula) = (result.Simulation, result.Formula);
                    points.Add(new(
                        predictions, load, c, formula.MeanResponse!.Value, simulated.MeanResponse.Mean, simulated.MeanResponse.StandardError,
                        formula.MeanKv!.Value, simulated.MeanKv.Mean));
                    phase.Report(points.Count);
                }
            }
        }

        return [.. points];
    }
}
