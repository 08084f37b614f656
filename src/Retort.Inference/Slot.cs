using Retort.Core;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>A place in the batch and the sample that holds it.</summary>
internal sealed class Slot
{
    private readonly int[] pages;
    private int numPages;

    /// <summary>Room for a sequence of the engine's longest length.</summary>
    public Slot(int maxLength)
    {
        pages = new int[PagesFor(maxLength)];
        Tokens = new int[maxLength];
        Logprobs = new float[maxLength];
    }

    /// <summary>What is being completed; null: the slot is free.</summary>
    public PromptState? Prompt { get; private set; }

    /// <summary>Which of the prompt's samples.</summary>
    public int Sample { get; private set; }

    /// <summary>Tokens whose keys are cached (or will be, once the step in hand has run).</summary>
    public int NumCached { get; set; }

    /// <summary>Drawn tokens, <see cref="NumNew"/> of them.</summary>
    public int[] Tokens { get; }

    /// <summary>Their log-probabilities.</summary>
    public float[] Logprobs { get; }

    /// <summary>Tokens drawn so far.</summary>
    public int NumNew { get; set; }

    /// <summary>This sample's own stream of random numbers.</summary>
    public CounterRandom Random;

    /// <summary>Pages in order of position.</summary>
    public ReadOnlySpan<int> Pages => pages.AsSpan(0, numPages);

    /// <summary>Tokens known but not cached: the rest of the prompt, or the token drawn last.</summary>
    public int NumPending => Prompt!.Tokens.Length + NumNew - NumCached;

    /// <summary>The known token at a position.</summary>
    public int TokenAt(int position) => position < Prompt!.Tokens.Length
        ? Prompt.Tokens[position]
        : Tokens[position - Prompt.Tokens.Length];

    /// <summary>Begins a sample, holding <paramref name="sharedPages"/> once more and fresh pages for the rest.</summary>
    public void Begin(PromptState prompt, int sample, PageAllocator allocator, ReadOnlySpan<int> sharedPages)
    {
        (Prompt, Sample, NumCached, NumNew, numPages) = (prompt, sample, 0, 0, 0);
        foreach (var page in sharedPages)
        {
            pages[numPages++] = allocator.Share(page);
        }

        for (var needed = PagesFor(prompt.MaxLength); numPages < needed;)
        {
            pages[numPages++] = allocator.Take();
        }
    }

    /// <summary>Frees the slot and lets its pages go.</summary>
    public void End(PageAllocator allocator)
    {
        foreach (var page in Pages)
        {
            allocator.Release(page);
        }

        (Prompt, numPages) = (null, 0);
    }

    public static int PagesFor(int tokens) => (tokens + KvPages.PageTokens - 1) / KvPages.PageTokens;
}
