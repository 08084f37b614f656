using Retort.Core;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Tasks.Tests.GraphConnectivity;

/// <summary>The teachers as random processes, against the numbers of the specification's section 6.1 and the formulas of 2.4.</summary>
public class ChainTeacherTests
{
    private const int Draws = 40_000;

    [Theory]
    [InlineData(2, 3, 1, 1, 6, 6, 3, 4, 3.5, 3.83, 5)]
    [InlineData(2, 3, 1, 2, 11, 12, 5, 7, 6.0, 7.17, 10)]
    [InlineData(2, 3, 1, 3, 16, 18, 7, 10, 8.5, 10.5, 15)]
    [InlineData(2, 3, 1, 4, 21, 24, 9, 13, 11.0, 13.9, 20)]
    [InlineData(2, 3, 2, 3, 19, 21, 7, 10, 8.5, 11.5, 18)]
    [InlineData(3, 5, 3, 1, 11, 11, 4, 6, 5.0, 5.98, 9)]
    [InlineData(3, 5, 3, 5, 51, 55, 16, 26, 21.0, 30.0, 49)]
    public void Sizes_and_mean_lengths_are_the_specifications(
        int s, int l, int b, int depth, int vertices, int edges, int shortest, int longest, double meanPath, double meanSearch, int longestSearch)
    {
        var graph = ConnectivityGraph.Bridge(depth, s, l, b);
        Assert.Equal((2 * vertices, 2 * edges), (graph.NumVertices, graph.Edges.Count));
        Assert.Equal(shortest, Lengths(graph, ChainStrategy.ShortestPath, 1)[0]);
        var (paths, searches) = (Lengths(graph, ChainStrategy.Path, Draws), Lengths(graph, ChainStrategy.Dfs, Draws));
        Assert.Equal((shortest, longest), (paths.Min(), paths.Max()));
        Assert.Equal(meanPath, paths.Average(), 0.01 * meanPath);
        Assert.Equal(meanSearch, searches.Average(), 0.01 * meanSearch);
        // The longest trace of a deep graph is too rare to be drawn.
        Assert.InRange(searches.Max(), depth < 5 ? longestSearch : longest, longestSearch);
    }

    [Theory]
    [InlineData(1, 3, 5, 3)]
    [InlineData(2, 2, 3, 1)]
    [InlineData(3, 3, 5, 3)]
    public void A_search_wastes_nothing_and_finds_the_shortest_path_as_often_as_the_formulas_say(int depth, int s, int l, int b)
    {
        var graph = ConnectivityGraph.Bridge(depth, s, l, b);
        var teacher = new ChainTeacher(graph, ChainStrategy.Dfs);
        var (straight, shortest) = (0, 0);
        for (var i = 0; i < Draws; i++)
        {
            var random = CounterRandom.For(3, "searches", (ulong)i);
            var chain = teacher.Draw(ref random);
            var isWalk = Enumerable.Range(1, chain.Length - 1).All(j => graph.AreAdjacent(chain[j - 1], chain[j]));
            straight += isWalk ? 1 : 0;
            shortest += isWalk && chain.Length == depth * s + 1 ? 1 : 0;
        }

        Near(2.0 / 3 * Math.Pow(0.5, depth - 1), straight);
        Near(1.0 / 3 * Math.Pow(0.25, depth - 1), shortest);

        static void Near(double p, int count) => Assert.InRange(count / (double)Draws, p - 4 * Math.Sqrt(p * (1 - p) / Draws), p + 4 * Math.Sqrt(p * (1 - p) / Draws));
    }

    [Theory]
    [InlineData(20, 0.026)]
    [InlineData(26, 0.251)]
    [InlineData(30, 0.551)]
    [InlineData(34, 0.811)]
    [InlineData(40, 0.977)]
    public void Lengths_of_searches_at_depth_5_have_the_specifications_distribution(int most, double share) => Assert.Equal(
        share, Lengths(ConnectivityGraph.Bridge(5, 3, 5, 3), ChainStrategy.Dfs, Draws).Count(length => length <= most) / (double)Draws, 0.012);

    [Fact]
    public void Chains_are_what_their_strategies_say()
    {
        var graph = ConnectivityGraph.Bridge(3, 3, 5, 3);
        foreach (var strategy in Enum.GetValues<ChainStrategy>())
        {
            var teacher = new ChainTeacher(graph, strategy, walkSteps: 20);
            for (var i = 0; i < 500; i++)
            {
                var random = CounterRandom.For(5, "chains", (ulong)i);
                var chain = teacher.Draw(ref random);
                Assert.Equal((graph.Source, graph.Target), (chain[0], chain[^1]));
                Assert.DoesNotContain(graph.Target, chain[..^1]);
                var isWalk = Enumerable.Range(1, chain.Length - 1).All(j => graph.AreAdjacent(chain[j - 1], chain[j]));
                Assert.True(isWalk || strategy == ChainStrategy.Dfs);
                Assert.True(chain.Distinct().Count() == chain.Length || strategy is ChainStrategy.Walk or ChainStrategy.DfsBacktracking);
                Assert.True(strategy != ChainStrategy.Walk || chain.Length <= 21);
            }
        }
    }

    [Fact]
    public void The_written_way_back_is_the_same_search()
    {
        var graph = ConnectivityGraph.Bridge(4, 3, 5, 3);
        var (plain, back) = (new ChainTeacher(graph, ChainStrategy.Dfs), new ChainTeacher(graph, ChainStrategy.DfsBacktracking));
        var path = new ChainTeacher(graph, ChainStrategy.Path);
        for (var i = 0; i < 500; i++)
        {
            var (a, b, c) = (CounterRandom.For(7, "same", (ulong)i), CounterRandom.For(7, "same", (ulong)i), CounterRandom.For(7, "same", (ulong)i));
            var (chain, written, found) = (plain.Draw(ref a), back.Draw(ref b), path.Draw(ref c));
            Assert.Equal(chain, written.Distinct());
            // Up and down again: what is not on the path found costs two moves.
            Assert.Equal(2 * chain.Length - found.Length, written.Length);
        }
    }

    [Fact]
    public void Walks_are_those_of_a_random_walk_that_happens_to_arrive_in_time()
    {
        // Rejection: simple random walks of at most 9 steps, the late ones thrown away.
        const int steps = 9;
        var graph = ConnectivityGraph.Bridge(1, 2, 3, 1);
        var (drawn, kept) = (Lengths(graph, ChainStrategy.Walk, Draws, steps), new List<int>());
        for (var i = 0; kept.Count < Draws; i++)
        {
            var random = CounterRandom.For(11, "walks", (ulong)i);
            var (at, length) = (graph.Source, 1);
            while (at != graph.Target && length <= steps)
            {
                at = graph.Neighbours(at)[random.NextInt32(graph.Neighbours(at).Length)];
                length++;
            }

            if (at == graph.Target)
            {
                kept.Add(length);
            }
        }

        for (var length = 3; length <= steps + 1; length++)
        {
            var (p, q) = (drawn.Count(n => n == length) / (double)Draws, kept.Count(n => n == length) / (double)Draws);
            Assert.InRange(p - q, -0.014, 0.014);
        }

        Assert.Equal(3, Lengths(graph, ChainStrategy.Walk, 100, walkSteps: 1).Max());
    }

    [Fact]
    public void Two_paths_have_one_chain()
    {
        var graph = ConnectivityGraph.TwoPath(16);
        Assert.Equal((32, 30, 15, 31), (graph.NumVertices, graph.Edges.Count, graph.Target, graph.FalseTarget));
        Assert.All(new[] { ChainStrategy.ShortestPath, ChainStrategy.Path, ChainStrategy.Dfs, ChainStrategy.DfsBacktracking }, strategy =>
        {
            var random = CounterRandom.For(1, "two paths");
            Assert.Equal(Enumerable.Range(0, 16), new ChainTeacher(graph, strategy).Draw(ref random));
        });
    }

    [Fact]
    public void Measured_lengths_are_the_draws_whatever_the_threads()
    {
        var graph = ConnectivityGraph.Bridge(2, 3, 5, 3);
        var (one, three) = (Measure(1), Measure(3));
        Assert.Equal((3000, one.Mean, one.Straight), (three.Count, three.Mean, three.Straight));
        Assert.Equal(12, one.Mean, 0.3);
        Assert.Equal(1.0 / 3, one.Straight, 0.04);
        Assert.Equal((0, 1), (one.Within(6), one.Within(one.Quantile(1))));
        for (var length = 7; length < 20; length++)
        {
            var share = one.Within(length);
            Assert.True(share == 0 || one.Quantile(share) <= length);
            Assert.Equal(share, three.Within(length));
        }

        ChainLengths Measure(int threads) => ChainLengths.Measure(
            graph, ChainStrategy.Dfs, 0, 3000, 1, threads, TestContext.Current.CancellationToken);
    }

    private static int[] Lengths(ConnectivityGraph graph, ChainStrategy strategy, int draws, int walkSteps = 0)
    {
        var teacher = new ChainTeacher(graph, strategy, walkSteps);
        return [.. Enumerable.Range(0, draws).Select(i =>
        {
            var random = CounterRandom.For(1, "lengths", (ulong)i);
            return teacher.Draw(ref random).Length;
        })];
    }
}
