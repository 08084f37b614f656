namespace Retort.Inference.Kv;

/// <summary>
/// Which pages of a pool are free, and how many sequences share each of the others. A page that a prefix cache knows is parked there when
/// its last holder lets go, and taken when no other is free. Plain data; every operation is O(1).
/// </summary>
public sealed class PageAllocator
{
    private readonly int[] references, free;
    private readonly PrefixCache? cache;
    private int numEmpty;

    /// <summary>All <paramref name="numPages"/> pages are free.</summary>
    public PageAllocator(int numPages, PrefixCache? cache = null)
    {
        (references, free, this.cache) = (new int[numPages], new int[numPages], cache);
        for (var page = 0; page < numPages; page++)
        {
            free[page] = numPages - 1 - page;
        }

        numEmpty = numPages;
    }

    /// <summary>Pages of the pool.</summary>
    public int NumPages => references.Length;

    /// <summary>Pages nobody holds.</summary>
    public int NumFree => numEmpty + (cache?.NumParked ?? 0);

    /// <summary>How many hold a page.</summary>
    public int References(int page) => references[page];

    /// <summary>Takes a free page, held once.</summary>
    public int Take()
    {
        if (NumFree == 0)
        {
            throw new InvalidOperationException("no page is free");
        }

        var page = numEmpty > 0 ? free[--numEmpty] : cache!.TakeOldest();
        references[page] = 1;
        return page;
    }

    /// <summary>Holds a page once more; a parked one is held again.</summary>
    public int Share(int page)
    {
        if (references[page] == 0 && cache?.TryUnpark(page) != true)
        {
            throw new InvalidOperationException($"page {page} is free");
        }

        references[page]++;
        return page;
    }

    /// <summary>Lets a page go; the last holder frees it.</summary>
    public void Release(int page)
    {
        if (references[page] == 0)
        {
            throw new InvalidOperationException($"page {page} is free already");
        }

        if (--references[page] == 0 && cache?.TryPark(page) != true)
        {
            free[numEmpty++] = page;
        }
    }
}
