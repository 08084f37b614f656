using Retort.Inference.Scheduling;
using Retort.Tensors;

namespace Retort.Inference.Kv;

/// <summary>What is to be done to a page before the step's rows run, in the order of the list.</summary>
public enum KvTransferKind
{
    /// <summary>From one page of the device's pool to another.</summary>
    Copy,

    /// <summary>From the device's pool to the host's.</summary>
    ToHost,

    /// <summary>From the host's pool to the device's.</summary>
    FromHost,
}

/// <summary>A page to be moved.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="From">The page read.</param>
/// <param name="To">The page written.</param>
public readonly record struct KvTransfer(KvTransferKind Kind, int From, int To);

/// <summary>
/// Pages of 16 tokens with reference counts, a host's pool for preempted sequences and, if wanted, a cache of prefixes. Knows who
/// holds which page; the bytes are moved by whoever reads <see cref="Transfers"/>.
/// </summary>
public sealed class PagedKv : IKvLedger
{
    private readonly PageAllocator allocator, host;
    private readonly List<KvTransfer> transfers = [];
    private readonly List<SharedPrefix> prefixes = [];

    /// <summary>All pages free.</summary>
    public PagedKv(int numPages, int numHostPages = 0, bool cachesPrefixes = false)
    {
        Cache = cachesPrefixes ? new PrefixCache(numPages) : null;
        (allocator, host) = (new PageAllocator(numPages, Cache), new PageAllocator(numHostPages));
    }

    /// <summary>The cache of prefixes, if there is one.</summary>
    public PrefixCache? Cache { get; }

    /// <summary>Moves to make before the step runs.</summary>
    public ReadOnlySpan<KvTransfer> Transfers => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(transfers);

    /// <inheritdoc/>
    public int NumFreePages => allocator.NumFree;

    /// <inheritdoc/>
    public int NumPages => allocator.NumPages;

    /// <summary>How many hold a page.</summary>
    public int References(int page) => allocator.References(page);

    /// <summary>Free pages of the host's pool.</summary>
    public int NumFreeHostPages => host.NumFree;

    /// <inheritdoc/>
    public int PagesToGrow(ScheduledSequence sequence, int numTokens) => Math.Max(0, PageCount.For(numTokens) - sequence.NumPages);

    /// <inheritdoc/>
    public int PagesToGain(ScheduledSequence sequence)
    {
        var count = 0;
        foreach (var page in sequence.Phase == SequencePhase.Swapped ? [] : sequence.Pages)
        {
            count += allocator.References(page) == 1 ? 1 : 0;
        }

        return count;
    }

    /// <inheritdoc/>
    public bool TryGrow(ScheduledSequence sequence, int numTokens)
    {
        var needed = PagesToGrow(sequence, numTokens);
        if (needed > allocator.NumFree)
        {
            return false;
        }

        for (; needed > 0; needed--)
        {
            sequence.AddPage(allocator.Take());
        }

        return true;
    }

    /// <inheritdoc/>
    public void Restore(ScheduledSequence sequence)
    {
        // The last token known is always fed: its logits are wanted.
        if (sequence.Prefix is { NumTokens: > 0 } prefix)
        {
            Share(sequence, prefix);
        }
        else if (Cache is not null && sequence.SharesKeys)
        {
            var tokens = sequence.KnownTokens[..^1];
            var chain = default(PrefixChain);
            while (tokens.Length >= KvPages.PageTokens && Cache.TryFind(chain, tokens[..KvPages.PageTokens], out var longer))
            {
                sequence.AddPage(allocator.Share(longer.Page));
                chain = longer;
                tokens = tokens[KvPages.PageTokens..];
            }

            sequence.NumCached = sequence.NumPages * KvPages.PageTokens;
            (sequence.Chain, sequence.NumRegisteredPages) = (chain, sequence.NumPages);
        }
    }

    /// <inheritdoc/>
    public void Release(ScheduledSequence sequence)
    {
        // From the end, so that of a parked chain the first pages, which more can share, are given up last.
        for (var i = sequence.NumPages - 1; i >= 0; i--)
        {
            (sequence.Phase == SequencePhase.Swapped ? host : allocator).Release(sequence.Pages[i]);
        }

        sequence.ClearPages();
        (sequence.NumCached, sequence.NumRegisteredPages, sequence.Chain) = (0, 0, default);
    }

    /// <inheritdoc/>
    public bool TrySwapOut(ScheduledSequence sequence)
    {
        if (sequence.NumPages > host.NumFree)
        {
            return false;
        }

        for (var i = 0; i < sequence.NumPages; i++)
        {
            var page = sequence.Pages[i];
            sequence.SetPage(i, host.Take());
            transfers.Add(new KvTransfer(KvTransferKind.ToHost, page, sequence.Pages[i]));
            allocator.Release(page);
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TrySwapIn(ScheduledSequence sequence)
    {
        if (sequence.NumPages > allocator.NumFree)
        {
            return false;
        }

        for (var i = 0; i < sequence.NumPages; i++)
        {
            var page = sequence.Pages[i];
            sequence.SetPage(i, allocator.Take());
            transfers.Add(new KvTransfer(KvTransferKind.FromHost, page, sequence.Pages[i]));
            host.Release(page);
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryDropPrefix()
    {
        if (prefixes.Count == 0)
        {
            return false;
        }

        LetGo(prefixes[^1]);
        return true;
    }

    /// <summary>Holds the first <paramref name="numTokens"/> tokens of a sequence for its siblings.</summary>
    public void Hold(SharedPrefix prefix, ScheduledSequence sequence, int numTokens)
    {
        prefix.Hold(sequence.Pages, numTokens, allocator);
        prefixes.Add(prefix);
    }

    /// <summary>No more siblings will begin.</summary>
    public void LetGo(SharedPrefix prefix)
    {
        prefix.LetGo(allocator);
        prefixes.Remove(prefix);
    }

    /// <summary>Tells the cache of the pages that a step has filled.</summary>
    public void Register(ScheduledSequence sequence)
    {
        for (var full = sequence.NumCached / KvPages.PageTokens; Cache is not null && sequence.SharesKeys && sequence.NumRegisteredPages < full;)
        {
            var page = sequence.NumRegisteredPages++;
            var tokens = sequence.KnownTokens.Slice(page * KvPages.PageTokens, KvPages.PageTokens);
            if (!Cache.TryRegister(sequence.Chain, sequence.Pages[page], tokens, out var longer))
            {
                // Its chain is broken: no page after this one could be found.
                sequence.NumRegisteredPages = int.MaxValue;
                return;
            }

            sequence.Chain = longer;
        }
    }

    /// <summary>The moves have been made.</summary>
    public void ClearTransfers() => transfers.Clear();

    /// <summary>Shares the full pages and copies the one that the sequence will write into.</summary>
    private void Share(ScheduledSequence sequence, SharedPrefix prefix)
    {
        var (full, rest) = Math.DivRem(prefix.NumTokens, KvPages.PageTokens);
        foreach (var page in prefix.Pages[..full])
        {
            sequence.AddPage(allocator.Share(page));
        }

        sequence.NumCached = full * KvPages.PageTokens;
        if (rest > 0 && allocator.NumFree > 0)
        {
            var page = allocator.Take();
            transfers.Add(new KvTransfer(KvTransferKind.Copy, prefix.Pages[full], page));
            sequence.AddPage(page);
            sequence.NumCached = prefix.NumTokens;
        }
    }
}
