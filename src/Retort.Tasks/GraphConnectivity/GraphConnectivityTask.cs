using System.Globalization;
using Retort.Core;

namespace Retort.Tasks.GraphConnectivity;

/// <summary>
/// To which of two targets is the source connected (section 2 of the study of long chains of thought)? A path proves the answer, and
/// how it is found is the chain's own affair: see <see cref="ChainStrategy"/>.
/// <para>
/// All problems of a depth are one graph with other labels. A problem belongs to the split that its vertices' labels hash to (8 of 10
/// train, 1 each validation and test), so that no labelled graph that is tested was ever trained on.
/// </para>
/// Immutable; every member may be called from any thread.
/// </summary>
public sealed class GraphConnectivityTask : IPositionedTask, IPairVocabulary, IChainTask
{
    private const int MaxDraws = 100_000;

    private readonly ulong[] purposes = [.. Enum.GetNames<Split>().Select(name => CounterRandom.Hash("graph-connectivity/" + name))];
    private readonly ConnectivityGraph[] graphs;
    private readonly ChainTeacher[] teachers;

    /// <summary>Checks the settings (<see cref="UserError"/>).</summary>
    public GraphConnectivityTask(GraphConnectivitySettings? settings = null)
    {
        Settings = settings ?? new GraphConnectivitySettings();
        if (Settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"task.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        graphs = Settings.Shape == GraphShape.TwoPath
            ? [ConnectivityGraph.TwoPath(Settings.PathVertices)]
            : [.. Enumerable.Range(Settings.Depth.Low, Settings.Depth.Count).Select(
                depth => ConnectivityGraph.Bridge(depth, Settings.ShortLength, Settings.LongLength, Settings.DeadEnd))];
        teachers = [.. graphs.Select(graph => new ChainTeacher(graph, Settings.Strategy, Settings.WalkSteps))];
        Vocabulary = GraphGrammar.Vocabulary(Settings);
    }

    /// <inheritdoc/>
    public string Name => "graph-connectivity";

    /// <summary>The settings.</summary>
    public GraphConnectivitySettings Settings { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PositionScheme> PositionSchemes { get; } = [PositionScheme.Consecutive, PositionScheme.Coupled];

    /// <summary>The labels, whose pairs are the edges of <see cref="EdgeFormat.Token"/>.</summary>
    public (int First, int Count)? PairParts => Settings.Edges == EdgeFormat.Token ? (GraphGrammar.NumWords, Settings.Labels) : null;

    /// <inheritdoc/>
    public bool KnowsAnswerIds(PositionScheme scheme) => true;

    /// <inheritdoc/>
    public int MaxPositionId(PositionScheme scheme) =>
        scheme == PositionScheme.Coupled ? Settings.MaxTokens - GraphGrammar.EdgeTokens(Settings) : Settings.MaxTokens;

    /// <summary>Coupled: edges have no order, hence no position (section 6.2); all else is numbered from 1.</summary>
    public int[] PositionIds(TaskItem item, PositionScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(item);
        return scheme switch
        {
            PositionScheme.Consecutive => [.. Enumerable.Range(1, GraphGrammar.CountWords(item.Prompt) + GraphGrammar.CountWords(item.Answer))],
            PositionScheme.Coupled => GraphGrammar.IdsWithoutEdges(item.Prompt, item.Answer),
            _ => throw new ArgumentException($"{Name} has no ids {scheme}", nameof(scheme)),
        };
    }

    /// <summary>The frame's nine tokens and the end token.</summary>
    public int FrameTokens => GraphGrammar.FrameTokens + 1;

    /// <summary>One of two targets.</summary>
    public double GuessShare => 0.5;

    /// <inheritdoc/>
    public int? ChainTokens(string completion)
    {
        ArgumentNullException.ThrowIfNull(completion);
        var (chain, _, hasFrame) = GraphGrammar.ReadAnswer(completion);
        return hasFrame ? chain.Length : null;
    }

    /// <summary>The graph of the deepest problems, before vertices get their labels.</summary>
    public ConnectivityGraph DeepestGraph => graphs[^1];

    /// <inheritdoc/>
    TaskItem ITask.Create(Split split, long index) => Create(split, index);

    /// <inheritdoc cref="ITask.Create"/>
    /// <exception cref="UserError">The graph is so small that the split has no labels.</exception>
    public GraphConnectivityItem Create(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var random = CounterRandom.For(Settings.Seed, purposes[(int)split], (ulong)index);
        var which = random.NextInt32(graphs.Length);
        var (graph, labels) = (graphs[which], DrawLabels(ref random, graphs[which].NumVertices, split));
        var edges = DrawEdges(ref random, graph, labels);
        var (first, second) = (labels[graph.Target], labels[graph.FalseTarget]);
        (first, second) = random.NextInt32(2) == 0 ? (first, second) : (second, first);
        int[] chain = [.. teachers[which].Draw(ref random).Select(vertex => labels[vertex])];
        return new(
            $"{split.ToString().ToLowerInvariant()}-{index}",
            GraphGrammar.WritePrompt(edges, Settings.Edges, labels[graph.Source], first, second),
            GraphGrammar.WriteAnswer(chain, labels[graph.Target]), Labelled(graph, labels), chain);
    }

    /// <summary>
    /// A problem from outside, in the grammar of any <see cref="EdgeFormat"/>; its answer is a shortest path.
    /// </summary>
    /// <exception cref="UserError">It is not of the grammar, has labels of no problem, or both targets or neither are connected.</exception>
    public GraphConnectivityItem FromPrompt(string prompt, string id)
    {
        var read = GraphGrammar.ReadPrompt(prompt)
            ?? throw UserError.Request(id, $"'{Short(prompt)}' is no prompt of the task", "'graph : [ 3-17 4-3 ... ] task : 3 to 4 or 9 /'");
        return FromEdges(read.Edges, read.Source, read.First, read.Second, id, prompt);
    }

    /// <summary>As <see cref="FromPrompt"/>, from edges between labels; the prompt is written with edges and targets in the order given.</summary>
    /// <exception cref="UserError">A label is of no problem, an edge a loop, or both targets or neither are connected.</exception>
    public GraphConnectivityItem FromEdges(IReadOnlyCollection<(int A, int B)> edges, int source, int first, int second, string id) =>
        FromEdges(edges, source, first, second, id, null);

    /// <summary>
    /// <see cref="Verdict.Correct"/>: the decision is right. <see cref="Verdict.Proof"/>: the chain is evidence for it, whatever is decided.
    /// </summary>
    public Verdict Verify(TaskItem item, string completion) => Judge(item, completion) is { } judged
        ? new Verdict(judged.IsDecided, judged.Decision?.ToString(CultureInfo.InvariantCulture), Proof: judged.IsProof)
        : new Verdict(false, Proof: false);

    /// <summary>As <see cref="Verify"/>, with the chain; null if the item's prompt is none of the task.</summary>
    public GraphJudgement? Judge(TaskItem item, string completion)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(completion);
        if ((item as GraphConnectivityItem ?? TryRead(item))?.Graph is not { } graph)
        {
            return null;
        }

        var (chain, decision, _) = GraphGrammar.ReadAnswer(completion);
        return new(chain, decision, IsProof(graph, chain), decision == graph.Target, IsWalk(graph, chain));
    }

    /// <summary>Evidence (section 4).</summary>
    private static bool IsProof(ConnectivityGraph graph, ReadOnlySpan<int> chain)
    {
        if (chain.Length < 2 || chain[0] != graph.Source || chain[^1] != graph.Target)
        {
            return false;
        }

        for (var i = 1; i < chain.Length; i++)
        {
            var isJoined = chain[i] == graph.Source;
            for (var j = 0; j < i && !isJoined; j++)
            {
                isJoined = Adjacent(graph, chain[j], chain[i]);
            }

            if (!isJoined)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsWalk(ConnectivityGraph graph, ReadOnlySpan<int> chain)
    {
        for (var i = 1; i < chain.Length; i++)
        {
            if (!Adjacent(graph, chain[i - 1], chain[i]))
            {
                return false;
            }
        }

        return chain.Length > 0 && chain[0] == graph.Source;
    }

    /// <summary>A completion may write labels that the graph has not.</summary>
    private static bool Adjacent(ConnectivityGraph graph, int a, int b) => Math.Max(a, b) < graph.NumVertices && graph.AreAdjacent(a, b);

    /// <summary>The graph with labels for vertices; labels of no vertex have no neighbours.</summary>
    private ConnectivityGraph Labelled(ConnectivityGraph graph, int[] labels) => new(
        Settings.Labels, [.. graph.Edges.Select(edge => (labels[edge.A], labels[edge.B]))],
        labels[graph.Source], labels[graph.Target], labels[graph.FalseTarget]);

    private int[] DrawLabels(ref CounterRandom random, int count, Split split)
    {
        var labels = new int[Settings.Labels];
        for (var draw = 0; draw < MaxDraws; draw++)
        {
            for (var i = 0; i < labels.Length; i++)
            {
                labels[i] = i;
            }

            random.Shuffle<int>(labels);
            if (SplitOf(labels.AsSpan(0, count)) == split)
            {
                return labels[..count];
            }
        }

        throw UserError.Request($"task {Name}", $"none of {MaxDraws} labellings belongs to the split {split}", "more labels or vertices");
    }

    private (int A, int B)[] DrawEdges(ref CounterRandom random, ConnectivityGraph graph, int[] labels)
    {
        (int A, int B)[] edges = [.. graph.Edges.Select(edge => (labels[edge.A], labels[edge.B]))];
        if (Settings.Edges == EdgeFormat.Arcs)
        {
            edges = [.. edges, .. edges.Select(edge => (edge.B, edge.A))];
        }

        random.Shuffle<(int, int)>(edges);
        if (Settings.Edges == EdgeFormat.Raw)
        {
            for (var i = 0; i < edges.Length; i++)
            {
                edges[i] = random.NextInt32(2) == 0 ? edges[i] : (edges[i].B, edges[i].A);
            }
        }

        return edges;
    }

    /// <summary>The split of a labelling; it depends on no seed.</summary>
    private static Split SplitOf(ReadOnlySpan<int> labels)
    {
        Span<char> text = stackalloc char[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            text[i] = (char)labels[i];
        }

        return (CounterRandom.Hash(text.ToString()) % 10) switch
        {
            0 => Split.Validation,
            1 => Split.Test,
            _ => Split.Train,
        };
    }

    private GraphConnectivityItem FromEdges(
        IReadOnlyCollection<(int A, int B)> edges, int source, int first, int second, string id, string? prompt)
    {
        foreach (var label in edges.SelectMany(edge => new[] { edge.A, edge.B }).Concat([source, first, second]))
        {
            if (label < 0 || label >= Settings.Labels)
            {
                throw UserError.Request(id, $"names vertex {label}", $"labels 0..{Settings.Labels - 1} (task.numLabels)");
            }
        }

        foreach (var (a, _) in edges.Where(edge => edge.A == edge.B))
        {
            throw UserError.Request(id, $"has an edge from {a} to itself", "edges between two vertices");
        }

        if (first == second || source == first || source == second)
        {
            throw UserError.Request(id, $"asks from {source} to {first} or {second}", "three different vertices");
        }

        (int, int)[] distinct = [.. edges.Select(edge => (Math.Min(edge.A, edge.B), Math.Max(edge.A, edge.B))).Distinct()];
        var distances = new ConnectivityGraph(Settings.Labels, distinct, source, first, second).DistancesFrom(source);
        if (distances[first] >= 0 == distances[second] >= 0)
        {
            throw UserError.Request(
                id, $"{source} is connected to {(distances[first] >= 0 ? "both" : "neither")} of {first} and {second}", "exactly one of the targets connected");
        }

        var (target, falseTarget) = distances[first] >= 0 ? (first, second) : (second, first);
        var graph = new ConnectivityGraph(Settings.Labels, distinct, source, target, falseTarget);
        var random = CounterRandom.For(0, "graph-connectivity/shortest");
        var chain = new ChainTeacher(graph, ChainStrategy.ShortestPath).Draw(ref random);
        var written = Settings.Edges == EdgeFormat.Arcs ? edges.Concat(edges.Select(edge => (edge.B, edge.A))) : edges;
        return new(
            id, prompt ?? GraphGrammar.WritePrompt(written, Settings.Edges, source, first, second),
            GraphGrammar.WriteAnswer(chain, target), graph, chain);
    }

    private GraphConnectivityItem? TryRead(TaskItem item)
    {
        try
        {
            return FromPrompt(item.Prompt, item.Id);
        }
        catch (UserError)
        {
            return null;
        }
    }

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
