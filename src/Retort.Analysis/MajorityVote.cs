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
        IReadOnlyList<Vote> samples, int k, ulong seed = 1, ulong problem = 0, int resamples = 2_000) =>
        Curve(samples, [k], seed, problem, resamples)[0];

    /// <summary>
    /// <see cref="Estimate"/> for several k at once, with the same results: what is drawn for one k holds what is drawn for a smaller.
    /// </summary>
    public static double[] Curve(
        IReadOnlyList<Vote> samples, IReadOnlyList<int> ks, ulong seed = 1, ulong problem = 0, int resamples = 2_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        foreach (var k in ks)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k, nameof(ks));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples.Count, nameof(ks));
        }

        var ballots = new Ballots(samples);
        var shares = ks.Select(k => Subsets(samples.Count, k) <= MaxSubsetsEnumerated ? ballots.Exact(k) : double.NaN).ToArray();
        var drawn = Enumerable.Range(0, ks.Count).Where(i => double.IsNaN(shares[i])).ToArray();
        if (drawn.Length > 0)
        {
            var random = CounterRandom.For(seed, "majority", problem);
            var found = ballots.Resampled([.. drawn.Select(i => ks[i])], ref random, resamples);
            for (var i = 0; i < drawn.Length; i++)
            {
                shares[drawn[i]] = found[i];
            }
        }

        return shares;
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

    /// <summary>The samples with their answers numbered, so that a vote is counted without looking at texts.</summary>
    private sealed class Ballots
    {
        private readonly int[] answers;
        private readonly bool[] correct;
        private readonly int[] tally;

        public Ballots(IReadOnlyList<Vote> samples)
        {
            var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
            answers = new int[samples.Count];
            correct = new bool[samples.Count];
            for (var i = 0; i < answers.Length; i++)
            {
                correct[i] = samples[i].Correct;
                answers[i] = samples[i].Answer is not { } answer ? -1
                    : numbers.TryGetValue(answer, out var number) ? number : numbers[answer] = numbers.Count;
            }

            tally = new int[numbers.Count];
        }

        public double Exact(int k)
        {
            var (right, total, n) = (0, 0, answers.Length);
            var chosen = Enumerable.Range(0, k).ToArray();
            while (true)
            {
                total++;
                right += IsCorrect(chosen) ? 1 : 0;

                // The next combination in lexicographic order: the last index that can move moves, the rest follow it.
                var place = k - 1;
                while (place >= 0 && chosen[place] == n - k + place)
                {
                    place--;
                }

                if (place < 0)
                {
                    return (double)right / total;
                }

                chosen[place]++;
                for (var i = place + 1; i < k; i++)
                {
                    chosen[i] = chosen[i - 1] + 1;
                }
            }
        }

        public double[] Resampled(int[] ks, ref CounterRandom random, int resamples)
        {
            var (order, place, right) = (new int[answers.Length], new int[answers.Length], new int[ks.Length]);
            var chosen = new int[answers.Length];
            for (var r = 0; r < resamples; r++)
            {
                for (var i = 0; i < order.Length; i++)
                {
                    order[i] = i;
                }

                random.Shuffle<int>(order);
                for (var i = 0; i < order.Length; i++)
                {
                    place[order[i]] = i;
                }

                for (var i = 0; i < ks.Length; i++)
                {
                    // In sample order: "first seen" is a property of the samples, not of the draw.
                    var count = 0;
                    for (var sample = 0; sample < place.Length; sample++)
                    {
                        if (place[sample] < ks[i])
                        {
                            chosen[count++] = sample;
                        }
                    }

                    right[i] += IsCorrect(chosen.AsSpan(0, count)) ? 1 : 0;
                }
            }

            return [.. right.Select(count => (double)count / resamples)];
        }

        /// <summary>Whether the vote of the chosen, in ascending order, is correct.</summary>
        private bool IsCorrect(ReadOnlySpan<int> chosen)
        {
            var most = 0;
            foreach (var sample in chosen)
            {
                if (answers[sample] is >= 0 and var answer)
                {
                    most = Math.Max(most, ++tally[answer]);
                }
            }

            var winner = -1;
            foreach (var sample in chosen)
            {
                if (winner < 0 && answers[sample] is >= 0 and var answer && tally[answer] == most)
                {
                    winner = sample;
                }
            }

            foreach (var sample in chosen)
            {
                if (answers[sample] is >= 0 and var answer)
                {
                    tally[answer] = 0;
                }
            }

            return winner >= 0 && correct[winner];
        }
    }
}
