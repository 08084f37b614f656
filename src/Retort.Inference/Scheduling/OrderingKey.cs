namespace Retort.Inference.Scheduling;

/// <summary>Which sequence goes first: the one of the lowest rank; equal ranks in order of arrival.</summary>
public abstract record OrderingKey
{
    /// <summary>First come, first served: all ranks are equal.</summary>
    public static OrderingKey Arrival { get; } = new ArrivalKey();

    /// <summary>The shortest predicted output first (r), whatever has been drawn of it.</summary>
    public static OrderingKey PredictedLength { get; } = new PredictedLengthKey();

    /// <summary>The shortest predicted rest first (L).</summary>
    public static OrderingKey PredictedRemaining { get; } = new PredictedRemainingKey();

    /// <summary>The lowest priority number first.</summary>
    public static OrderingKey Priority { get; } = new PriorityKey();

    /// <summary>The rank of a sequence in its present state.</summary>
    public abstract double Rank(ScheduledSequence sequence);

    private sealed record ArrivalKey : OrderingKey
    {
        public override double Rank(ScheduledSequence sequence) => 0;
    }

    private sealed record PredictedLengthKey : OrderingKey
    {
        public override double Rank(ScheduledSequence sequence) => sequence.PredictedLength;
    }

    private sealed record PredictedRemainingKey : OrderingKey
    {
        public override double Rank(ScheduledSequence sequence) => sequence.PredictedRemaining;
    }

    private sealed record PriorityKey : OrderingKey
    {
        public override double Rank(ScheduledSequence sequence) => sequence.Priority;
    }
}
