using Retort.Tensors;

namespace Retort.Inference.Kv;

/// <summary>
/// Finds the page that holds the keys of a run of tokens with given tokens before it. A page is known by its 16 tokens and by
/// the known page before it: a chain from the first token on. The hash only finds candidates; tokens and chain are compared, so no
/// collision, chosen or not, gives a sequence another's keys. Pages nobody holds are parked, the longest unused given up first.
/// Plain data; operations are O(1) and allocate nothing once made.
/// </summary>
public sealed class PrefixCache
{
    private const int PageTokens = KvPages.PageTokens;
    private const int None = -1;

    private readonly Dictionary<ulong, int> byHash;
    private readonly int[] tokens, parents, older, newer;
    private readonly long[] parentStamps, stamps;
    private readonly ulong[] hashes;
    private readonly bool[] isParked;
    private int oldest = None, newest = None;
    private long lastStamp;

    /// <summary>A cache over a pool of <paramref name="numPages"/> pages that knows none.</summary>
    public PrefixCache(int numPages)
    {
        byHash = new Dictionary<ulong, int>(numPages);
        (tokens, parents, older, newer) = (new int[numPages * PageTokens], new int[numPages], new int[numPages], new int[numPages]);
        (parentStamps, stamps, hashes) = (new long[numPages], new long[numPages], new ulong[numPages]);
        isParked = new bool[numPages];
    }

    /// <summary>Known pages that nobody holds.</summary>
    public int NumParked { get; private set; }

    /// <summary>The page that holds <paramref name="pageTokens"/> after what <paramref name="chain"/> ends with, as the longer chain.</summary>
    public bool TryFind(in PrefixChain chain, ReadOnlySpan<int> pageTokens, out PrefixChain longer)
    {
        longer = default;
        if (!byHash.TryGetValue(Hash(chain, pageTokens), out var page) || !Matches(page, chain, pageTokens))
        {
            return false;
        }

        longer = new PrefixChain(page, stamps[page]);
        return true;
    }

    /// <summary>
    /// Makes a full page known, or finds that one like it is known already. False: the chain's last page has been given up
    /// since, so that nothing can follow it.
    /// </summary>
    public bool TryRegister(in PrefixChain chain, int page, ReadOnlySpan<int> pageTokens, out PrefixChain longer)
    {
        longer = default;
        if (!chain.IsRoot && stamps[chain.Page] != chain.Stamp)
        {
            return false;
        }

        var hash = Hash(chain, pageTokens);
        if (byHash.TryGetValue(hash, out var known))
        {
            longer = new PrefixChain(known, stamps[known]);
            return Matches(known, chain, pageTokens);
        }

        byHash.Add(hash, page);
        pageTokens.CopyTo(tokens.AsSpan(page * PageTokens));
        (parents[page], parentStamps[page], stamps[page], hashes[page]) = (chain.IsRoot ? None : chain.Page, chain.Stamp, ++lastStamp, hash);
        longer = new PrefixChain(page, lastStamp);
        return true;
    }

    /// <summary>Keeps a page that nobody holds any more, if it is known.</summary>
    internal bool TryPark(int page)
    {
        if (stamps[page] == 0)
        {
            return false;
        }

        (isParked[page], older[page], newer[page]) = (true, newest, None);
        if (newest == None)
        {
            oldest = page;
        }
        else
        {
            newer[newest] = page;
        }

        newest = page;
        NumParked++;
        return true;
    }

    internal bool TryUnpark(int page)
    {
        if (!isParked[page])
        {
            return false;
        }

        var (before, after) = (older[page], newer[page]);
        if (before == None)
        {
            oldest = after;
        }
        else
        {
            newer[before] = after;
        }

        if (after == None)
        {
            newest = before;
        }
        else
        {
            older[after] = before;
        }

        isParked[page] = false;
        NumParked--;
        return true;
    }

    /// <summary>Gives up the page unused for longest.</summary>
    internal int TakeOldest()
    {
        var page = oldest;
        TryUnpark(page);
        byHash.Remove(hashes[page]);
        stamps[page] = 0;
        return page;
    }

    private bool Matches(int page, in PrefixChain chain, ReadOnlySpan<int> pageTokens) =>
        parents[page] == (chain.IsRoot ? None : chain.Page)
        && parentStamps[page] == chain.Stamp
        && pageTokens.SequenceEqual(tokens.AsSpan(page * PageTokens, PageTokens));

    internal static ulong Hash(in PrefixChain chain, ReadOnlySpan<int> pageTokens)
    {
        // The stamp names the whole chain before it: FNV-1a over it and the tokens.
        var hash = (0xCBF29CE484222325UL ^ (ulong)chain.Stamp) * 0x100000001B3UL;
        foreach (var token in pageTokens)
        {
            hash = (hash ^ (uint)token) * 0x100000001B3UL;
            hash ^= hash >> 29;
        }

        return hash;
    }
}

/// <summary>The last page of a run of known pages from a sequence's first token on; the default value is before the first.</summary>
/// <param name="Page">The page.</param>
/// <param name="Stamp">Which of the contents the page has had; 0: there is no page.</param>
public readonly record struct PrefixChain(int Page, long Stamp)
{
    /// <summary>Nothing comes before.</summary>
    public bool IsRoot => Stamp == 0;
}
