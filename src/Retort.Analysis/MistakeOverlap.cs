namespace Retort.Analysis;

/// <summary>What one solver did on one problem.</summary>
/// <param name="Mistakes">Mistakes on the way, from 1 (see <see cref="MistakeOverlap"/>).</param>
/// <param name="Solved">Whether the problem was solved.</param>
public readonly record struct MistakeCount(int Mistakes, bool Solved);

/// <summary>Overlap of two solvers inside one bin of mistakes.</summary>
/// <param name="From">Fewest mistakes in the bin.</param>
/// <param name="To">One more than the most.</param>
/// <param name="Both">Problems in both sets.</param>
/// <param name="Either">Problems in at least one.</param>
public readonly record struct MistakeBin(int From, int To, int Both, int Either)
{
    /// <summary>Jaccard index, both / either; 0 for an empty bin (look at <see cref="Either"/> to tell).</summary>
    public double Jaccard => Either == 0 ? 0 : (double)Both / Either;
}

/// <summary>
/// Does a model make its mistakes where its data generator does? Problems are grouped by the number of mistakes made
/// before the solution, and each group compared as a set (Qin et al. 2025, "To backtrack or not to backtrack").
/// </summary>
public static class MistakeOverlap
{
    /// <summary>What an unsolved problem counts as.</summary>
    public const int Unsolved = 42;

    /// <summary>Ends of the paper's bins: [1,5), [5,10), [10,20), [20,30), [30,40), [40,50).</summary>
    public static IReadOnlyList<int> BinEdges { get; } = [1, 5, 10, 20, 30, 40, 50];

    /// <summary>The numbers of samples at which best-of-n is looked at: 1 to 16, then 22, 24, ..., 42.</summary>
    public static IReadOnlyList<int> SampleCounts { get; } =
        [.. Enumerable.Range(1, 16), .. Enumerable.Range(0, 11).Select(i => 22 + 2 * i)];

    /// <summary>
    /// Mistakes of a search trace: 1 + its failed leaves ("unequal: No Solution"), or <see cref="Unsolved"/>.
    /// </summary>
    public static MistakeCount OfTrace(int failedLeaves, bool solved) =>
        new(solved ? 1 + failedLeaves : Unsolved, solved);

    /// <summary>
    /// Mistakes of parallel sampling: the smallest n of <see cref="SampleCounts"/> at which best-of-n succeeds, or
    /// <see cref="Unsolved"/>. With fewer than 42 samples the later counts are out of reach, which the caller should say.
    /// </summary>
    public static MistakeCount OfSamples(ReadOnlySpan<bool> samples)
    {
        var first = samples.IndexOf(true) + 1;
        if (first > 0)
        {
            foreach (var n in SampleCounts)
            {
                if (n >= first && n <= samples.Length)
                {
                    return new(n, true);
                }
            }
        }

        return new(Unsolved, false);
    }

    /// <summary>
    /// For each bin, the Jaccard index of the problems one solver solved with mistakes in the bin and those the other
    /// solved with mistakes in the same bin. Both lists are over the same problems in the same order.
    /// </summary>
    public static MistakeBin[] Compare(IReadOnlyList<MistakeCount> generator, IReadOnlyList<MistakeCount> model)
    {
        if (generator.Count != model.Count)
        {
            throw new ArgumentException(
                $"The lists have {generator.Count} and {model.Count} problems.", nameof(model));
        }

        var bins = new MistakeBin[BinEdges.Count - 1];
        for (var b = 0; b < bins.Length; b++)
        {
            var (from, to, both, either) = (BinEdges[b], BinEdges[b + 1], 0, 0);
            bool Holds(MistakeCount count) => count.Solved && count.Mistakes >= from && count.Mistakes < to;
            for (var problem = 0; problem < model.Count; problem++)
            {
                var (left, right) = (Holds(generator[problem]), Holds(model[problem]));
                both += left && right ? 1 : 0;
                either += left || right ? 1 : 0;
            }

            bins[b] = new(from, to, both, either);
        }

        return bins;
    }
}
