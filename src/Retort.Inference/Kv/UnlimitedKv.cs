using Retort.Inference.Scheduling;

namespace Retort.Inference.Kv;

/// <summary>Memory without an end, for simulations of queues that have none.</summary>
public sealed class UnlimitedKv : IKvLedger
{
    /// <inheritdoc/>
    public int NumFreePages => int.MaxValue;

    /// <inheritdoc/>
    public int NumPages => int.MaxValue;

    /// <inheritdoc/>
    public int PagesToGrow(ScheduledSequence sequence, int numTokens) => 0;

    /// <inheritdoc/>
    public int PagesToGain(ScheduledSequence sequence) => 0;

    /// <inheritdoc/>
    public bool TryGrow(ScheduledSequence sequence, int numTokens) => true;

    /// <inheritdoc/>
    public void Restore(ScheduledSequence sequence)
    {
    }

    /// <inheritdoc/>
    public void Release(ScheduledSequence sequence) => sequence.NumCached = 0;

    /// <inheritdoc/>
    public bool TrySwapOut(ScheduledSequence sequence) => true;

    /// <inheritdoc/>
    public bool TrySwapIn(ScheduledSequence sequence) => true;

    /// <inheritdoc/>
    public bool TryDropPrefix() => false;
}
