using Retort.Core;

namespace Retort.Inference.Scheduling;

/// <summary>What becomes of a preempted sequence's keys and values (paper section 3.4).</summary>
public enum KvMode
{
    /// <summary>They stay in their pages until somebody needs these.</summary>
    Resident,

    /// <summary>They are given up at once and computed again.</summary>
    Discard,

    /// <summary>They move to the host's pool and back; while that is full they stay.</summary>
    Swap,
}

/// <summary>A scheduling policy: independent pieces, each a function of a sequence's state.</summary>
public sealed record SchedulerPolicy
{
    /// <summary>Who goes first.</summary>
    public OrderingKey Order { get; init; } = OrderingKey.Arrival;

    /// <summary>Until when one may be displaced.</summary>
    public PreemptionRule Preemption { get; init; } = PreemptionRule.Never;

    /// <summary>Whose pages go first when pages run out.</summary>
    public VictimRule Victim { get; init; } = VictimRule.WorstRank;

    /// <summary>What becomes of a preempted sequence's keys and values.</summary>
    public KvMode KvMode { get; init; } = KvMode.Resident;

    /// <summary>Bounds waiting.</summary>
    public StarvationGuard Guard { get; init; } = StarvationGuard.None;

    /// <summary>A newcomer displaces only a sequence whose rank is worse by more than this, in tokens (or units of the rank).</summary>
    public double Margin { get; init; }

    /// <summary>Times a sequence may be displaced; 0: no limit.</summary>
    public int MaxPreemptions { get; init; }

    /// <summary>These pieces, checked.</summary>
    public SchedulerPolicy Validated(string where = "policy")
    {
        if (!(Margin >= 0))
        {
            throw UserError.Request($"{where}.margin", $"is {Margin}", "at least 0, in tokens");
        }

        return MaxPreemptions >= 0
            ? this
            : throw UserError.Request($"{where}.maxPreemptions", $"is {MaxPreemptions}", "at least 0 (0: no limit)");
    }
}
