namespace Retort.Training.Rl;

/// <summary>Generalised advantage estimation (Schulman et al. 2016, eq. 16) over the tokens of one completion.</summary>
internal static class GeneralizedAdvantage
{
    /// <summary>
    /// From the last token back: delta = reward + gamma * nextValue - value, advantage = delta + gamma * lambda * nextAdvantage; nothing
    /// follows the last token. Targets are advantage + value.
    /// </summary>
    /// <param name="rewards">Reward of each token, [tokens].</param>
    /// <param name="values">Value estimate before each token, [tokens].</param>
    /// <param name="gamma">Discount a token.</param>
    /// <param name="lambda">Decay of the estimator.</param>
    /// <param name="advantages">Receives the advantages; may be the memory of <paramref name="rewards"/>.</param>
    /// <param name="targets">Receives what the values should have been.</param>
    public static void Of(
        ReadOnlySpan<float> rewards, ReadOnlySpan<float> values, double gamma, double lambda, Span<float> advantages, Span<float> targets)
    {
        var (nextValue, nextAdvantage) = (0.0, 0.0);
        for (var t = rewards.Length - 1; t >= 0; t--)
        {
            nextAdvantage = rewards[t] + gamma * nextValue - values[t] + gamma * lambda * nextAdvantage;
            nextValue = values[t];
            advantages[t] = (float)nextAdvantage;
            targets[t] = (float)(nextAdvantage + nextValue);
        }
    }
}
