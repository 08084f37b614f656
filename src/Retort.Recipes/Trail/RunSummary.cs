using Retort.Analysis;

namespace Retort.Recipes.Trail;

/// <summary>Mean and quantiles of a time over a run's requests, in seconds.</summary>
internal sealed record TimeSummary(double Mean, double Median, double P90, double P99)
{
    /// <summary>Of some times.</summary>
    public static TimeSummary Of(double[] seconds) => new(
        Descriptive.Mean(seconds), Descriptive.Median(seconds), Descriptive.Quantile(seconds, 0.9), Descriptive.Quantile(seconds, 0.99));
}

/// <summary>One run in numbers.</summary>
/// <param name="FirstToken">From when a request was due to its first token.</param>
/// <param name="EndToEnd">To its last.</param>
/// <param name="Preemptions">Places or pages lost, a request.</param>
/// <param name="Recomputed">Tokens fed again, a request.</param>
/// <param name="MeanKvTokens">Keys in the cache, averaged over time.</param>
/// <param name="PeakKvTokens">The most of them.</param>
internal sealed record RunSummary(
    TimeSummary FirstToken, TimeSummary EndToEnd, double Preemptions, double Recomputed, double MeanKvTokens, double PeakKvTokens)
{
    /// <summary>Requests of a steady run that are not counted.</summary>
    public const double WarmUpShare = 0.05;

    /// <summary>What is counted of a run's times.</summary>
    public static double[] Counted(double[] seconds, bool isSteady) => isSteady ? seconds[(int)(WarmUpShare * seconds.Length)..] : seconds;
}
