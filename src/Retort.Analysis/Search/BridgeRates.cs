namespace Retort.Analysis.Search;

/// <summary>
/// Exact rates of a random depth-first search on a bridge graph (Mirtaheri et al. 2025; section 2.4 of the specification): blocks in a row, each with a
/// short way, a long way and a dead end. From the source a search has three ways, from every later junction a fourth: back along the way
/// it did not take. They do not depend on how long the ways are.
/// </summary>
public static class BridgeRates
{
    /// <summary>Chance that no vertex is wasted: at every junction one of the two ways on is drawn. What a model that writes paths blindly would prove.</summary>
    /// <param name="depth">Blocks.</param>
    /// <param name="hasDeadEnds">Dead ends of one vertex or more.</param>
    public static double Path(int depth, bool hasDeadEnds = true) => Way(depth, 2, hasDeadEnds);

    /// <summary>Chance that the search is the shortest path.</summary>
    /// <inheritdoc cref="Path"/>
    public static double ShortestPath(int depth, bool hasDeadEnds = true) => Way(depth, 1, hasDeadEnds);

    /// <summary>Chance that one at least of <paramref name="samples"/> independent chains is evidence, each with chance <paramref name="rate"/>.</summary>
    public static double AnyOf(double rate, int samples) => 1 - Math.Pow(1 - rate, samples);

    /// <summary>Accuracy with a verifier (section 4): certain where a chain is evidence, else a fair guess between two.</summary>
    public static double Accuracy(double evidence) => evidence + (1 - evidence) / 2;

    private static double Way(int depth, int good, bool hasDeadEnds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        var ways = hasDeadEnds ? 3 : 2;
        return Math.Pow((double)good / (ways + 1), depth - 1) * good / ways;
    }
}
