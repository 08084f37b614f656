namespace Retort.Inference.Scheduling;

/// <summary>Until when a sequence that has begun may be displaced by one of a better rank.</summary>
public abstract record PreemptionRule
{
    /// <summary>Whoever has begun runs to its end.</summary>
    public static PreemptionRule Never { get; } = new NeverRule();

    /// <summary>Anyone may be displaced at any time.</summary>
    public static PreemptionRule Always { get; } = new AlwaysRule();

    /// <summary>
    /// Only while fewer than floor(<paramref name="c"/> r) tokens are drawn (paper section 3.1). 0: shortest predicted first
    /// without preemption; 1: almost <see cref="Always"/>.
    /// </summary>
    public static PreemptionRule Limited(double c) => new LimitedRule(c);

    /// <summary>Whether a sequence that has begun keeps its place from now on.</summary>
    public abstract bool Protects(ScheduledSequence begun);

    private sealed record NeverRule : PreemptionRule
    {
        public override bool Protects(ScheduledSequence begun) => true;
    }

    private sealed record AlwaysRule : PreemptionRule
    {
        public override bool Protects(ScheduledSequence begun) => false;
    }

    private sealed record LimitedRule(double C) : PreemptionRule
    {
        public override bool Protects(ScheduledSequence begun) => begun.NumGenerated >= Math.Floor(C * begun.PredictedLength);
    }
}
