using Retort.Core;
using Retort.Tasks;

namespace Retort.Training;

/// <summary>Position ids of a task's sequences: begin token 0, the task's ids, end token 0.</summary>
/// <param name="task">The task.</param>
/// <param name="scheme">Which ids.</param>
public sealed class TaskPositions(ITask task, PositionScheme scheme)
{
    private readonly IPositionedTask? positioned = scheme == PositionScheme.Consecutive ? null : Require(task, scheme);

    /// <summary>Ids are places: there is nothing to write down.</summary>
    public bool ArePlaces => positioned is null;

    /// <summary>Ids of begin token, prompt, answer and end token, of which there are <paramref name="numTokens"/>; null where they are places.</summary>
    /// <exception cref="UserError">The tokens are not those that the task's ids are of.</exception>
    public int[]? OfSequence(TaskItem item, int numTokens)
    {
        if (positioned is null)
        {
            return null;
        }

        var ids = positioned.PositionIds(item, scheme);
        return ids.Length + 2 == numTokens ? [0, .. ids, 0] : throw UserError.Request(
            item.Id, $"has {ids.Length} position ids and, begin and end token apart, {numTokens - 2} tokens", "an id for each token");
    }

    /// <summary>A model that would have to predict the answer's ids is told them: what it would do if it never predicted a wrong one.</summary>
    public bool TellsAnswerIds { get; init; }

    /// <summary>
    /// Ids for a completion of the prompt, which has <paramref name="promptTokens"/> tokens with the begin token: of the answer too where they
    /// are told, or follow from the prompt and are not for the model to predict; null where they are places.
    /// </summary>
    public int[]? OfRequest(TaskItem item, int promptTokens, bool modelPredicts)
    {
        if (positioned is null)
        {
            return null;
        }

        int[] ids = [0, .. positioned.PositionIds(item, scheme)];
        return TellsAnswerIds || (!modelPredicts && positioned.KnowsAnswerIds(scheme)) ? ids : ids[..promptTokens];
    }

    /// <summary>
    /// Ids of prompt and completion, <paramref name="numTokens"/> with begin and end token, as <see cref="OfRequest"/> gives them and generation goes on
    /// from them, for a model to learn from its own completion; null where they are places.
    /// </summary>
    /// <exception cref="UserError">The answer's ids depend on what it says, which nobody has told here.</exception>
    public int[]? OfCompletion(TaskItem item, int numTokens)
    {
        if (positioned is null)
        {
            return null;
        }

        if (!positioned.KnowsAnswerIds(scheme))
        {
            throw UserError.Request("positions", $"is {scheme}, whose ids follow from right answers of {task.Name} only", "ids that follow from the prompt");
        }

        int[] known = [0, .. positioned.PositionIds(item, scheme)];
        return [.. Enumerable.Range(0, numTokens).Select(i => i < known.Length ? known[i] : known[^1] + i + 1 - known.Length)];
    }

    private static IPositionedTask Require(ITask task, PositionScheme scheme) =>
        task is not IPositionedTask positioned
            ? throw UserError.Request("positions", $"is {scheme}, and {task.Name} has no position ids of its own", nameof(PositionScheme.Consecutive))
        : !positioned.PositionSchemes.Contains(scheme)
            ? throw UserError.Request("positions", $"is {scheme}, which {task.Name} has not", string.Join(", ", positioned.PositionSchemes))
        : positioned;
}
