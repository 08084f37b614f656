namespace Retort.Inference;

/// <summary>Which pages of the cache are free, and how many sequences share each of the others. Plain data; knows no device.</summary>
public sealed class PageAllocator
{
    private readonly int[] references, free;

    /// <summary>All <paramref name="numPages"/> pages are free.</summary>
    public PageAllocator(int numPages)
    {
        (references, free) = (new int[numPages], new int[numPages]);
        for (var page = 0; page < numPages; page++)
        {
            free[page] = numPages - 1 - page;
        }

        NumFree = numPages;
    }

    /// <summary>Pages nobody holds.</summary>
    public int NumFree { get; private set; }

    /// <summary>Takes a free page, held once.</summary>
    public int Take()
    {
        if (NumFree == 0)
        {
            throw new InvalidOperationException("no page is free");
        }

        var page = free[--NumFree];
        references[page] = 1;
        return page;
    }

    /// <summary>Holds a page once more.</summary>
    public int Share(int page)
    {
        if (references[page] == 0)
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

        if (--references[page] == 0)
        {
            free[NumFree++] = page;
        }
    }
}
