namespace Retort.Inference;

/// <summary>
/// A submitted request and how far its samples are. The first sample prefills the prompt; the others share all of it but the last
/// token, which each feeds itself to get its logits.
/// </summary>
internal sealed class PromptState(int index, GenerationRequest request, int maxLength)
{
    private readonly List<int> heldPages = [];

    public int Index { get; } = index;

    public GenerationRequest Request { get; } = request;

    public int[] Tokens => Request.Prompt;

    /// <summary>Prompt and completion together never exceed this.</summary>
    public int MaxLength { get; } = maxLength;

    /// <summary>Tokens that samples share.</summary>
    public int PrefixLength => Tokens.Length - 1;

    /// <summary>The sample that begins next.</summary>
    public int NextSample { get; set; }

    /// <summary>The first sample has cached the prefix, so the others can begin.</summary>
    public bool IsPrefixCached { get; set; }

    /// <summary>Pages of the prefix, the last one perhaps partly filled.</summary>
    public ReadOnlySpan<int> PrefixPages => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(heldPages);

    /// <summary>Keeps the prefix's pages although the first sample may end before the last begins.</summary>
    public void Hold(ReadOnlySpan<int> pages, PageAllocator allocator)
    {
        foreach (var page in pages[..Slot.PagesFor(PrefixLength)])
        {
            heldPages.Add(allocator.Share(page));
        }
    }

    public void LetGo(PageAllocator allocator)
    {
        heldPages.ForEach(allocator.Release);
        heldPages.Clear();
    }
}
