namespace Retort.Tasks;

/// <summary>Which position ids the tokens of a sequence carry.</summary>
public enum PositionScheme
{
    /// <summary>1, 2, 3, ...: a token's place in the sequence.</summary>
    Consecutive,

    /// <summary>Tokens that belong together have the same id or neighbouring ones (position coupling; Cho et al. 2024, McLeish et al. 2024).</summary>
    Coupled,

    /// <summary>A digit's place in its number from 1, least significant digit first; 0 for what is no digit (Abacus; McLeish et al. 2024).</summary>
    Abacus,
}

/// <summary>A task that knows which of its tokens belong together. Its texts are tokens separated by single spaces.</summary>
public interface IPositionedTask : ITask
{
    /// <summary>The schemes it has ids for; <see cref="PositionScheme.Consecutive"/> is always among them.</summary>
    IReadOnlyList<PositionScheme> PositionSchemes { get; }

    /// <summary>
    /// Ids of the tokens of the prompt, then of those of the answer, from 1 on; 0: no position. A token after the last of them has the id
    /// after its predecessor's. They are the ids of testing: training shifts or spreads all but 0.
    /// </summary>
    /// <exception cref="ArgumentException">The task has no such scheme.</exception>
    int[] PositionIds(TaskItem item, PositionScheme scheme);

    /// <summary>
    /// Whether ids of the answer follow from the prompt alone; where they do not, a model has to predict them, or is told them by an oracle.
    /// </summary>
    bool KnowsAnswerIds(PositionScheme scheme);

    /// <summary>The largest id of any item of these settings under a scheme: what a table of positions must hold.</summary>
    int MaxPositionId(PositionScheme scheme);
}
