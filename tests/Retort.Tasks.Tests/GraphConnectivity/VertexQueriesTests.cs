using Retort.Tasks.GraphConnectivity;

namespace Retort.Tasks.Tests.GraphConnectivity;

public sealed class VertexQueriesTests
{
    public static TheoryData<QueryPolicy> Policies => [.. Enum.GetValues<QueryPolicy>()];

    [Theory, MemberData(nameof(Policies))]
    public void Nothing_is_known_of_two_paths_before_half_of_one_is_seen(QueryPolicy policy)
    {
        const int vertices = 16;
        var queries = Measure(ConnectivityGraph.TwoPath(vertices), policy, 2000, 2);
        Assert.Equal(0, queries.Known((vertices - 2) / 2));
        Assert.Equal(0.5, queries.Success((vertices - 2) / 2));
        Assert.Equal(1, queries.Known(2 * vertices));
        Assert.Equal(queries.Mean, Measure(ConnectivityGraph.TwoPath(vertices), policy, 2000, 1).Mean);
    }

    [Fact]
    public void A_walk_along_a_path_needs_a_query_an_edge()
    {
        foreach (var policy in new[] { QueryPolicy.DepthFirst, QueryPolicy.BreadthFirst, QueryPolicy.RandomWalk })
        {
            var queries = Measure(ConnectivityGraph.TwoPath(16), policy, 100, 1);
            Assert.Equal((0.0, 1.0), (queries.Known(14), queries.Known(15)));
        }
    }

    // A trace's vertices but the target are asked; traces are 6 d long in the mean (section 6.1), distributed as the table of 6.1 says.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Depth_first_search_of_a_bridge_asks_what_its_trace_visits(int depth)
    {
        var graph = ConnectivityGraph.Bridge(depth, 3, 5, 3);
        var queries = Measure(graph, QueryPolicy.DepthFirst, 40_000, 2);
        Assert.Equal(6 * depth - 1, queries.Mean, 0.1);
        var lengths = ChainLengths.Measure(graph, ChainStrategy.Dfs, 0, 40_000, 1, 2, TestContext.Current.CancellationToken);
        for (var most = 3 * depth; most < 10 * depth; most++)
        {
            Assert.Equal(lengths.Within(most + 1), queries.Known(most), 0.015);
        }
    }

    private static VertexQueries Measure(ConnectivityGraph graph, QueryPolicy policy, int runs, int threads) =>
        VertexQueries.Measure(graph, policy, runs, 1, threads, TestContext.Current.CancellationToken);
}
