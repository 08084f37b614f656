namespace Retort.Tasks.GraphConnectivity;

/// <summary>One problem.</summary>
/// <param name="Id">"test-17", or what the caller named it.</param>
/// <param name="Prompt">Edges, source and targets.</param>
/// <param name="Answer">A chain and the decision.</param>
/// <param name="Graph">The graph, whose vertices are the prompt's labels.</param>
/// <param name="Chain">The demonstration's chain, in labels; empty if the problem came without one.</param>
public sealed record GraphConnectivityItem(
    string Id, string Prompt, string Answer, ConnectivityGraph Graph, IReadOnlyList<int> Chain) : TaskItem(Id, Prompt, Answer);

/// <summary>What a completion's chain and decision come to (section 4).</summary>
/// <param name="Chain">The labels it writes as its chain.</param>
/// <param name="Decision">The label it decides for; null if it does not decide for exactly one.</param>
/// <param name="IsProof">
/// Evidence: the chain begins at the source, ends at the target, and every vertex of it is the source or adjacent to an earlier one.
/// </param>
/// <param name="IsDecided">The decision is the target.</param>
/// <param name="IsWalk">Every vertex is adjacent to the one before it: looked up rightly, whether or not it leads anywhere.</param>
public sealed record GraphJudgement(IReadOnlyList<int> Chain, int? Decision, bool IsProof, bool IsDecided, bool IsWalk);
