using Retort.Inference;
using Retort.Tasks;

namespace Retort.Training.Rl;

/// <summary>One completion of a rollout.</summary>
/// <param name="Problem">Number of the problem in the stream.</param>
/// <param name="Item">The problem.</param>
/// <param name="Prompt">Its tokens.</param>
/// <param name="Completion">The engine's completion; its log-probabilities are the tempered policy's.</param>
/// <param name="Text">The completion's text.</param>
/// <param name="Reward">What it is worth; NaN: nobody can tell.</param>
public sealed record Rollout(long Problem, TaskItem Item, int[] Prompt, Completion Completion, string Text, double Reward)
{
    /// <summary>It was cut off at its limit.</summary>
    public bool IsTruncated => Completion.FinishReason == FinishReason.Length;
}

/// <summary>The completions of one step, groups of one problem beside each other, in the order (problem, sample).</summary>
/// <param name="Step">The step, from 0.</param>
/// <param name="GroupSize">Completions of a problem.</param>
/// <param name="Samples">All of them.</param>
public sealed record RolloutBatch(long Step, int GroupSize, IReadOnlyList<Rollout> Samples);
