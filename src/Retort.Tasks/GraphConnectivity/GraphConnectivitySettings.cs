using Retort.Core;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>What the two components look like.</summary>
public enum GraphShape
{
    /// <summary>Blocks in a row, each with a short way, a long way and a dead end (section 2.1).</summary>
    Bridge,

    /// <summary>A simple path (section 2.2).</summary>
    TwoPath,
}

/// <summary>The chain of vertices that a demonstration writes (section 2.4).</summary>
public enum ChainStrategy
{
    /// <summary>The shortest path.</summary>
    ShortestPath,

    /// <summary>The path that a random depth-first search ends with.</summary>
    Path,

    /// <summary>A random depth-first search: each vertex when it is first visited.</summary>
    Dfs,

    /// <summary>The same search with its way back written out: the vertex on top of the stack after every move.</summary>
    DfsBacktracking,

    /// <summary>A random walk, given that it arrives within <see cref="GraphConnectivitySettings.WalkSteps"/> steps.</summary>
    Walk,
}

/// <summary>How a prompt writes an edge.</summary>
public enum EdgeFormat
{
    /// <summary>Its two ends, one token each, with nothing between edges: the paper's.</summary>
    Raw,

    /// <summary>Both directions, each followed by a comma, in places of their own: "3 17 ,".</summary>
    Arcs,

    /// <summary>One token: "3-17".</summary>
    Token,
}

/// <summary>
/// Everything that decides the graph-connectivity task (section 2 of the study of long chains of thought). A problem is two copies of one
/// component with random labels; the source and one target lie in the first, the other target at the same place of the second.
/// </summary>
public sealed record GraphConnectivitySettings : ICheckedSettings
{
    private const int MaxLength = 64, MaxVertices = 1024, MaxEdgeTokenLabels = 256;

    /// <summary>Depth 5 of the paper in the paper's own grammar.</summary>
    public static GraphConnectivitySettings Paper { get; } = new() { Depth = new(5, 5), Edges = EdgeFormat.Raw };

    /// <summary>Two paths of 16 vertices (section 2.2).</summary>
    public static GraphConnectivitySettings TwoPath { get; } = new() { Shape = GraphShape.TwoPath };

    /// <summary>Names the streams of problems. Which split a problem belongs to does not depend on it.</summary>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>The two components.</summary>
    [Doc("bridge: blocks with a short way, a long way and a dead end; twoPath: simple paths")]
    public GraphShape Shape { get; init; }

    /// <summary>d: blocks of a bridge, drawn evenly.</summary>
    [Doc("Blocks of a bridge, fewest to most", Unit = "blocks")]
    public IntRange Depth { get; init; } = new(2, 2);

    /// <summary>s: edges of a block's short way.</summary>
    [Doc("Length of a block's short way", Unit = "edges"), Range(1, MaxLength)]
    public int ShortLength { get; init; } = 3;

    /// <summary>l: edges of a block's long way, above s.</summary>
    [Doc("Length of a block's long way, above the short one's", Unit = "edges"), Range(2, MaxLength)]
    public int LongLength { get; init; } = 5;

    /// <summary>b: vertices of a block's dead end.</summary>
    [Doc("Vertices of a block's dead end; 0: none", Unit = "vertices"), Range(0, MaxLength)]
    public int DeadEnd { get; init; } = 3;

    /// <summary>Vertices of each of two paths.</summary>
    [Doc("twoPath: vertices of each path", Unit = "vertices"), Range(2, MaxVertices / 2)]
    public int PathVertices { get; init; } = 16;

    /// <summary>What a demonstration writes.</summary>
    [Doc("The chain that a demonstration writes: shortestPath, path, dfs, dfsBacktracking or walk")]
    public ChainStrategy Strategy { get; init; } = ChainStrategy.Dfs;

    /// <summary>Most steps of a walk; fewer than the shortest path has: as many as that.</summary>
    [Doc("walk: most steps, at least the shortest path's", Unit = "steps"), Range(1, 4096)]
    public int WalkSteps { get; init; } = 40;

    /// <summary>How an edge is written.</summary>
    [Doc("How a prompt writes an edge: raw (two tokens, the paper's), arcs (both directions, with commas) or token (one token)")]
    public EdgeFormat Edges { get; init; } = EdgeFormat.Token;

    /// <summary>M: labels to draw from; 0: as many as the largest problem has vertices.</summary>
    [Doc("Labels that vertices get, without repeats; 0: as many as the largest problem has vertices", Unit = "labels"), Range(0, MaxVertices)]
    public int NumLabels { get; init; }

    /// <summary>Vertices of the largest problem's two components together.</summary>
    public int MostVertices => 2 * (Shape == GraphShape.TwoPath ? PathVertices : Depth.High * (ShortLength + LongLength + DeadEnd - 1) + 1);

    /// <summary>Labels there are.</summary>
    public int Labels => NumLabels == 0 ? MostVertices : NumLabels;

    /// <summary>Edges of the largest problem.</summary>
    public int MostEdges => 2 * (Shape == GraphShape.TwoPath ? PathVertices - 1 : Depth.High * (ShortLength + LongLength + DeadEnd));

    /// <summary>Tokens of the longest prompt, the begin token included.</summary>
    public int MaxPromptTokens => 13 + GraphGrammar.EdgeTokens(this);

    /// <summary>Vertices of the longest chain that a demonstration of these settings may write.</summary>
    public int MaxChain
    {
        get
        {
            var component = MostVertices / 2;
            return Strategy switch
            {
                ChainStrategy.DfsBacktracking => 2 * component - 1,
                ChainStrategy.Walk => Math.Max(WalkSteps, component) + 1,
                _ => component,
            };
        }
    }

    /// <summary>Tokens of the longest problem: prompt, chain, its frame and the end token.</summary>
    public int MaxTokens => MaxPromptTokens + MaxChain + GraphGrammar.FrameTokens + 1;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        !Enum.IsDefined(Shape) ? new(nameof(Shape), $"is {Shape}", string.Join(", ", Enum.GetNames<GraphShape>()))
        : !Enum.IsDefined(Strategy) ? new(nameof(Strategy), $"is {Strategy}", string.Join(", ", Enum.GetNames<ChainStrategy>()))
        : !Enum.IsDefined(Edges) ? new(nameof(Edges), $"is {Edges}", string.Join(", ", Enum.GetNames<EdgeFormat>()))
        : Depth.Low > Depth.High || Depth.Low < 1 || Depth.High > MaxLength ? new(nameof(Depth), $"is {Depth}", $"a range within 1..{MaxLength}")
        : ShortLength is < 1 or > MaxLength ? new(nameof(ShortLength), $"is {ShortLength}", $"in 1..{MaxLength}")
        : LongLength <= ShortLength || LongLength > MaxLength
            ? new(nameof(LongLength), $"is {LongLength} beside a short way of {ShortLength}", $"above shortLength, at most {MaxLength}")
        : DeadEnd is < 0 or > MaxLength ? new(nameof(DeadEnd), $"is {DeadEnd}", $"in 0..{MaxLength}")
        : PathVertices is < 2 or > MaxVertices / 2 ? new(nameof(PathVertices), $"is {PathVertices}", $"in 2..{MaxVertices / 2}")
        : WalkSteps is < 1 or > 4096 ? new(nameof(WalkSteps), $"is {WalkSteps}", "in 1..4096")
        : MostVertices > MaxVertices
            ? new(nameof(Depth), $"makes problems of {MostVertices} vertices", $"at most {MaxVertices}")
        : NumLabels != 0 && NumLabels < MostVertices || NumLabels > MaxVertices
            ? new(nameof(NumLabels), $"is {NumLabels}", $"0, or {MostVertices} (the largest problem's vertices) to {MaxVertices}")
        : Edges == EdgeFormat.Token && Labels > MaxEdgeTokenLabels
            ? new(nameof(Edges), $"is token with {Labels} labels: {Labels * (Labels - 1L) / 2} tokens", $"raw or arcs above {MaxEdgeTokenLabels} labels")
        : null;
}
