using System.Numerics;
using Retort.Core;

namespace Retort.Analysis;

/// <summary>One sample as a voter.</summary>
/// <param name="Answer">Its final answer in canonical form; null does not vote.</param>
/// <param name="Correct">Whether the verifier accepts it.</param>
public readonly record struct Vote(string? Answer, bool Correct);

/// <summary>
/// What k samples are worth without a verifier: the answer most of them give (Wang et al. 2023, self-consistency).
/// Ties go to the answer seen first in sample order, and the vote is as correct as the first sample that gave the
/// winning answer. If nobody answers the vote is wrong.
/// </summary>
public static class MajorityVote
{
    private const int MaxSubsetsEnumerated = 20_000;

    /// <summary>Whether the winner of these votes is correct.</summary>
    public static bool IsCorrect(IEnumerable<Vote> votes)
    {
        var tally = new Dictionary<string, (int Count, int Order, bool Correct)>(StringComparer.Ordinal);
        foreach (var vote in votes)
        {
            if (vote.Answer is { } answer)
            {
                tally[answer] = tally.TryGetValue(answer, out var seen)
                    ? seen with { Count = seen.Count + 1 }
                    : (1, tally.Count, vote.Correct);
            }
        }

        return tally.Count > 0 && tally.Values.MinBy(entry => (-entry.Count, entry.Order)).Correct;
    }

    /// <summary>
    /// Majority@k of one problem: the chance that a vote of k of its n samples, drawn without replacement, is correct.
    /// Exact over all C(n, k) subsets while these are at most 20,000; else the mean of
    /// <paramref name="resamples"/> subsets drawn from the stream (seed, "majority", problem).
    /// </summary>
    public static double Estimate(
        IReadOnlyList<Vote> samples, int k, ulong seed = 1, ulong problem = 0, int resamples = 2_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        return Subsets(samples.Count, k) <= MaxSubsetsEnumerated
            ? Exact(samples, k)
            : Resampled(samples, k, seed, problem, resamples);
    }

    private static double Exact(IReadOnlyList<Vote> samples, int k)
    {
        if (k == samples.Count)
        {
            return IsCorrect(samples) ? 1 : 0;
        }

        var (correct, total) = (0, 0);
        var chosen = Enumerable.Range(0, k).ToArray();
        while (true)
        {
            total++;
            correct += IsCorrect(chosen.Select(i => samples[i])) ? 1 : 0;

            // The next combination in lexicographic order: the last index that can move moves, the rest follow it.
            var place = k - 1;
            while (place >= 0 && chosen[place] == samples.Count - k + place)
            {
                place--;
            }

            if (place < 0)
            {
                return (double)correct / total;
            }

            chosen[place]++;
            for (var i = place + 1; i < k; i++)
            {
                chosen[i] = chosen[i - 1] + 1;
            }
        }
    }

    private static double Resampled(IReadOnlyList<Vote> samples, int k, ulong seed, ulong problem, int resamples)
    {
        var random = CounterRandom.For(seed, "majority", problem);
        var order = new int[samples.Count];
        var correct = 0;
        for (var r = 0; r < resamples; r++)
        {
            for (var i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            random.Shuffle<int>(order);
            // Back into sample order: "first seen" is a property of the samples, not of the draw.
            Array.Sort(order, 0, k);
            correct += IsCorrect(order.Take(k).Select(i => samples[i])) ? 1 : 0;
        }

        return (double)correct / resamples;
    }

    private static BigInteger Subsets(int n, int k)
    {
        var count = BigInteger.One;
        for (var i = 1; i <= Math.Min(k, n - k); i++)
        {
            count = count * (n - i + 1) / i;
        }

        return count;
    }
}
