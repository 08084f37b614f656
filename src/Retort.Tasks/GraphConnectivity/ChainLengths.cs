using Retort.Core;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>
/// Lengths of chains as a teacher draws them: the random process that a model trained on them is held against (section 2.4). Monte Carlo; the
/// same numbers for any number of threads.
/// </summary>
public sealed class ChainLengths
{
    private const int DrawsPerChunk = 1024;

    private readonly int[] sorted;

    private ChainLengths(int[] lengths, double straight)
    {
        (sorted, Straight) = (lengths, straight);
        Array.Sort(sorted);
    }

    /// <summary>Chains drawn.</summary>
    public int Count => sorted.Length;

    /// <summary>Mean length in vertices.</summary>
    public double Mean => sorted.Average();

    /// <summary>Share of chains whose every vertex is adjacent to the one before it and comes once: simple paths.</summary>
    public double Straight { get; }

    /// <summary>Draws <paramref name="draws"/> chains.</summary>
    public static ChainLengths Measure(
        ConnectivityGraph graph, ChainStrategy strategy, int walkSteps, int draws, ulong seed, int threads, CancellationToken cancellation = default)
    {
        var (teacher, purpose) = (new ChainTeacher(graph, strategy, walkSteps), CounterRandom.Hash("graph-connectivity/lengths"));
        var chunks = ParallelItems.Make((draws + DrawsPerChunk - 1) / DrawsPerChunk, threads, chunk =>
        {
            var (lengths, straight) = (new int[Math.Min(DrawsPerChunk, draws - chunk * DrawsPerChunk)], 0);
            for (var i = 0; i < lengths.Length; i++)
            {
                var random = CounterRandom.For(seed, purpose, (ulong)(chunk * (long)DrawsPerChunk + i));
                var chain = teacher.Draw(ref random);
                lengths[i] = chain.Length;
                straight += IsSimplePath(graph, chain) ? 1 : 0;
            }

            return (lengths, straight);
        }, cancellation);
        return new([.. chunks.SelectMany(chunk => chunk.lengths)], chunks.Sum(chunk => chunk.straight) / (double)draws);
    }

    /// <summary>F(S): share of chains of at most <paramref name="most"/> vertices.</summary>
    public double Within(int most) => SortedShare.AtMost(sorted, most);

    /// <summary>The smallest length that at least this share of chains does not exceed; 1: the longest drawn.</summary>
    public int Quantile(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    private static bool IsSimplePath(ConnectivityGraph graph, int[] chain)
    {
        for (var i = 1; i < chain.Length; i++)
        {
            if (!graph.AreAdjacent(chain[i - 1], chain[i]) || chain.AsSpan(0, i).Contains(chain[i]))
            {
                return false;
            }
        }

        return true;
    }
}
