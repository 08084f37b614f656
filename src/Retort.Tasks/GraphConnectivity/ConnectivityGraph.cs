namespace Retort.Tasks.GraphConnectivity;

/// <summary>
/// An undirected graph with a source and two targets, of which the source is connected to exactly one. Vertices are 0, 1, 2, ...
/// </summary>
public sealed class ConnectivityGraph
{
    private readonly int[][] neighbours;

    /// <summary>A graph of these edges.</summary>
    /// <param name="numVertices">Vertices.</param>
    /// <param name="edges">Pairs of vertices, each once.</param>
    /// <param name="source">Where a chain begins.</param>
    /// <param name="target">The target that the source is connected to.</param>
    /// <param name="falseTarget">The one it is not.</param>
    public ConnectivityGraph(int numVertices, IReadOnlyList<(int A, int B)> edges, int source, int target, int falseTarget)
    {
        (Edges, Source, Target, FalseTarget) = (edges, source, target, falseTarget);
        var lists = new List<int>[numVertices];
        for (var vertex = 0; vertex < numVertices; vertex++)
        {
            lists[vertex] = [];
        }

        foreach (var (a, b) in edges)
        {
            lists[a].Add(b);
            lists[b].Add(a);
        }

        neighbours = [.. lists.Select(list => list.ToArray())];
    }

    /// <summary>Vertices of both components.</summary>
    public int NumVertices => neighbours.Length;

    /// <summary>Every edge once.</summary>
    public IReadOnlyList<(int A, int B)> Edges { get; }

    /// <summary>Where a chain begins.</summary>
    public int Source { get; }

    /// <summary>The target in the source's component.</summary>
    public int Target { get; }

    /// <summary>The target in the other component.</summary>
    public int FalseTarget { get; }

    /// <summary>A vertex's neighbours.</summary>
    public ReadOnlySpan<int> Neighbours(int vertex) => neighbours[vertex];

    /// <summary>Whether an edge joins the two.</summary>
    public bool AreAdjacent(int a, int b) => neighbours[a].AsSpan().Contains(b);

    /// <summary>
    /// Two copies of d blocks in a row (section 2.1): between junctions a way of <paramref name="shortLength"/> edges and one of
    /// <paramref name="longLength"/>, and a dead end of <paramref name="deadEnd"/> vertices at the junction a block begins with. The first
    /// copy's junctions at its ends are source and target, the second copy's last one is the false target.
    /// </summary>
    public static ConnectivityGraph Bridge(int depth, int shortLength, int longLength, int deadEnd)
    {
        var size = depth * (shortLength + longLength + deadEnd - 1) + 1;
        var edges = new List<(int, int)>();
        var end = 0;
        for (var copy = 0; copy < 2; copy++)
        {
            var (junction, next) = (copy * size, copy * size + 1);
            for (var block = 0; block < depth; block++)
            {
                end = next++;
                Chain(junction, end, shortLength - 1, ref next);
                Chain(junction, end, longLength - 1, ref next);
                for (var (i, from) = (0, junction); i < deadEnd; i++, from = next++)
                {
                    edges.Add((from, next));
                }

                junction = end;
            }
        }

        var target = depth == 0 ? 0 : end - size;
        return new(2 * size, edges, 0, target, end);

        void Chain(int from, int to, int inner, ref int next)
        {
            for (var i = 0; i < inner; i++)
            {
                edges.Add((from, next));
                from = next++;
            }

            edges.Add((from, to));
        }
    }

    /// <summary>Two paths of so many vertices each (section 2.2); the source is an end of the first, the targets are the far ends.</summary>
    public static ConnectivityGraph TwoPath(int vertices)
    {
        var edges = Enumerable.Range(0, 2).SelectMany(copy => Enumerable.Range(copy * vertices, vertices - 1).Select(vertex => (vertex, vertex + 1)));
        return new(2 * vertices, [.. edges], 0, vertices - 1, 2 * vertices - 1);
    }

    /// <summary>Each vertex's distance from the source in edges; -1: not connected.</summary>
    public int[] DistancesFrom(int vertex)
    {
        var distances = new int[NumVertices];
        Array.Fill(distances, -1);
        distances[vertex] = 0;
        var queue = new Queue<int>([vertex]);
        while (queue.TryDequeue(out var at))
        {
            foreach (var neighbour in neighbours[at])
            {
                if (distances[neighbour] < 0)
                {
                    distances[neighbour] = distances[at] + 1;
                    queue.Enqueue(neighbour);
                }
            }
        }

        return distances;
    }
}
