namespace Retort.Analysis.Scaling;

/// <summary>
/// What a majority of N of n samples is worth, in expectation over all subsets drawn without replacement (hypergeometric; section 5.6 of the
/// study of long chains of thought). Answers with equally many votes win equally often, so ties between two count one half: the expectation
/// of <see cref="MajorityVote"/>, where the first seen wins, over the samples' order. Exact, for all N at once.
/// </summary>
public static class VoteExpectation
{
    // C(n, n/2) is below 2^n, which must be a double.
    private const int MostExact = 1000;

    /// <summary>Chances that the majority is right and that nobody votes, for N = 0 .. <paramref name="most"/> (index N).</summary>
    /// <param name="votes">All n samples; without an answer they do not vote. An answer some of whose samples are right is right so often.</param>
    /// <param name="most">The largest N, at most n.</param>
    /// <param name="problem">Names the stream of subsets that more than 1,000 samples are looked at through.</param>
    public static (double[] Right, double[] Silent) Of(IReadOnlyList<Vote> votes, int most, ulong problem = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, votes.Count);
        var answers = votes.Where(vote => vote.Answer is not null).GroupBy(vote => vote.Answer!, StringComparer.Ordinal)
            .Select(group => (Count: group.Count(), Right: group.Count(vote => vote.Correct) / (double)group.Count())).ToArray();
        var (silentSamples, right, silent) = (votes.Count - answers.Sum(answer => answer.Count), new double[most + 1], new double[most + 1]);
        for (var n = 0; n <= most; n++)
        {
            silent[n] = n == 0 ? 1 : 1 - PassAtK.Estimate(votes.Count, votes.Count - silentSamples, n);
        }

        if (answers.All(answer => answer.Right == 0))
        {
            return (right, silent);
        }

        if (votes.Count > MostExact)
        {
            MajorityVote.Curve(votes, [.. Enumerable.Range(1, most)], problem: problem).CopyTo(right, 1);
            return (right, silent);
        }

        var subsets = Binomials(votes.Count, most);
        for (var wins = 1; wins <= Math.Min(most, answers.Max(answer => answer.Count)); wins++)
        {
            AddWins(answers, silentSamples, wins, right);
        }

        for (var n = 1; n <= most; n++)
        {
            right[n] /= subsets[n];
        }

        return (right, silent);
    }

    /// <summary>
    /// Adds, for every N, the subsets whose winners have exactly <paramref name="wins"/> votes, each as often as its winners are right. Answers
    /// that cannot reach so many are chosen freely with the silent samples; the others one after the other, counted by ties.
    /// </summary>
    private static void AddWins((int Count, double Right)[] answers, int silentSamples, int wins, double[] right)
    {
        var most = right.Length - 1;
        var able = answers.Where(answer => answer.Count >= wins).ToArray();
        if (able.All(answer => answer.Right == 0))
        {
            return;
        }

        // [ties][N]: subsets, and the same weighted by how often the tied answers are right, summed over them.
        var maxTies = Math.Min(able.Length, most / wins);
        var (ways, weighted) = (Table(maxTies, most), Table(maxTies, most));
        ways[0] = Binomials(silentSamples + answers.Sum(answer => answer.Count < wins ? answer.Count : 0), most);
        foreach (var (count, share) in able)
        {
            var (choose, nextWays, nextWeighted) = (Binomials(count, wins), Table(maxTies, most), Table(maxTies, most));
            for (var ties = 0; ties <= maxTies; ties++)
            {
                for (var n = 0; n <= most; n++)
                {
                    for (var chosen = 0; chosen < wins && chosen <= n; chosen++)
                    {
                        nextWays[ties][n] += ways[ties][n - chosen] * choose[chosen];
                        nextWeighted[ties][n] += weighted[ties][n - chosen] * choose[chosen];
                    }

                    if (ties > 0 && n >= wins)
                    {
                        var tied = ways[ties - 1][n - wins] * choose[wins];
                        nextWays[ties][n] += tied;
                        nextWeighted[ties][n] += weighted[ties - 1][n - wins] * choose[wins] + share * tied;
                    }
                }
            }

            (ways, weighted) = (nextWays, nextWeighted);
        }

        for (var ties = 1; ties <= maxTies; ties++)
        {
            for (var n = 1; n <= most; n++)
            {
                right[n] += weighted[ties][n] / ties;
            }
        }
    }

    private static double[][] Table(int rows, int columns) => [.. Enumerable.Range(0, rows + 1).Select(_ => new double[columns + 1])];

    /// <summary>C(n, 0), C(n, 1), ..., C(n, most).</summary>
    private static double[] Binomials(int n, int most)
    {
        var row = new double[most + 1];
        row[0] = 1;
        for (var k = 1; k <= Math.Min(n, most); k++)
        {
            row[k] = row[k - 1] * (n - k + 1) / k;
        }

        return row;
    }
}
