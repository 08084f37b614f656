using Retort.Core;

namespace Retort.Recipes.Bench.Serve;

/// <summary>When requests are due, in seconds from a run's start, ascending: plain data, known before the first is sent.</summary>
public static class Arrivals
{
    /// <summary>
    /// Independent gaps with mean 1/<paramref name="rate"/> and a gamma law of shape <paramref name="burstiness"/>: 1 is a Poisson
    /// process, less comes in clumps, more comes evenly. The gaps of one seed are the same at every rate, but for their scale.
    /// </summary>
    /// <param name="count">Requests.</param>
    /// <param name="rate">Requests a second, above 0.</param>
    /// <param name="burstiness">Shape of the gamma law, above 0; the gaps' squared coefficient of variation is its inverse.</param>
    /// <param name="seed">Names the stream.</param>
    public static double[] Random(int count, double rate, double burstiness, ulong seed)
    {
        var random = CounterRandom.For(seed, "bench serve/arrivals");
        var (due, now) = (new double[count], 0.0);
        for (var i = 0; i < count; i++)
        {
            now += random.NextGamma(burstiness) / burstiness / rate;
            due[i] = now;
        }

        return due;
    }

    /// <summary>All at 0.</summary>
    public static double[] Burst(int count) => new double[count];
}
