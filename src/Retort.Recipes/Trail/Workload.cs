using Retort.Core;

namespace Retort.Recipes.Trail;

/// <summary>Who arrives when in one run: common to all policies.</summary>
/// <param name="Requests">Places in the recording, in order of arrival.</param>
/// <param name="Arrivals">In units of the mean gap, ascending; all 0 in a burst.</param>
internal sealed record Workload(int[] Requests, double[] Arrivals)
{
    /// <summary>
    /// A Poisson process of which <paramref name="count"/> arrivals are known to come in as many mean gaps, each of one of the
    /// <paramref name="recorded"/> requests, independent of the others.
    /// </summary>
    public static Workload Draw(ulong seed, int recorded, int count)
    {
        var random = CounterRandom.For(seed, "trail/arrivals");
        var (requests, sums, now) = (new int[count], new double[count], 0.0);
        for (var i = 0; i < count; i++)
        {
            requests[i] = random.NextInt32(recorded);
            sums[i] = now -= ExactMath.Log(1 - random.NextDouble());
        }

        // With the gap to the arrival that would have been next, the sums are uniform order statistics.
        now -= ExactMath.Log(1 - random.NextDouble());
        return new(requests, [.. sums.Select(sum => count * (sum / now))]);
    }

    /// <summary>The same requests, all at once.</summary>
    public Workload AtOnce() => this with { Arrivals = new double[Arrivals.Length] };

    /// <summary>Mean output of the requests, in tokens.</summary>
    public double MeanOutput(IReadOnlyList<RecordedRequest> recorded) => Requests.Average(i => recorded[i].OutputTokens);
}
