namespace Retort.Analysis.Queueing;

/// <summary>Policies on one server that see sizes exactly or not at all (spec section 4.3).</summary>
internal static class ReferencePolicies
{
    /// <summary>
    /// (1 - A(x)) (1 - A(x-)): older jobs of the tagged job's own size go before it, newer ones do not; without atoms the
    /// two are one. The weight is P(X = x) where x is an atom.
    /// </summary>
    public static double Idle(double lambda, SizeDistribution sizes, double x, double weight) =>
        (1 - lambda * sizes.PartialMoment(1, x)) * IdleBelow(lambda, sizes, x, weight);

    /// <summary>Preemptive shortest job first: ranks are sizes and do not fall with age.</summary>
    public static (double Response, double Kv, double Preemptions) Psjf(double lambda, SizeDistribution sizes)
    {
        var (nodes, weights) = sizes.Rule();
        var (response, kv, preemptions) = (0.0, 0.0, 0.0);
        for (var i = 0; i < nodes.Length; i++)
        {
            var (x, w) = (nodes[i], weights[i]);
            var below = IdleBelow(lambda, sizes, x, w);
            response += w * (x / below + lambda * sizes.PartialMoment(2, x) / (2 * Idle(lambda, sizes, x, w)));
            kv += w * x * x / (2 * below);
            preemptions += w * x * (sizes.Cdf(x) - (sizes is EmpiricalSizes ? w : 0));
        }

        return (response, lambda * kv, lambda * preemptions);
    }

    /// <summary>
    /// Least attained service first. The mean time T(a) at which a job reaches age a does not depend on its size beyond a, so
    /// E[T] = integral of P(X > a) T'(a) da and mean KV = lambda times the integral of a P(X > a) T'(a) da.
    /// </summary>
    public static (double Response, double Kv) LeastAttained(double lambda, SizeDistribution sizes)
    {
        var (ages, weights) = AgeRule(lambda, sizes);
        var (response, kv) = (0.0, 0.0);
        for (var i = 0; i < ages.Length; i++)
        {
            var a = ages[i];
            var longer = sizes.TailMoment(0, a);
            var idle = 1 - lambda * (sizes.PartialMoment(1, a) + a * longer);
            var m = sizes.PartialMoment(2, a) + a * a * longer;
            var slope = (1 + lambda * longer * (2 * a + lambda * m / idle) / idle) / idle;
            response += weights[i] * longer * slope;
            kv += weights[i] * longer * slope * a;
        }

        return (response, lambda * kv);
    }

    /// <summary>M/M/k: 1 + ErlangC(k, k rho) / (k (1 - rho)), by the recursion of Erlang's B.</summary>
    public static double ExponentialServers(double rho, int servers)
    {
        var blocked = 1.0;
        for (var i = 1; i <= servers; i++)
        {
            blocked = servers * rho * blocked / (i + servers * rho * blocked);
        }

        var waits = blocked / (1 - rho * (1 - blocked));
        return 1 + waits / (servers * (1 - rho));
    }

    private static double IdleBelow(double lambda, SizeDistribution sizes, double x, double weight) =>
        1 - lambda * (sizes.PartialMoment(1, x) - (sizes is EmpiricalSizes ? weight * x : 0));

    /// <summary>Between atoms the idle share falls linearly in a; panels end where it has halved.</summary>
    private static (double[] X, double[] Weights) AgeRule(double lambda, SizeDistribution sizes)
    {
        if (sizes is not EmpiricalSizes empirical)
        {
            return LimitedPreemption.RemainingRule(sizes, 1);
        }

        var (panels, a) = (new Panels(), 0.0);
        foreach (var x in empirical.Values)
        {
            var longer = sizes.TailMoment(0, a);
            for (; a < x; a += 0.5 * (1 - lambda * (sizes.PartialMoment(1, a) + a * longer)) / (lambda * longer))
            {
                panels.Add(a);
            }

            panels.Add(a = x);
        }

        return panels.Of(0, empirical.Values[^1]);
    }
}
