using Retort.Recipes.Report;
using Retort.Training.Rl;

namespace Retort.Recipes.Experiment;

/// <summary>What a run's folder keeps of each step of reinforcement learning.</summary>
public static class RlMetrics
{
    /// <summary>Writes a step's line to metrics.jsonl and its times to timing.jsonl.</summary>
    public static void Append(RunFolder folder, string phase, RlStep step)
    {
        folder.AppendMetrics(phase, step.Step,
        [
            new("reward", step.Reward), new("reward_deviation", step.RewardDeviation), new("length", step.Length),
            new("truncated", step.Truncated), new("silent_groups", step.SilentGroups), new("unrewarded", step.Unrewarded),
            new("loss", step.Loss), new("value_loss", step.ValueLoss), new("gradient_norm", step.GradientNorm),
            new("learning_rate", step.LearningRate), new("entropy", step.Entropy), new("kl", step.Kl), new("ratio", step.Ratio),
            new("first_ratio_error", step.FirstRatioError), new("clip_fraction", step.ClipFraction), new("staleness", step.Staleness),
            new("tokens_drawn", step.TokensDrawn), new("tokens_learned", step.TokensLearned),
            new("rollout_flops", step.RolloutFlops), new("learn_flops", step.LearnFlops),
        ],
        [new("reward_histogram", step.RewardHistogram), new("length_histogram", step.LengthHistogram)]);
        folder.AppendTiming(phase, step.Step, [new("rollout_seconds", step.RolloutSeconds), new("learn_seconds", step.LearnSeconds)]);
    }

    /// <summary>The same of a round of expert iteration; what an earlier sitting did is in its own lines.</summary>
    public static void Append(RunFolder folder, string phase, ExpertRound round)
    {
        folder.AppendMetrics(phase, round.Round, [new("reward", round.Reward), new("solved", round.Solved), new("kept", round.Kept)]);
        folder.AppendTiming(phase, round.Round, [new("sample_seconds", round.SampleSeconds), new("learn_seconds", round.LearnSeconds)]);
    }
}
