using Retort.Analysis;
using Retort.Recipes.Simulation;

namespace Retort.Recipes.Trail;

/// <summary>One run in numbers.</summary>
/// <param name="FirstToken">From when a request was due to its first token, in seconds.</param>
/// <param name="EndToEnd">To its last.</param>
/// <param name="Preemptions">Places or pages lost, a request.</param>
/// <param name="Recomputed">Tokens fed again, a request.</param>
/// <param name="MeanKvTokens">Keys in the cache, averaged over time.</param>
/// <param name="PeakKvTokens">The most of them.</param>
internal sealed record RunSummary(
    Spread FirstToken, Spread EndToEnd, double Preemptions, double Recomputed, double MeanKvTokens, double PeakKvTokens)
{
    /// <summary>Of what is counted of a run's times, in the order of arrival.</summary>
    public static Spread Of(double[] seconds, bool isSteady) => Spread.Of(isSteady ? WarmUp.Drop(seconds) : seconds);
}
