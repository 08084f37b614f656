using Retort.Analysis.Queueing;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Simulation;

/// <summary>Figures of simulations.</summary>
public static class SimulationFigures
{
    private const int CurvePoints = 25;

    /// <summary>Lines are closed forms, points simulations with two standard errors to either side; over load, a colour for each C.</summary>
    public static IReadOnlyList<Figure> OfQueues(IReadOnlyList<QueueComparison> queues)
    {
        var one = queues[0].Settings;
        var curves = queues.GroupBy(queue => queue.Settings.C).Select(group => CurveOf([.. group])).ToArray();
        var what = $"{one.Policy}, sizes {one.Sizes}, predictions {one.Predictions}" + (one.Servers == 1 ? "" : $", {one.Servers} servers");
        return
        [
            Queue("mean-response", "Mean response time", "mean response time (mean sizes)", AxisScale.Log, f => f.MeanResponse, s => s.MeanResponse),
            Queue("mean-kv", "Memory in use", "sum of ages of begun jobs (mean sizes)", AxisScale.Linear, f => f.MeanKv, s => s.MeanKv),
            Queue("preemptions", "Preemptions", "preemptions per job", AxisScale.Linear, f => f.PreemptionsPerJob, s => s.PreemptionsPerJob),
        ];

        Figure Queue(
            string name, string title, string label, AxisScale scale, Func<QueueingResult, double?> formula,
            Func<QueueMeasurement, Analysis.Estimate> simulation)
        {
            var series = new List<Series>();
            foreach (var (color, group) in queues.GroupBy(queue => queue.Settings.C).Index())
            {
                var legend = QueuePolicy.Get(one.Policy).UsesC ? $"C = {group.Key}" : one.Policy;
                var curve = curves[color].Where(at => formula(at.Formula) is not null)
                    .Select(at => new Point(at.Lambda, formula(at.Formula)!.Value)).ToArray();
                if (curve.Length > 0)
                {
                    series.Add(new Series($"{legend}, formula", SeriesKind.Band, curve) { Color = color });
                }

                series.Add(new Series($"{legend}, simulation", SeriesKind.Scatter, [.. group.Select(queue =>
                {
                    var (mean, error) = (simulation(queue.Simulation).Mean, 2 * simulation(queue.Simulation).StandardError);
                    var low = scale == AxisScale.Log ? Math.Max(mean - error, mean / 2) : mean - error;
                    return new Point(queue.Settings.Lambda, mean, low, mean + error);
                })])
                { Color = color });
            }

            return new Figure(
                name, $"{title}: {what}", new Axis("load of a server") { Format = NumberFormat.Plain },
                new Axis(label) { Scale = scale, Format = NumberFormat.Plain }, series)
            {
                Caption = "Lines: closed form. Points: the engine's scheduler under a virtual clock, bars two standard errors to either side.",
            };
        }
    }

    /// <summary>Mean times by policy: bars at one load, lines over several.</summary>
    public static IReadOnlyList<Figure> OfTrace(IReadOnlyList<(double Load, TraceOutcome Outcome)> loads)
    {
        return
        [
            Times("time-to-first-token", "Mean time to first token", (x, policy) => Interval(x, policy.FirstTokenMean)),
            Times("end-to-end", "Mean end-to-end time", (x, policy) => Interval(x, policy.EndToEndMean)),
            Times("end-to-end-p99", "99th percentile of the end-to-end time", (x, policy) => new(x, policy.EndToEnd.P99)),
        ];

        Figure Times(string name, string title, Func<double, PolicyOutcome, Point> point)
        {
            var policies = loads[0].Outcome.Policies.Select(policy => policy.Policy).ToArray();
            var y = new Axis("seconds") { Format = NumberFormat.Plain };
            const string Caption = "The engine's scheduler under a virtual clock, averaged over the seeds; all policies see the same requests. "
                + "Bars: 95 % intervals of means.";
            return loads.Count == 1
                ? new Figure(
                    name, $"{title} at load {loads[0].Load}", new Axis("policy") { Categories = policies }, y,
                    [new("seconds", SeriesKind.Bars, [.. loads[0].Outcome.Policies.Select((policy, i) => point(i, policy))])])
                { Caption = Caption }
                : new Figure(
                    name, $"{title} over load", new Axis("load (share of the saturated rate)") { Format = NumberFormat.Plain }, y,
                    [.. policies.Select((policy, i) => new Series(
                        policy, SeriesKind.Line, [.. loads.Select(load => point(load.Load, load.Outcome.Policies[i]))]))])
                { Caption = Caption };
        }
    }

    private static Point Interval(double x, Analysis.Interval interval) => new(x, interval.Value, Math.Max(0, interval.Low), interval.High);

    /// <summary>The closed form from the least to the greatest load that was simulated.</summary>
    private static (double Lambda, QueueingResult Formula)[] CurveOf(QueueComparison[] queues)
    {
        var (low, high) = (queues.Min(queue => queue.Settings.Lambda), queues.Max(queue => queue.Settings.Lambda));
        return [.. Enumerable.Range(0, high > low ? CurvePoints : 1).Select(i =>
        {
            var lambda = low + (high - low) * i / (CurvePoints - 1);
            return (lambda, QueueComparison.FormulaAt(queues[0].Settings, lambda));
        })];
    }
}
