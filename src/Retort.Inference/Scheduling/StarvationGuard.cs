namespace Retort.Inference.Scheduling;

/// <summary>Bounds the wait of long sequences, which ordering by length does not (paper section 3.5).</summary>
public abstract record StarvationGuard
{
    /// <summary>No guard: the published policies.</summary>
    public static StarvationGuard None { get; } = new NoGuard();

    /// <summary>A sequence's rank falls by so many tokens a second of its age.</summary>
    public static StarvationGuard Aging(double tokensPerSecond) => new AgingGuard(tokensPerSecond);

    /// <summary>
    /// Passed over for more than so many rounds, a sequence comes first until it has drawn <paramref name="pinnedTokens"/> tokens: tokens,
    /// not rounds, so that one that computes its keys again is not displaced before it got anywhere.
    /// </summary>
    public static StarvationGuard Promotion(int patienceRounds, int pinnedTokens) => new PromotionGuard(patienceRounds, pinnedTokens);

    /// <summary>Tokens for which it promotes; 0: it does not look at who waits.</summary>
    public virtual int PinnedTokens => 0;

    /// <summary>
    /// What is compared instead of the rank. Only differences count, so aging adds to a rank what the arrival came later: nothing
    /// changes as time goes by.
    /// </summary>
    public virtual double Key(double rank, ScheduledSequence sequence) => rank;

    /// <summary>Whether a sequence without a place has waited too long at this round.</summary>
    public virtual bool Promotes(ScheduledSequence waiting, long round) => false;

    private sealed record NoGuard : StarvationGuard;

    private sealed record AgingGuard(double TokensPerSecond) : StarvationGuard
    {
        public override double Key(double rank, ScheduledSequence sequence) => rank + TokensPerSecond * sequence.ArrivalSeconds;
    }

    private sealed record PromotionGuard(int PatienceRounds, int Pinned) : StarvationGuard
    {
        public override int PinnedTokens => Pinned;

        public override bool Promotes(ScheduledSequence waiting, long round) => round - waiting.WaitingSinceRound > PatienceRounds;
    }
}
