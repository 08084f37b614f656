namespace Retort.Training.Rl;

/// <summary>Advantages of one group: how much better each completion is than its siblings, the baseline being their mean.</summary>
internal static class GroupAdvantage
{
    /// <summary>
    /// advantages[i] = worth[i] - mean worth, where worth[i] = rewards[i] - penalties[i], divided by the rewards' sample standard deviation
    /// (n - 1) if asked for. Rewards that are NaN are left out and get 0. Returns false if the rewards say nothing: fewer than two, or all
    /// alike. Then there is no deviation to divide by and all advantages are 0; undivided, what penalties differ in remains.
    /// </summary>
    /// <param name="rewards">Of the group.</param>
    /// <param name="penalties">As many, or none.</param>
    /// <param name="scale">What differences are divided by.</param>
    /// <param name="advantages">As many as rewards.</param>
    public static bool Of(ReadOnlySpan<double> rewards, ReadOnlySpan<double> penalties, AdvantageScale scale, Span<double> advantages)
    {
        advantages.Clear();
        var (count, sum, penalty, low, high) = (0, 0.0, 0.0, double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < rewards.Length; i++)
        {
            if (!double.IsNaN(rewards[i]))
            {
                (count, sum, penalty) = (count + 1, sum + rewards[i], penalty + (penalties.IsEmpty ? 0 : penalties[i]));
                (low, high) = (Math.Min(low, rewards[i]), Math.Max(high, rewards[i]));
            }
        }

        var speaks = count >= 2 && low != high;
        if (count < 2 || (!speaks && scale == AdvantageScale.Deviation))
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
            var taken = penalties.IsEmpty ? 0 : penalties[i] - penalty / count;
            advantages[i] = double.IsNaN(rewards[i]) ? 0 : (rewards[i] - mean - taken) / divisor;
        }

        return speaks;
    }
}
