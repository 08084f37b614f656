using Retort.Tasks;
using Retort.Tasks.Lengths;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>What went wrong first in a completion.</summary>
internal enum FirstError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A token, of a step whose id is right or which has none to predict.</summary>
    Token,

    /// <summary>A predicted id, of a step whose token is right.</summary>
    Id,

    /// <summary>Token and id of one step.</summary>
    Both,

    /// <summary>All tokens and ids are right, but it goes on.</summary>
    End,
}

/// <summary>A step of the scratchpad over all problems of a length: errors among completions that were right until then, ids included.</summary>
/// <param name="Reached">Such completions.</param>
/// <param name="TokenErrors">Of these, with a wrong token.</param>
/// <param name="IdErrors">Of these, with a wrong predicted id.</param>
internal sealed record StepErrors(int Reached, int TokenErrors, int IdErrors);

/// <summary>What one model answered to the problems of one length, decoded freely.</summary>
/// <param name="Length">Of the problems.</param>
/// <param name="Exact">For each problem 1 if the answer is right, word for word.</param>
/// <param name="Tokens">For each problem the share of the answer's words that stand in their places.</param>
/// <param name="Last">For each problem 1 if the answer's last word stands in its place.</param>
/// <param name="Ids">For each problem the share of the answer's words whose predicted position id is right; empty if none is predicted.</param>
/// <param name="First">For each problem what went wrong first.</param>
/// <param name="Steps">Step by step.</param>
internal sealed record LengthOutcome(
    int Length, double[] Exact, double[] Tokens, double[] Last, double[] Ids, FirstError[] First, StepErrors[] Steps)
{
    /// <summary>Judges completions of a task's problems, one each.</summary>
    /// <param name="task">The task.</param>
    /// <param name="items">Its problems, all of one length.</param>
    /// <param name="graded">One completion of each, in order.</param>
    /// <param name="predicts">The model says the position ids of what it writes.</param>
    public static LengthOutcome Of(ILengthTask task, IReadOnlyList<LengthItem> items, IReadOnlyList<GradedCompletion> graded, bool predicts)
    {
        var count = items.Count;
        var (exact, tokens, last, ids, first) = (new double[count], new double[count], new double[count], new double[predicts ? count : 0], new FirstError[count]);
        var steps = new List<(int Reached, int Tokens, int Ids)>();
        for (var i = 0; i < count; i++)
        {
            var (item, completion) = (items[i], graded[i]);
            var (right, written) = (item.Answer.Split(' '), completion.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            var rightIds = predicts ? task.PositionIds(item, PositionScheme.Coupled).AsSpan(item.Prompt.Split(' ').Length) : [];
            var writtenIds = predicts ? completion.Completion.PositionIds : null;
            exact[i] = completion.Verdict.Correct ? 1 : 0;
            for (var step = 0; step < right.Length; step++)
            {
                var isToken = step < written.Length && written[step] == right[step];
                var isId = writtenIds is null || (step < writtenIds.Length && writtenIds[step] == rightIds[step]);
                tokens[i] += isToken ? 1.0 / right.Length : 0;
                last[i] = isToken ? 1 : 0;
                if (predicts)
                {
                    ids[i] += isId ? 1.0 / right.Length : 0;
                }

                if (first[i] == FirstError.None)
                {
                    if (step == steps.Count)
                    {
                        steps.Add(default);
                    }

                    var (reached, wrongTokens, wrongIds) = steps[step];
                    steps[step] = (reached + 1, wrongTokens + (isToken ? 0 : 1), wrongIds + (isId ? 0 : 1));
                    first[i] = (isToken, isId) switch
                    {
                        (true, true) => FirstError.None,
                        (false, true) => FirstError.Token,
                        (true, false) => FirstError.Id,
                        _ => FirstError.Both,
                    };
                }
            }

            first[i] = first[i] == FirstError.None && exact[i] == 0 ? FirstError.End : first[i];
        }

        return new(items[0].Length, exact, tokens, last, ids, first, [.. steps.Select(step => new StepErrors(step.Reached, step.Tokens, step.Ids))]);
    }

    /// <summary>Mean of one number a problem over chosen problems.</summary>
    public static double Mean(double[] values, ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var i in chosen)
        {
            sum += values[i];
        }

        return sum / chosen.Length;
    }
}

/// <summary>A model of one seed: what it answered, length by length.</summary>
/// <param name="Free">In the order of the lengths.</param>
/// <param name="Told">The same with the answers' ids told, for a model that predicts them; else empty.</param>
internal sealed record CellOutcome(IReadOnlyList<LengthOutcome> Free, IReadOnlyList<LengthOutcome> Told)
{
    /// <summary>The largest length with an exact match of at least <paramref name="tau"/>: G_tau (section 6); 0 if there is none.</summary>
    public int GeneralizationLength(double tau) => Free.Where(outcome => outcome.Exact.Average() >= tau).Select(outcome => outcome.Length).DefaultIfEmpty(0).Max();
}
