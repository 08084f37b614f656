using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>The paper's own numbers (sections 4 and 5 of the specification), drawn beside what is measured here.</summary>
internal static class PaperValues
{
    private static readonly double[]
        Search = [0.999, 1.000, 0.999, 0.998, 0.994],
        Path = [0.681, 0.376, 0.212, 0.163, 0.093],
        Shortest = [0.331, 0.079, 0.023, 0.004, 0.000];

    /// <summary>Evidence at a depth of 1 to 5 (figure 5.1); null: the paper has none. Its search writes no backtracking.</summary>
    public static double? Evidence(ChainStrategy strategy, int depth) => depth is < 1 or > 5 ? null : strategy switch
    {
        ChainStrategy.DfsBacktracking or ChainStrategy.Dfs => Search[depth - 1],
        ChainStrategy.Path => Path[depth - 1],
        ChainStrategy.ShortestPath => Shortest[depth - 1],
        _ => null,
    };

    /// <summary>Evidence by the bound of the taught walk, on Bridge(5).</summary>
    public static IReadOnlyDictionary<int, double> Walks { get; } =
        new Dictionary<int, double> { [20] = 0.057, [25] = 0.152, [30] = 0.305, [35] = 0.346, [40] = 0.421 };
}
