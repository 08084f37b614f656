using Retort.Core;

namespace Retort.Inference.Scheduling;

/// <summary>Where a policy's lengths come from.</summary>
public enum LengthSource
{
    /// <summary>It looks at no lengths.</summary>
    None,

    /// <summary>Read from the prompt at arrival, then counted down.</summary>
    Prompt,

    /// <summary>Read from the prompt, then from hidden states at every token.</summary>
    HiddenStates,

    /// <summary>Known beforehand: replays only.</summary>
    Oracle,
}

/// <summary>A policy under the name it has in the study (paper section 3.3) and where its lengths come from.</summary>
/// <param name="Name">As users write it.</param>
/// <param name="Description">One line.</param>
/// <param name="Lengths">What predictor it needs.</param>
/// <param name="Policy">Its pieces.</param>
public sealed record NamedScheduler(string Name, string Description, LengthSource Lengths, SchedulerPolicy Policy)
{
    /// <summary>C of the limited policies unless told otherwise (paper section 3.1).</summary>
    public const double DefaultC = 0.8;

    /// <summary>
    /// All of them. <paramref name="c"/>: a sequence is displaced only while it has fewer than floor(c r) tokens; <paramref name="margin"/>: a
    /// newcomer's rank must be better by more than this, in tokens.
    /// </summary>
    public static IReadOnlyList<NamedScheduler> All(double c = DefaultC, double margin = 0)
    {
        var shortest = new SchedulerPolicy { Order = OrderingKey.PredictedRemaining, Margin = margin };
        var limited = shortest with { Preemption = PreemptionRule.Limited(c) };
        var unlimited = shortest with { Preemption = PreemptionRule.Always };
        return
        [
            new("fcfs", "first come, first served", LengthSource.None, new()),
            new("sjf", "shortest predicted first, no preemption", LengthSource.Prompt, new() { Order = OrderingKey.PredictedLength }),
            new("sprpt", "shortest predicted rest, by prompt", LengthSource.Prompt, unlimited),
            new("l-sprpt", "the same, preemption limited by C (TRAIL-BERT)", LengthSource.Prompt, limited),
            new("rp-sprpt", "shortest predicted rest, by hidden states", LengthSource.HiddenStates, unlimited),
            new("trail", "the same, preemption limited by C", LengthSource.HiddenStates, limited),
            new("srpt", "shortest true rest: an oracle", LengthSource.Oracle, unlimited),
            new("trail+", "the same, preemption limited by C", LengthSource.Oracle, limited),
            new("priority", "the lowest priority number first", LengthSource.None,
                new() { Order = OrderingKey.Priority, Preemption = PreemptionRule.Always }),
        ];
    }

    /// <summary>
    /// The one of this name; another name is a <see cref="UserError"/> that tells the nearest of those that <paramref name="offers"/> (null:
    /// all), which has no say in what is found.
    /// </summary>
    public static NamedScheduler Get(
        string name, double c = DefaultC, double margin = 0, string where = "--scheduler", Predicate<NamedScheduler>? offers = null)
    {
        if (!(c is >= 0 and <= 1))
        {
            throw UserError.Request("--c", $"is {c}", "0 (no preemption) to 1");
        }

        var all = All(c, margin);
        var offered = all.Where(one => offers is null || offers(one)).Select(one => one.Name);
        return all.FirstOrDefault(one => one.Name == name)
            ?? throw UserError.Request(where, $"'{name}' is not a scheduler", "one of " + string.Join(", ", offered), NearestName.Of(name, offered));
    }
}
