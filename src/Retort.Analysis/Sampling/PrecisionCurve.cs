namespace Retort.Analysis.Sampling;

/// <summary>Precisions of all problems as a curve: x is the rank, y the precision (Qin et al. 2025, "RL wall").</summary>
public static class PrecisionCurve
{
    /// <summary>Sorted by the model's own precision, highest first.</summary>
    public static double[] SelfSorted(IReadOnlyList<double> precision) => [.. precision.OrderDescending()];

    /// <summary>
    /// In the order of another model's precision, highest first; equals stay in the order of the problems. With before and after,
    /// what a change gained and where.
    /// </summary>
    public static double[] InOrderOf(IReadOnlyList<double> order, IReadOnlyList<double> precision) => order.Count == precision.Count
        ? [.. order.Index().OrderByDescending(one => one.Item).Select(one => precision[one.Index])]
        : throw new ArgumentException($"The lists have {order.Count} and {precision.Count} problems.", nameof(precision));

    /// <summary>
    /// A curve of many problems as means of <paramref name="groups"/> runs of equally many neighbours, for drawing a same-order curve
    /// without its jumps. x is the middle rank of each run.
    /// </summary>
    public static (double Rank, double Mean)[] Smoothed(IReadOnlyList<double> curve, int groups)
    {
        groups = Math.Min(groups, curve.Count);
        return [.. Enumerable.Range(0, groups).Select(group =>
        {
            var (from, to) = ((int)((long)group * curve.Count / groups), (int)((group + 1L) * curve.Count / groups));
            return ((from + to - 1) / 2.0, curve.Skip(from).Take(to - from).Average());
        })];
    }
}
