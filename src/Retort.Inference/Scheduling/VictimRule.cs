namespace Retort.Inference.Scheduling;

/// <summary>
/// Whose pages go first when pages run out, among those who may lose them (paper section 3.4). Paused sequences go before running ones and
/// protected ones last, whatever the rule.
/// </summary>
public abstract record VictimRule
{
    /// <summary>The worst rank, the latest arrival among equals.</summary>
    public static VictimRule WorstRank { get; } = new WorstRankRule();

    /// <summary>The one with the fewest cached tokens: the least to compute again.</summary>
    public static VictimRule LeastCached { get; } = new LeastCachedRule();

    /// <summary>Whether <paramref name="candidate"/> goes before <paramref name="other"/>.</summary>
    public abstract bool GoesBefore(ScheduledSequence candidate, ScheduledSequence other);

    private sealed record WorstRankRule : VictimRule
    {
        public override bool GoesBefore(ScheduledSequence candidate, ScheduledSequence other) => other.IsBefore(candidate);
    }

    private sealed record LeastCachedRule : VictimRule
    {
        public override bool GoesBefore(ScheduledSequence candidate, ScheduledSequence other) =>
            candidate.NumCached < other.NumCached || (candidate.NumCached == other.NumCached && other.IsBefore(candidate));
    }
}
