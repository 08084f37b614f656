using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Inference.Scheduling;

namespace Retort.Recipes.Simulation;

/// <summary>An order of service that is both known to theory and carried out by the engine's scheduler.</summary>
/// <param name="Name">As users write it.</param>
/// <param name="Formula">Its closed form with predictions.</param>
/// <param name="IsTold">Whether it is given predictions; else it knows sizes or does not look at them.</param>
/// <param name="UsesC">Whether C limits its preemption.</param>
/// <param name="Scheduling">Its pieces for a C.</param>
public sealed record QueuePolicy(
    string Name, QueueingPolicy Formula, bool IsTold, bool UsesC, Func<double, SchedulerPolicy> Scheduling)
{
    /// <summary>All of them. Processor sharing is first come, first served with a place for everybody.</summary>
    public static IReadOnlyList<QueuePolicy> All { get; } =
    [
        new("fcfs", QueueingPolicy.Fcfs, false, false, _ => new()),
        new("ps", QueueingPolicy.ProcessorSharing, false, false, _ => new()),
        new("sjf", QueueingPolicy.Spjf, true, false, _ => new() { Order = OrderingKey.PredictedLength }),
        new("srpt", QueueingPolicy.Srpt, false, false, _ => Shortest(PreemptionRule.Always)),
        new("sprpt", QueueingPolicy.Sprpt, true, false, _ => Shortest(PreemptionRule.Always)),
        new("trail", QueueingPolicy.LimitedSprpt, true, true, c => Shortest(PreemptionRule.Limited(c))),
    ];

    /// <summary>The one of this name; another name is a <see cref="UserError"/> that tells the nearest.</summary>
    public static QueuePolicy Get(string name, string where = "--policy") =>
        All.FirstOrDefault(policy => policy.Name == name) ?? throw UserError.Request(
            where, $"'{name}' is not a policy", "one of " + string.Join(", ", All.Select(policy => policy.Name)),
            NearestName.Of(name, All.Select(policy => policy.Name)));

    private static SchedulerPolicy Shortest(PreemptionRule rule) => new() { Order = OrderingKey.PredictedRemaining, Preemption = rule };
}
