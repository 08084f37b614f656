using Retort.Analysis;
using Retort.Analysis.Scaling;

namespace Retort.Recipes.Scaling;

/// <summary>A way to turn N samples into one answer.</summary>
/// <param name="Name">"best of N".</param>
/// <param name="Of">Its accuracy in a cell.</param>
public sealed record Aggregator(string Name, Func<ScalingCell, Interval> Of)
{
    /// <summary>By the task's verifier, else a guess.</summary>
    public static Aggregator BestOf { get; } = new("best of N", cell => cell.BestOf);

    /// <summary>The most frequent answer.</summary>
    public static Aggregator Majority { get; } = new("majority", cell => cell.Majority);
}

/// <summary>A step of a frontier: the cheapest cell that is better than all cheaper ones.</summary>
/// <param name="Cost">Tokens or floating-point operations a problem.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Accuracy">Its own, with its own interval; that it was chosen leans it upwards.</param>
public sealed record FrontierStep(double Cost, ScalingCell Cell, Interval Accuracy)
{
    /// <summary>The steps of an aggregator, ascending by cost.</summary>
    public static IReadOnlyList<FrontierStep> Of(ScalingGrid grid, Aggregator aggregator, Func<ScalingCell, double> cost)
    {
        var steps = new List<FrontierStep>();
        foreach (var same in grid.Cells.GroupBy(cost).OrderBy(group => group.Key))
        {
            var best = same.MaxBy(cell => aggregator.Of(cell).Value)!;
            if (steps.Count == 0 || aggregator.Of(best).Value > steps[^1].Accuracy.Value)
            {
                steps.Add(new(same.Key, best, aggregator.Of(best)));
            }
        }

        return steps;
    }
}
