namespace Retort.Training.Rl;

/// <summary>
/// Group-relative policy optimisation (Shao et al. 2024, "DeepSeekMath", section 4.1). Each problem is completed several times; a
/// completion's advantage, the same for all its tokens, is its reward against the group's mean, in the group's standard deviations
/// (or not: <see cref="AdvantageScale.Mean"/>, Liu et al. 2025). The loss of a token is the clipped surrogate
/// <c>-min(ratio A, clip(ratio, 1 - low, 1 + high) A) + klCoefficient * kl - entropyCoefficient * entropy</c>:
/// <see cref="Tensors.PolicyLossSettings"/> has its numbers, <c>PolicyTerm</c> its arithmetic.
/// </summary>
internal sealed class Grpo : IAdvantageRule
{
    /// <inheritdoc/>
    public int Apply(Experience experience, RlSettings settings) => AdvantageRules.ByGroup(experience, settings, settings.AdvantageScale);
}
