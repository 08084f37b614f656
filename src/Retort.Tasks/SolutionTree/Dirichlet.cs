using Retort.Core;

namespace Retort.Tasks.SolutionTree;

/// <summary>Dirichlet vectors from gamma draws, as logarithms: small parameters make numbers that a double cannot hold.</summary>
internal static class Dirichlet
{
    /// <summary>Logarithms of the weights of a symmetric Dirichlet(<paramref name="parameter"/>) vector, up to a constant.</summary>
    public static double[] DrawLogs(ref CounterRandom random, int count, double parameter)
    {
        var logs = new double[count];
        for (var i = 0; i < count; i++)
        {
            // Gamma(a) = Gamma(a + 1) U^(1/a).
            logs[i] = ExactMath.Log(random.NextGamma(parameter + 1)) + ExactMath.Log(1 - random.NextDouble()) / parameter;
        }

        return logs;
    }

    /// <summary>The cumulative distribution of the weights: entry i is the probability of the values 0 to i.</summary>
    public static double[] Cumulate(ReadOnlySpan<double> logs)
    {
        var largest = double.NegativeInfinity;
        foreach (var log in logs)
        {
            largest = Math.Max(largest, log);
        }

        var (sums, sum) = (new double[logs.Length], 0.0);
        for (var i = 0; i < logs.Length; i++)
        {
            sums[i] = sum += ExactMath.Exp(logs[i] - largest);
        }

        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] /= sum;
        }

        return sums;
    }

    /// <summary>A value drawn from a cumulative distribution; one of probability zero never is.</summary>
    public static int Draw(ref CounterRandom random, ReadOnlySpan<double> cumulative)
    {
        var (u, value) = (random.NextDouble(), 0);
        while (cumulative[value] <= u)
        {
            value++;
        }

        return value;
    }
}
