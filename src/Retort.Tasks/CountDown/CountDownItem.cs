namespace Retort.Tasks.CountDown;

/// <summary>A CountDown problem with its demonstration.</summary>
/// <param name="Id">"train-17", or the name given to a problem from outside.</param>
/// <param name="Prompt">The first state, as tokens with single spaces between.</param>
/// <param name="Answer">The demonstration, likewise; empty where the search prunes everything at once.</param>
/// <param name="Split">The problem's split; null for a problem from outside.</param>
/// <param name="Numbers">The starting numbers, in the order shown.</param>
/// <param name="Target">What they must make.</param>
/// <param name="Solution">The exhaustive solver's first solution; empty if there is none.</param>
/// <param name="Search">"dfs", "beam_3", "think", "direct", "stacked" or "stacked_direct".</param>
/// <param name="Heuristic">"sum", "factor", "sum,factor" (the halves of a stacked problem), or null without search.</param>
/// <param name="Solved">Whether the demonstration reaches the target.</param>
/// <param name="Tokens">Tokens of prompt and answer, without start and end tokens.</param>
public sealed record CountDownItem(
    string Id,
    string Prompt,
    string Answer,
    Split? Split,
    IReadOnlyList<int> Numbers,
    int Target,
    IReadOnlyList<Operation> Solution,
    string Search,
    string? Heuristic,
    bool Solved,
    int Tokens)
    : TaskItem(Id, Prompt, Answer);

/// <summary>A problem and its first solution.</summary>
internal sealed record Problem(int[] Numbers, int Target, Operation[] Solution);
