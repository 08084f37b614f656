using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>Chances of knowing and of answering rightly after so many queries, of one policy on one graph.</summary>
/// <param name="Queries">0, 1, 2, ...</param>
/// <param name="Known">Share of runs that know the answer.</param>
internal sealed record QueryCurve(int[] Queries, double[] Known)
{
    /// <summary>Share of runs that answer rightly: those that know, and half of the others.</summary>
    public double Success(int queries) => 0.5 + Known[Math.Clamp(queries, 0, Known.Length - 1)] / 2;
}

/// <summary>The vertex query model on the study's graphs: what no network can beat whose chain looks at a vertex a token (section 1, T2 and T3).</summary>
/// <param name="Paths">By policy, on two paths.</param>
/// <param name="Bridges">By depth, depth-first search.</param>
internal sealed record QueryStudy(IReadOnlyDictionary<string, QueryCurve> Paths, IReadOnlyDictionary<int, QueryCurve> Bridges)
{
    /// <summary>Runs every policy so often; the same numbers for any number of threads.</summary>
    public static QueryStudy Measure(GraphStudySettings settings, int threads, CancellationToken cancellation)
    {
        QueryCurve Curve(ConnectivityGraph graph, QueryPolicy policy)
        {
            var queries = VertexQueries.Measure(graph, policy, settings.QueryRuns, 1, threads, cancellation);
            int[] numbers = [.. Enumerable.Range(0, graph.NumVertices + 1)];
            return new(numbers, [.. numbers.Select(queries.Known)]);
        }

        var paths = ConnectivityGraph.TwoPath(settings.PathVertices);
        var task = settings.Task;
        return new(
            Enum.GetValues<QueryPolicy>().ToDictionary(policy => policy.ToString(), policy => Curve(paths, policy)),
            settings.QueryDepths.ToDictionary(
                depth => depth, depth => Curve(ConnectivityGraph.Bridge(depth, task.ShortLength, task.LongLength, task.DeadEnd), QueryPolicy.DepthFirst)));
    }

    /// <summary>Queries below which two paths cannot be told apart: less than (L - 2) / 2.</summary>
    public static int TooFewOnPaths(GraphStudySettings settings) => (settings.PathVertices - 2) / 2;

    /// <summary>Nine tenths of 3/2 l d: too few on a bridge (T3), where l is the short way's length.</summary>
    public static int TooFewOnBridge(GraphStudySettings settings, int depth) => (int)(0.9 * 1.5 * settings.Task.ShortLength * depth);

    /// <summary>Eleven tenths of 2 l d: enough.</summary>
    public static int EnoughOnBridge(GraphStudySettings settings, int depth) => (int)Math.Ceiling(1.1 * 2 * settings.Task.ShortLength * depth);
}
