namespace Retort.Analysis.Queueing;

/// <summary>An order of service.</summary>
public enum QueueingPolicy
{
    /// <summary>First come, first served.</summary>
    Fcfs,

    /// <summary>Processor sharing: all jobs at once, in equal parts.</summary>
    ProcessorSharing,

    /// <summary>Least attained service first, also called foreground-background.</summary>
    LeastAttained,

    /// <summary>Shortest job first by true size, without preemption.</summary>
    Sjf,

    /// <summary>Shortest job first by true size, preempting by that size.</summary>
    Psjf,

    /// <summary>Shortest remaining processing time first, by true size.</summary>
    Srpt,

    /// <summary>Shortest predicted job first, without preemption.</summary>
    Spjf,

    /// <summary>Shortest predicted remaining processing time first.</summary>
    Sprpt,

    /// <summary>As <see cref="Sprpt"/>, but a job predicted r is preempted only before the age C r.</summary>
    LimitedSprpt,

    /// <summary>As <see cref="LimitedSprpt"/>, with a new prediction at every step.</summary>
    RefinedLimitedSprpt,
}

/// <summary>What theory knows of a queue in its steady state; null is what it does not know.</summary>
/// <param name="MeanResponse">From arrival to completion, in mean service times.</param>
/// <param name="MeanKv">The sum of the ages of begun, unfinished jobs, averaged over time.</param>
/// <param name="PreemptionsPerJob">How often a job in service is put aside for one that just arrived.</param>
/// <param name="Unknown">Why something is null; null if nothing is.</param>
public sealed record QueueingResult(double? MeanResponse, double? MeanKv, double? PreemptionsPerJob, string? Unknown);

/// <summary>
/// Closed forms for Poisson arrivals, independent pairs of size and prediction, preemption and resumption free of cost
/// (<c>docs/queueing.md</c>).
/// </summary>
public static class QueueingFormulas
{
    /// <summary>One queue in its steady state.</summary>
    /// <param name="policy">The order of service.</param>
    /// <param name="lambda">Load of a server, in [0, 1): the arrival rate is lambda times the number of servers.</param>
    /// <param name="sizes">Law of the sizes, mean 1.</param>
    /// <param name="predictions">Used by the policies whose name holds a predicted size.</param>
    /// <param name="c">C in [0, 1], used by <see cref="QueueingPolicy.LimitedSprpt"/>.</param>
    /// <param name="servers">Servers, at least 1, each working on one job at a time.</param>
    public static QueueingResult Evaluate(
        QueueingPolicy policy, double lambda, SizeDistribution sizes, PredictionModel predictions, double c, int servers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lambda);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(lambda, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(servers, 1);
        if (policy == QueueingPolicy.RefinedLimitedSprpt)
        {
            return new(null, null, null, "no closed form is known for predictions that change during a job");
        }

        return servers == 1 ? OneServer(policy, lambda, sizes, predictions, c) : ManyServers(policy, lambda, sizes, servers);
    }

    private static QueueingResult OneServer(
        QueueingPolicy policy, double lambda, SizeDistribution sizes, PredictionModel predictions, double c)
    {
        var uninterruptedKv = 0.5 * lambda * sizes.SecondMoment;
        switch (policy)
        {
            case QueueingPolicy.Fcfs:
                return new(1 + lambda * sizes.SecondMoment / (2 * (1 - lambda)), uninterruptedKv, 0, null);
            case QueueingPolicy.ProcessorSharing:
                // A job of any age advances at the rate 1 - lambda on average.
                return new(1 / (1 - lambda), uninterruptedKv / (1 - lambda), null, "processor sharing preempts nobody, it slows");
            case QueueingPolicy.LeastAttained:
                var shared = ReferencePolicies.LeastAttained(lambda, sizes);
                return new(shared.Response, shared.Kv, null, "jobs of equal age share the server: preemptions are not countable");
        }

        var (response, kv, preemptions) = policy switch
        {
            QueueingPolicy.Psjf => ReferencePolicies.Psjf(lambda, sizes),
            QueueingPolicy.Sjf => LimitedPreemption.Evaluate(lambda, sizes, PredictionModel.Perfect, 0),
            QueueingPolicy.Srpt => LimitedPreemption.Evaluate(lambda, sizes, PredictionModel.Perfect, 1),
            QueueingPolicy.Spjf => LimitedPreemption.Evaluate(lambda, sizes, predictions, 0),
            QueueingPolicy.Sprpt => LimitedPreemption.Evaluate(lambda, sizes, predictions, 1),
            _ => LimitedPreemption.Evaluate(lambda, sizes, predictions, c),
        };
        return new(response, kv, preemptions, null);
    }

    private static QueueingResult ManyServers(QueueingPolicy policy, double lambda, SizeDistribution sizes, int servers)
    {
        const string Unknown = "with several servers the mean response time is known for FCFS and exponential sizes only";
        if (policy is not (QueueingPolicy.Fcfs or QueueingPolicy.Sjf or QueueingPolicy.Spjf))
        {
            return new(null, null, null, Unknown);
        }

        // Whoever is never preempted has each age once: Little's law gives the KV whatever the order and the sizes.
        var kv = 0.5 * lambda * servers * sizes.SecondMoment;
        return policy == QueueingPolicy.Fcfs && sizes is ExponentialMixture { IsExponential: true }
            ? new(ReferencePolicies.ExponentialServers(lambda, servers), kv, 0, null)
            : new(null, kv, 0, Unknown);
    }
}
