using Retort.Core;

namespace Retort.Tasks.SolutionTree;

/// <summary>
/// How often pretraining shows each pair of state and action: what the coverage wall is made of (section 3.6). A problem can be solved from
/// knowledge alone only if all its pairs were seen.
/// </summary>
public sealed class SeenPairs
{
    private const int ProblemsPerChunk = 4096;

    private readonly SolutionTreeTask task;

    private SeenPairs(SolutionTreeTask task, int[] counts) => (this.task, Counts) = (task, counts);

    /// <summary>By pair, as <see cref="SolutionTreeWorld.Pair"/> numbers them: how often it is taken.</summary>
    public IReadOnlyList<int> Counts { get; }

    /// <summary>Counts the pairs of the first <paramref name="numProblems"/> problems of pretraining.</summary>
    public static SeenPairs Count(SolutionTreeTask task, int numProblems, int threads, CancellationToken cancellation = default)
    {
        var chunks = ParallelItems.Make((numProblems + ProblemsPerChunk - 1) / ProblemsPerChunk, threads, chunk =>
        {
            var counts = new int[task.World.NumPairs];
            for (var i = chunk * ProblemsPerChunk; i < Math.Min(numProblems, (chunk + 1) * ProblemsPerChunk); i++)
            {
                task.AddPairs(Split.Train, i, counts);
            }

            return counts;
        }, cancellation);
        var sum = new int[task.World.NumPairs];
        foreach (var counts in chunks)
        {
            for (var pair = 0; pair < sum.Length; pair++)
            {
                sum[pair] += counts[pair];
            }
        }

        return new(task, sum);
    }

    /// <summary>Share of the pairs seen fewer than <paramref name="times"/> times; of 1, q: those never seen.</summary>
    public double ShareSeenBelow(int times) => Counts.Count(count => count < times) / (double)Counts.Count;

    /// <summary>How many of a problem's different pairs were never seen.</summary>
    public int Unseen(SolutionTreeItem item) => item.Pairs(task.World).Distinct().Count(pair => Counts[pair] == 0);

    /// <summary>Share of the problems all of whose pairs were seen at least <paramref name="times"/> times.</summary>
    public double ShareOfProblems(IReadOnlyList<SolutionTreeItem> items, int times) =>
        items.Count(item => item.Pairs(task.World).All(pair => Counts[pair] >= times)) / (double)items.Count;

    /// <summary>
    /// In how many of <paramref name="numProblems"/> RL problems an unseen pair is the only unseen one, on average:
    /// M n / (D A) (1 - q)^(n - 1). Below about 1 most unseen pairs cannot be rewarded at all; well above 2 most can.
    /// </summary>
    public double ExpectedChances(int numProblems)
    {
        var steps = (task.Settings.Steps.Low + task.Settings.Steps.High) / 2.0;
        return numProblems * steps / Counts.Count * Math.Pow(1 - ShareSeenBelow(1), steps - 1);
    }
}
