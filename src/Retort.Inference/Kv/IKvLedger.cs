using Retort.Inference.Scheduling;

namespace Retort.Inference.Kv;

/// <summary>What a scheduler asks of the memory for keys and values. Plain data: it moves no bytes itself.</summary>
public interface IKvLedger
{
    /// <summary>Pages that can be taken.</summary>
    int NumFreePages { get; }

    /// <summary>Pages of the pool.</summary>
    int NumPages { get; }

    /// <summary>Pages beyond those it holds that a sequence needs for its first <paramref name="numTokens"/> tokens.</summary>
    int PagesToGrow(ScheduledSequence sequence, int numTokens);

    /// <summary>Pages that would be free if a sequence gave up its own.</summary>
    int PagesToGain(ScheduledSequence sequence);

    /// <summary>Takes those pages, all or none.</summary>
    bool TryGrow(ScheduledSequence sequence, int numTokens);

    /// <summary>Gives a sequence without pages what is still there of its tokens: a shared prefix, or a cached one.</summary>
    void Restore(ScheduledSequence sequence);

    /// <summary>Takes a sequence's pages away; it has nothing cached then.</summary>
    void Release(ScheduledSequence sequence);

    /// <summary>Moves a sequence's pages to the host's pool, all or none.</summary>
    bool TrySwapOut(ScheduledSequence sequence);

    /// <summary>Moves them back, all or none.</summary>
    bool TrySwapIn(ScheduledSequence sequence);

    /// <summary>Gives up one prefix that is held for samples still to begin; false: there is none.</summary>
    bool TryDropPrefix();
}
