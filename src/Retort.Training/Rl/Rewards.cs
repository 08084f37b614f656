using Retort.Core;
using Retort.Tasks;

namespace Retort.Training.Rl;

/// <summary>A completion to be rewarded.</summary>
/// <param name="Item">The problem.</param>
/// <param name="Text">The completion, without its end token.</param>
/// <param name="Problem">Number of the problem in the stream of problems: names random numbers, where a reward draws any.</param>
/// <param name="Sample">Which of the problem's completions.</param>
public readonly record struct RewardInput(TaskItem Item, string Text, long Problem, int Sample);

/// <summary>What a completion is worth. A pure function, called from several threads; NaN says that it cannot tell.</summary>
public interface IReward
{
    /// <summary>The completion's reward; NaN: it is not learned from, and counted.</summary>
    double Of(in RewardInput input);
}

/// <summary>1 for what a task's verifier calls correct, else 0.</summary>
public sealed class TaskReward(ITask task) : IReward
{
    /// <inheritdoc/>
    /// <exception cref="UserError">The verifier fails, which it never may.</exception>
    public double Of(in RewardInput input)
    {
        try
        {
            return task.Verify(input.Item, input.Text).Correct ? 1 : 0;
        }
        catch (Exception fault) when (fault is not UserError and not OperationCanceledException)
        {
            throw UserError.Environment(
                $"task {task.Name}", $"its verifier failed on a completion of problem '{input.Item.Id}' ({fault.GetType().Name}: {fault.Message})",
                "a verifier that answers for any text", fault);
        }
    }
}
