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
            now += Gamma(ref random, burstiness) / burstiness / rate;
            due[i] = now;
        }

        return due;
    }

    /// <summary>All at 0.</summary>
    public static double[] Burst(int count) => new double[count];

    /// <summary>A gamma variate of scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables").</summary>
    private static double Gamma(ref CounterRandom random, double shape)
    {
        if (shape == 1)
        {
            return -ExactMath.Log(1 - random.NextDouble());
        }

        if (shape < 1)
        {
            return Gamma(ref random, shape + 1) * ExactMath.Pow(1 - random.NextDouble(), 1 / shape);
        }

        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = random.NextGaussian();
            var v = 1 + c * x;
            v = v * v * v;
            if (v > 0 && ExactMath.Log(1 - random.NextDouble()) < 0.5 * x * x + d - d * v + d * ExactMath.Log(v))
            {
                return d * v;
            }
        }
    }
}
