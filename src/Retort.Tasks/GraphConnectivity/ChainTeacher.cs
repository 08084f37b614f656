using Retort.Core;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>
/// Draws demonstrations on one graph (section 2.4): chains of vertices from the source to the target. Also the random process that trained
/// models are compared with. Immutable.
/// </summary>
public sealed class ChainTeacher
{
    private readonly ConnectivityGraph graph;
    private readonly ChainStrategy strategy;
    private readonly int[] shortest;
    private readonly int mostNeighbours;
    private readonly double[][] arrives = [];

    /// <summary>A teacher of <paramref name="strategy"/>; walks have at most <paramref name="walkSteps"/> steps, or the shortest path's.</summary>
    public ChainTeacher(ConnectivityGraph graph, ChainStrategy strategy, int walkSteps = 0)
    {
        (this.graph, this.strategy) = (graph, strategy);
        mostNeighbours = Enumerable.Range(0, graph.NumVertices).Max(vertex => graph.Neighbours(vertex).Length);
        var distances = graph.DistancesFrom(graph.Target);
        shortest = new int[distances[graph.Source] + 1];
        for (var (i, vertex) = (0, graph.Source); i < shortest.Length; i++)
        {
            shortest[i] = vertex;
            foreach (var neighbour in graph.Neighbours(vertex))
            {
                vertex = distances[neighbour] == distances[shortest[i]] - 1 ? neighbour : vertex;
            }
        }

        if (strategy == ChainStrategy.Walk)
        {
            arrives = ArrivalChances(Math.Max(walkSteps, shortest.Length - 1));
        }
    }

    /// <summary>A chain, source first and target last.</summary>
    public int[] Draw(ref CounterRandom random) => strategy switch
    {
        ChainStrategy.ShortestPath => [.. shortest],
        ChainStrategy.Walk => DrawWalk(ref random),
        _ => DrawSearch(ref random),
    };

    /// <summary>Depth first: on to an unvisited neighbour drawn evenly, back if there is none, until the target is reached.</summary>
    private int[] DrawSearch(ref CounterRandom random)
    {
        var (stack, written, visited) = (new List<int> { graph.Source }, new List<int> { graph.Source }, new bool[graph.NumVertices]);
        visited[graph.Source] = true;
        var open = new int[mostNeighbours];
        while (stack[^1] != graph.Target)
        {
            var count = 0;
            foreach (var neighbour in graph.Neighbours(stack[^1]))
            {
                if (!visited[neighbour])
                {
                    open[count++] = neighbour;
                }
            }

            if (count == 0)
            {
                stack.RemoveAt(stack.Count - 1);
                if (strategy == ChainStrategy.DfsBacktracking)
                {
                    written.Add(stack[^1]);
                }

                continue;
            }

            var next = open[random.NextInt32(count)];
            visited[next] = true;
            stack.Add(next);
            written.Add(next);
        }

        return [.. strategy == ChainStrategy.Path ? stack : written];
    }

    /// <summary>To a neighbour in proportion to the chance that a simple random walk from there arrives in the steps that are left.</summary>
    private int[] DrawWalk(ref CounterRandom random)
    {
        var walk = new List<int> { graph.Source };
        for (var left = arrives.Length - 1; walk[^1] != graph.Target; left--)
        {
            var neighbours = graph.Neighbours(walk[^1]);
            var total = 0.0;
            foreach (var neighbour in neighbours)
            {
                total += arrives[left - 1][neighbour];
            }

            var (point, chosen) = (random.NextDouble() * total, -1);
            for (var i = 0; i < neighbours.Length; i++)
            {
                // The last possible one takes what rounding leaves.
                if (arrives[left - 1][neighbours[i]] > 0)
                {
                    chosen = neighbours[i];
                    point -= arrives[left - 1][chosen];
                    if (point < 0)
                    {
                        break;
                    }
                }
            }

            walk.Add(chosen);
        }

        return [.. walk];
    }

    /// <summary>[r][v]: the chance that a simple random walk from v is at the target within r steps.</summary>
    private double[][] ArrivalChances(int steps)
    {
        var chances = new double[steps + 1][];
        chances[0] = new double[graph.NumVertices];
        chances[0][graph.Target] = 1;
        for (var r = 1; r <= steps; r++)
        {
            chances[r] = new double[graph.NumVertices];
            for (var vertex = 0; vertex < graph.NumVertices; vertex++)
            {
                var sum = 0.0;
                foreach (var neighbour in graph.Neighbours(vertex))
                {
                    sum += chances[r - 1][neighbour];
                }

                chances[r][vertex] = vertex == graph.Target ? 1 : sum == 0 ? 0 : sum / graph.Neighbours(vertex).Length;
            }
        }

        return chances;
    }
}
