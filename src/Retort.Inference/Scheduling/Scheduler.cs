using Retort.Inference.Kv;

namespace Retort.Inference.Scheduling;

/// <summary>
/// Decides before every step who is in it (paper section 3.2). Plain data in, plain data out: it knows no device and no clock, so
/// that the engine, a simulation and a test run the same code. A decision costs O(places + changes x log live) and allocates
/// nothing once its lists have grown.
/// </summary>
public sealed class Scheduler
{
    private readonly SchedulerPolicy policy;
    private readonly SchedulerLimits limits;
    private readonly IKvLedger kv;
    private readonly SequenceHeap waiting = new();
    private readonly List<ScheduledSequence> running;
    private readonly StepPlan plan = new();
    private long round;

    /// <summary>A scheduler without sequences.</summary>
    public Scheduler(SchedulerPolicy policy, SchedulerLimits limits, IKvLedger kv)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxSequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxTokens, limits.MaxSequences);
        (this.policy, this.limits, this.kv) = (policy.Validated(), limits, kv);
        running = new List<ScheduledSequence>(Math.Min(limits.MaxSequences, 1024));
    }

    /// <summary>Sequences with a place, the best first.</summary>
    public ReadOnlySpan<ScheduledSequence> Running => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(running);

    /// <summary>Sequences without a place, in no particular order.</summary>
    public ReadOnlySpan<ScheduledSequence> Waiting => waiting.Items;

    /// <summary>Whether any sequence is live.</summary>
    public bool IsBusy => running.Count > 0 || waiting.Count > 0;

    /// <summary>Times a sequence lost its place to one of a better rank.</summary>
    public long NumPreemptions { get; private set; }

    /// <summary>Times a sequence, running or paused, lost its pages because they ran out.</summary>
    public long NumEvictions { get; private set; }

    /// <summary>Times a running sequence lost its place, by preemption, by eviction or by both at once.</summary>
    public long NumPlacesLost { get; private set; }

    /// <summary>Takes a new sequence in.</summary>
    public void Add(ScheduledSequence sequence)
    {
        if (kv.PagesToGrow(sequence, sequence.MaxLength) > kv.NumPages)
        {
            throw new ArgumentException($"a sequence of {sequence.MaxLength} tokens never fits {kv.NumPages} pages");
        }

        Wait(sequence, SequencePhase.Waiting);
    }

    /// <summary>A sequence is done or cancelled: its place and its pages are free.</summary>
    public void Remove(ScheduledSequence sequence)
    {
        if (sequence.HeapIndex >= 0)
        {
            waiting.Remove(sequence);
        }
        else
        {
            running.Remove(sequence);
        }

        kv.Release(sequence);
        sequence.Phase = SequencePhase.Ended;
    }

    /// <summary>Chooses the next step. Its sequences' pages are theirs when it returns.</summary>
    public StepPlan Plan()
    {
        round++;
        plan.Clear();
        foreach (var sequence in Running)
        {
            SetKey(sequence);
        }

        if (policy.Guard.PinnedTokens > 0)
        {
            Promote();
        }

        Sort();
        FillPlaces();
        var budget = limits.MaxTokens;
        FeedDecodeRows(ref budget);
        FeedPrompts(budget);
        foreach (var rows in plan.Rows)
        {
            rows.Sequence.MostCached = Math.Max(rows.Sequence.MostCached, rows.Sequence.NumCached + rows.NumTokens);
        }

        return plan;
    }

    private void SetKey(ScheduledSequence sequence)
    {
        var isPinned = sequence.NumGenerated < sequence.PinnedUntilGenerated;
        sequence.IsProtected = sequence.HasBegun && policy.Preemption.Protects(sequence);
        sequence.Key = sequence.IsProtected || isPinned
            ? double.NegativeInfinity
            : policy.Guard.Key(policy.Order.Rank(sequence), sequence);
    }

    /// <summary>Few places, nearly in order: insertion.</summary>
    private void Sort()
    {
        for (var i = 1; i < running.Count; i++)
        {
            var sequence = running[i];
            var at = i;
            for (; at > 0 && sequence.IsBefore(running[at - 1]); at--)
            {
                running[at] = running[at - 1];
            }

            running[at] = sequence;
        }
    }

    private void Promote()
    {
        for (var i = 0; i < waiting.Count; i++)
        {
            var sequence = waiting.Items[i];
            if (sequence.NumGenerated >= sequence.PinnedUntilGenerated && policy.Guard.Promotes(sequence, round))
            {
                sequence.PinnedUntilGenerated = sequence.NumGenerated + policy.Guard.PinnedTokens;
                SetKey(sequence);
                // To the top: who moves down for it has been looked at.
                waiting.Moved(sequence);
            }
        }
    }

    /// <summary>Free places and those of worse sequences go to the best that wait, while there are pages for them.</summary>
    private void FillPlaces()
    {
        while (waiting.Count > 0)
        {
            var newcomer = waiting.First;
            var victim = running.Count < limits.MaxSequences ? null : WorstDisplaceable(newcomer);
            if ((victim is null && running.Count >= limits.MaxSequences) || !TryMakeRoom(newcomer))
            {
                return;
            }

            // Making room may have taken the victim's place already.
            if (running.Count >= limits.MaxSequences)
            {
                Displace(victim!);
            }

            waiting.Remove(newcomer);
            (newcomer.Phase, newcomer.HasBegun) = (SequencePhase.Running, true);
            Insert(newcomer);
        }
    }

    private void Insert(ScheduledSequence sequence)
    {
        SetKey(sequence);
        var at = running.Count;
        while (at > 0 && sequence.IsBefore(running[at - 1]))
        {
            at--;
        }

        running.Insert(at, sequence);
    }

    private bool MayDisplace(ScheduledSequence newcomer, ScheduledSequence holder) =>
        !holder.IsProtected
        && holder.Key > newcomer.Key + policy.Margin
        && (policy.MaxPreemptions == 0 || holder.NumPreemptions < policy.MaxPreemptions);

    /// <summary>The running sequence of the worst rank, if the newcomer may have its place.</summary>
    private ScheduledSequence? WorstDisplaceable(ScheduledSequence newcomer)
    {
        for (var i = running.Count - 1; i >= 0; i--)
        {
            if (MayDisplace(newcomer, running[i]))
            {
                return running[i];
            }
        }

        return null;
    }

    /// <summary>Takes a place away; what becomes of the pages is the policy's KV mode.</summary>
    private void Displace(ScheduledSequence victim)
    {
        NumPreemptions++;
        NumPlacesLost++;
        victim.NumPreemptions++;
        running.Remove(victim);
        if (policy.KvMode == KvMode.Discard)
        {
            kv.Release(victim);
            Wait(victim, SequencePhase.Waiting);
        }
        else
        {
            Wait(victim, policy.KvMode == KvMode.Swap && kv.TrySwapOut(victim) ? SequencePhase.Swapped : SequencePhase.Paused);
        }
    }

    private void Wait(ScheduledSequence sequence, SequencePhase phase)
    {
        sequence.Phase = phase;
        sequence.WaitingSinceRound = round;
        SetKey(sequence);
        waiting.Add(sequence);
    }

    /// <summary>
    /// Pages for all that the newcomer has to feed, beside the watermark when others run. Takes them from paused sequences, then from
    /// running ones that it may displace; false, and nothing changed, if even those are not enough.
    /// </summary>
    private bool TryMakeRoom(ScheduledSequence newcomer)
    {
        var known = newcomer.NumPromptTokens + newcomer.NumGenerated;
        var isSwapped = newcomer.Phase == SequencePhase.Swapped;
        var isEmpty = newcomer.Phase == SequencePhase.Waiting;
        if (isEmpty)
        {
            kv.Restore(newcomer);
        }

        var reserve = running.Count > 0 ? limits.WatermarkPages : 0;
        var needed = (isSwapped ? newcomer.NumPages : 0) + kv.PagesToGrow(newcomer, known);
        while (running.Count == 0 && needed > kv.NumFreePages && kv.TryDropPrefix())
        {
            // With nobody running no page would ever come free: prefixes held for others are given up.
        }

        // With nobody running whatever is paused may go: then everything fits, also where pages shared by paused ones count for none of them.
        var isEnough = needed + reserve <= kv.NumFreePages
            || ((running.Count == 0 || needed + reserve <= kv.NumFreePages + Gainable(newcomer)) && TryGain(newcomer, needed + reserve));
        if (isEnough && (!isSwapped || kv.TrySwapIn(newcomer)) && kv.TryGrow(newcomer, known))
        {
            return true;
        }

        if (isEmpty)
        {
            kv.Release(newcomer);
        }

        return false;
    }

    private int Gainable(ScheduledSequence newcomer)
    {
        var pages = 0;
        foreach (var sequence in waiting.Items)
        {
            pages += sequence != newcomer && sequence.Phase == SequencePhase.Paused ? kv.PagesToGain(sequence) : 0;
        }

        foreach (var sequence in Running)
        {
            pages += MayDisplace(newcomer, sequence) ? kv.PagesToGain(sequence) : 0;
        }

        return pages;
    }

    private bool TryGain(ScheduledSequence newcomer, int pages)
    {
        while (kv.NumFreePages < pages)
        {
            if (WorstPaused(newcomer) is { } paused)
            {
                Evict(paused);
            }
            else if (WorstDisplaceable(newcomer) is { } victim)
            {
                NumPreemptions++;
                Evict(victim);
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>One token each of those that have only the last drawn one to feed, the best first.</summary>
    private void FeedDecodeRows(ref int budget)
    {
        for (var i = 0; i < running.Count; i++)
        {
            var sequence = running[i];
            if (sequence.NumPending != 1)
            {
                continue;
            }

            while (sequence.Phase == SequencePhase.Running && !kv.TryGrow(sequence, sequence.NumCached + 1))
            {
                if (!kv.TryDropPrefix())
                {
                    // Whoever is after it in the list is not in the plan yet; if nobody is, it gives up its own.
                    Evict(WorstPaused(except: null) ?? WorstRunningAfter(i) ?? sequence);
                }
            }

            if (sequence.Phase != SequencePhase.Running)
            {
                return;
            }

            plan.Add(sequence, 1);
            budget--;
        }
    }

    /// <summary>What is left of the budget, in order of rank. Their pages were taken when they got their places.</summary>
    private void FeedPrompts(int budget)
    {
        foreach (var sequence in Running)
        {
            var count = Math.Min(sequence.NumPending, budget);
            if (sequence.NumPending > 1 && count > 0)
            {
                plan.Add(sequence, count);
                budget -= count;
            }
        }
    }

    private ScheduledSequence? WorstPaused(ScheduledSequence? except)
    {
        ScheduledSequence? worst = null;
        foreach (var sequence in waiting.Items)
        {
            if (sequence.Phase == SequencePhase.Paused && sequence != except && (worst is null || GoesBefore(sequence, worst)))
            {
                worst = sequence;
            }
        }

        return worst;
    }

    private ScheduledSequence? WorstRunningAfter(int place)
    {
        ScheduledSequence? worst = null;
        for (var i = running.Count - 1; i > place; i--)
        {
            worst = worst is null || GoesBefore(running[i], worst) ? running[i] : worst;
        }

        return worst;
    }

    /// <summary>Protected sequences go last, whatever the rule.</summary>
    private bool GoesBefore(ScheduledSequence candidate, ScheduledSequence other) => candidate.IsProtected == other.IsProtected
        ? policy.Victim.GoesBefore(candidate, other)
        : other.IsProtected;

    /// <summary>Takes a sequence's pages away for want of pages; in swap mode they move to the host while it has room.</summary>
    private void Evict(ScheduledSequence victim)
    {
        NumEvictions++;
        victim.NumPreemptions++;
        if (victim.HeapIndex >= 0)
        {
            waiting.Remove(victim);
        }
        else
        {
            NumPlacesLost++;
            running.Remove(victim);
        }

        if (policy.KvMode == KvMode.Swap && kv.TrySwapOut(victim))
        {
            Wait(victim, SequencePhase.Swapped);
            return;
        }

        kv.Release(victim);
        Wait(victim, SequencePhase.Waiting);
    }
}
