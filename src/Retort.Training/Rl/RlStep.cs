namespace Retort.Training.Rl;

/// <summary>What one step of reinforcement learning did: a rollout and the updates from it.</summary>
public sealed record RlStep
{
    /// <summary>Steps taken, this one included.</summary>
    public required long Step { get; init; }

    /// <summary>Mean reward of the completions that have one.</summary>
    public required double Reward { get; init; }

    /// <summary>Standard deviation of these rewards.</summary>
    public required double RewardDeviation { get; init; }

    /// <summary>Tokens of a completion on average.</summary>
    public required double Length { get; init; }

    /// <summary>Share of completions cut off at their limit.</summary>
    public required double Truncated { get; init; }

    /// <summary>Groups whose rewards are all alike: they say nothing.</summary>
    public required int SilentGroups { get; init; }

    /// <summary>Completions whose reward is NaN: they are not learned from.</summary>
    public required int Unrewarded { get; init; }

    /// <summary>Mean loss of the updates, the value loss apart.</summary>
    public required double Loss { get; init; }

    /// <summary>Mean value loss of the updates, times <see cref="RlSettings.ValueCoefficient"/>; 0 without values.</summary>
    public required double ValueLoss { get; init; }

    /// <summary>Mean norm of the updates' gradients, before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Rate of the last update.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Mean entropy of the policy, nats a token.</summary>
    public required double Entropy { get; init; }

    /// <summary>Mean divergence from the reference, nats a token, by the low-variance estimator; 0 without a reference.</summary>
    public required double Kl { get; init; }

    /// <summary>Mean importance ratio.</summary>
    public required double Ratio { get; init; }

    /// <summary>Largest distance of the ratio from 1 in the first update: exactly 0 on the policy's own rollout.</summary>
    public required double FirstRatioError { get; init; }

    /// <summary>Share of tokens that clipping keeps from the gradient.</summary>
    public required double ClipFraction { get; init; }

    /// <summary>Steps, each with all its updates, that lie between the weights that generated and those that learned first.</summary>
    public required int Staleness { get; init; }

    /// <summary>Completions by reward: below 0, 0, up to 0.25, 0.5, 0.75, below 1, 1, above.</summary>
    public required int[] RewardHistogram { get; init; }

    /// <summary>Completions by length, in eighths of the longest there can be.</summary>
    public required int[] LengthHistogram { get; init; }

    /// <summary>The rollout, to look at.</summary>
    public required RolloutBatch Rollouts { get; init; }

    /// <summary>Rows that learning went through, all passes.</summary>
    public required long TokensLearned { get; init; }

    /// <summary>Tokens drawn.</summary>
    public required long TokensDrawn { get; init; }

    /// <summary>Counted work of generating.</summary>
    public required long RolloutFlops { get; init; }

    /// <summary>Counted work of scoring and updates.</summary>
    public required long LearnFlops { get; init; }

    /// <summary>Wall time of generating and rewarding; of what was not hidden behind learning, if rollouts overlap it.</summary>
    public required double RolloutSeconds { get; init; }

    /// <summary>Wall time of scoring and updates.</summary>
    public required double LearnSeconds { get; init; }
}
