namespace Retort.Training.Rl;

/// <summary>
/// The policy gradient (Williams 1992) with the mean of the group as baseline. The loss of a token is <c>-ratio A</c>, not clipped: on
/// the rollout's own policy the ratio is 1 and the gradient is that of <c>-A logprob</c>; later updates are importance-weighted.
/// </summary>
internal sealed class Reinforce : IAdvantageRule
{
    /// <inheritdoc/>
    public int Apply(Experience experience, RlSettings settings) => AdvantageRules.ByGroup(experience, settings, AdvantageScale.Mean);
}
