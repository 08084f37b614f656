using Retort.Analysis;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>A run's shares beside what section 6 predicts of them, with one speed fitted to the run.</summary>
/// <param name="Measured">Shares among completions that have a format, a row a rollout.</param>
/// <param name="Predicted">The same, predicted.</param>
/// <param name="Speed">Fitted.</param>
/// <param name="Error">Root mean square.</param>
internal sealed record Dynamics(double[][] Measured, double[][] Predicted, double Speed, double Error)
{
    /// <summary>
    /// With the success that each rollout measured, or, if <paramref name="isFixed"/>, with the base's for ever. A frozen run has no other than
    /// that of its coins. Null if there are no rollouts, or the base writes no format.
    /// </summary>
    public static Dynamics? Of(RunOutcome run, bool isFixed)
    {
        var formats = Enum.GetValues<ArithmeticFormat>();
        double[] raw = [.. formats.Select(format => run.Start.Sampled.Share(format, run.AllProblems))];
        if (run.Trajectory.Steps.Count == 0 || raw.Sum() == 0)
        {
            return null;
        }

        double[] start = [.. raw.Select(share => share / raw.Sum())];
        double[] before = [.. formats.Select(format => run.Start.Sampled.Within(format, run.AllProblems)).Select(p => double.IsNaN(p) ? 0 : p)];
        double[][] measured = [.. run.Trajectory.Steps.Select(step => step.Shares())];
        double[][] success = isFixed || run.Run.IsFrozen ? [.. measured.Select(_ => before)] : run.Trajectory.Success();
        var speed = ShareDynamics.FitSpeed(measured, start, success);
        var predicted = ShareDynamics.Predict(start, success, speed)[..^1];
        return new(measured, predicted, speed, ShareDynamics.RootMeanSquare(measured, predicted));
    }
}
