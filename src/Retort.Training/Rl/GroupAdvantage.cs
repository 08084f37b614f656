namespace Retort.Training.Rl;

/// <summary>Advantages of one group: how much better each completion is than its siblings, the baseline being their mean.</summary>
internal static class GroupAdvantage
{
    /// <summary>
    /// advantages[i] = rewards[i] - mean, divided by the sample standard deviation (n - 1) if asked for. Rewards that are NaN are left out
    /// and get 0. Returns false if the group says nothing: fewer than two rewards, or all alike; then all advantages are 0.
    /// </summary>
    public static bool Of(ReadOnlySpan<double> rewards, AdvantageScale scale, Span<double> advantages)
    {
        advantages.Clear();
        var (count, sum, low, high) = (0, 0.0, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var reward in rewards)
        {
            if (!double.IsNaN(reward))
            {
                (count, sum, low, high) = (count + 1, sum + reward, Math.Min(low, reward), Math.Max(high, reward));
            }
        }

        if (count < 2 || low == high)
        {
            return false;
        }

        var (mean, squares) = (sum / count, 0.0);
        foreach (var reward in rewards)
        {
            squares += double.IsNaN(reward) ? 0 : (reward - mean) * (reward - mean);
        }

        var divisor = scale == AdvantageScale.Deviation ? Math.Sqrt(squares / (count - 1)) : 1;
        for (var i = 0; i < rewards.Length; i++)
        {
            advantages[i] = double.IsNaN(rewards[i]) ? 0 : (rewards[i] - mean) / divisor;
        }

        return true;
    }
}
