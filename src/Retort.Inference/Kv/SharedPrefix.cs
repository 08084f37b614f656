namespace Retort.Inference.Kv;

/// <summary>
/// The keys of a prompt that several samples share: held while samples remain that have not begun. All of its tokens but the
/// last, which each sample feeds itself to get its logits.
/// </summary>
public sealed class SharedPrefix
{
    private readonly List<int> pages = [];

    /// <summary>Tokens whose keys are held; 0: none.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Their pages, the last one perhaps partly filled.</summary>
    public ReadOnlySpan<int> Pages => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pages);

    /// <summary>Holds the pages of the first <paramref name="numTokens"/> tokens once more.</summary>
    internal void Hold(ReadOnlySpan<int> held, int numTokens, PageAllocator allocator)
    {
        NumTokens = numTokens;
        foreach (var page in held[..PageCount.For(numTokens)])
        {
            pages.Add(allocator.Share(page));
        }
    }

    internal void LetGo(PageAllocator allocator)
    {
        pages.ForEach(allocator.Release);
        pages.Clear();
        NumTokens = 0;
    }
}
