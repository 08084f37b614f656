using Retort.Core;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>Which vertex is asked for its neighbours next.</summary>
public enum QueryPolicy
{
    /// <summary>The random depth-first search from the source that <see cref="ChainStrategy.Dfs"/> demonstrates.</summary>
    DepthFirst,

    /// <summary>Breadth first from the source, ties at random.</summary>
    BreadthFirst,

    /// <summary>A simple random walk from the source; a vertex asked before costs nothing.</summary>
    RandomWalk,

    /// <summary>Breadth first from source and both targets in turn.</summary>
    BothEnds,

    /// <summary>Any vertex not asked before.</summary>
    Anywhere,
}

/// <summary>
/// The vertex query model (Mirtaheri et al. 2025): an algorithm knows the vertices, source and targets, and learns the graph by asking for the neighbours of
/// one vertex at a time. It can answer when what it has seen joins the source to a target, or has all of one target's component
/// without the source; before that nothing it knows tells the targets apart, whose labels are random. Monte Carlo; the same numbers for any number of threads.
/// </summary>
public sealed class VertexQueries
{
    private readonly int[] sorted;

    private VertexQueries(int[] needed)
    {
        sorted = needed;
        Array.Sort(sorted);
    }

    /// <summary>Runs.</summary>
    public int Count => sorted.Length;

    /// <summary>Mean number of queries until the answer is known.</summary>
    public double Mean => sorted.Average();

    /// <summary>Runs the policy so often, until it knows.</summary>
    public static VertexQueries Measure(
        ConnectivityGraph graph, QueryPolicy policy, int runs, ulong seed, int threads, CancellationToken cancellation = default)
    {
        var purpose = CounterRandom.Hash("graph-connectivity/queries/" + policy);
        return new(ParallelItems.Make(runs, threads, run =>
        {
            var random = CounterRandom.For(seed, purpose, (ulong)run);
            return new Knowledge(graph, policy).QueriesNeeded(ref random);
        }, cancellation));
    }

    /// <summary>Share of runs that know the answer after so many queries: what a certificate is worth.</summary>
    public double Known(int queries) => SortedShare.AtMost(sorted, queries);

    /// <summary>Share of runs that answer rightly after so many queries, guessing where they do not know.</summary>
    public double Success(int queries) => 0.5 + Known(queries) / 2;

    /// <summary>What one run has seen.</summary>
    private sealed class Knowledge
    {
        private readonly ConnectivityGraph graph;
        private readonly QueryPolicy policy;
        private readonly int[] parents, unasked;
        private readonly bool[] asked, seen;
        private readonly List<int> open = [];
        private readonly Queue<int>[] fronts;

        public Knowledge(ConnectivityGraph graph, QueryPolicy policy)
        {
            (this.graph, this.policy) = (graph, policy);
            (parents, unasked) = (new int[graph.NumVertices], new int[graph.NumVertices]);
            (asked, seen) = (new bool[graph.NumVertices], new bool[graph.NumVertices]);
            for (var vertex = 0; vertex < graph.NumVertices; vertex++)
            {
                (parents[vertex], unasked[vertex]) = (vertex, 1);
            }

            fronts = policy == QueryPolicy.BothEnds ? [new([graph.Source]), new([graph.Target]), new([graph.FalseTarget])] : [new([graph.Source])];
            foreach (var front in fronts)
            {
                seen[front.Peek()] = true;
            }

            open.Add(graph.Source);
        }

        public int QueriesNeeded(ref CounterRandom random)
        {
            for (var queries = 0; ; queries++)
            {
                if (Knows)
                {
                    return queries;
                }

                var vertex = Next(ref random, queries);
                asked[vertex] = true;
                unasked[Root(vertex)]--;
                foreach (var neighbour in graph.Neighbours(vertex))
                {
                    Join(vertex, neighbour);
                }
            }
        }

        private bool Knows
        {
            get
            {
                var (source, target, other) = (Root(graph.Source), Root(graph.Target), Root(graph.FalseTarget));
                return source == target || source == other || unasked[target] == 0 || unasked[other] == 0;
            }
        }

        private int Next(ref CounterRandom random, int queries)
        {
            switch (policy)
            {
                case QueryPolicy.DepthFirst:
                    return NextInDepth(ref random);
                case QueryPolicy.RandomWalk:
                    while (asked[open[0]])
                    {
                        var neighbours = graph.Neighbours(open[0]);
                        open[0] = neighbours[random.NextInt32(neighbours.Length)];
                    }

                    return open[0];
                case QueryPolicy.Anywhere:
                    var skip = random.NextInt32(graph.NumVertices - queries);
                    for (var vertex = 0; ; vertex++)
                    {
                        if (!asked[vertex] && skip-- == 0)
                        {
                            return vertex;
                        }
                    }

                default:
                    var turn = queries;
                    while (fronts[turn % fronts.Length].Count == 0)
                    {
                        turn++;
                    }

                    var front = fronts[turn % fronts.Length];
                    var first = front.Dequeue();
                    var next = graph.Neighbours(first).ToArray();
                    random.Shuffle<int>(next);
                    foreach (var neighbour in next.Where(neighbour => !seen[neighbour]))
                    {
                        seen[neighbour] = true;
                        front.Enqueue(neighbour);
                    }

                    return first;
            }
        }

        /// <summary>The stack's top if it was not asked yet; else on to an unvisited neighbour drawn evenly, or back.</summary>
        private int NextInDepth(ref CounterRandom random)
        {
            while (asked[open[^1]])
            {
                int[] unvisited = [.. graph.Neighbours(open[^1]).ToArray().Where(neighbour => !seen[neighbour])];
                if (unvisited.Length == 0)
                {
                    open.RemoveAt(open.Count - 1);
                    continue;
                }

                var next = unvisited[random.NextInt32(unvisited.Length)];
                seen[next] = true;
                open.Add(next);
            }

            return open[^1];
        }

        private int Root(int vertex)
        {
            while (parents[vertex] != vertex)
            {
                parents[vertex] = parents[parents[vertex]];
                vertex = parents[vertex];
            }

            return vertex;
        }

        private void Join(int a, int b)
        {
            var (one, other) = (Root(a), Root(b));
            if (one != other)
            {
                parents[other] = one;
                unasked[one] += unasked[other];
            }
        }
    }
}
