using Retort.Tensors;

namespace Retort.Inference.Lengths;

/// <summary>
/// Sums of hidden states over a sequence's positions, one row beside each of its KV pages: the row of the page fed last is the sum
/// over all positions up to the last one fed. One ascending chain of additions from the sequence's first position, so its bits do
/// not depend on chunks, neighbours or interruptions, and a sequence that begins after cached pages goes on from the last one's row.
/// </summary>
public sealed class PageSums : IDisposable
{
    private const int Unknown = -1;

    private readonly Device device;
    private readonly Tensor rows;
    private readonly Storage owner;
    private readonly int[] lastPositions;

    /// <summary>Numbers in a row.</summary>
    public int HiddenSize => rows.Columns;

    /// <summary>Rows of <paramref name="hiddenSize"/> for so many pages, all unknown.</summary>
    public PageSums(Device device, int numPages, int hiddenSize)
    {
        this.device = device;
        rows = device.Allocate(numPages, hiddenSize, out owner);
        lastPositions = new int[numPages];
        Array.Fill(lastPositions, Unknown);
    }

    /// <summary>
    /// Adds the hidden states of a step, [rows, hidden], to the sums of its sequences, of each those at positions below its end. A sum that would
    /// rest on an unknown row is NaN.
    /// </summary>
    public void Add(StepLayout layout, Tensor hidden, ReadOnlySpan<int> ends)
    {
        for (var s = 0; s < layout.NumSequences; s++)
        {
            var pages = layout.Pages(s);
            var position = layout.StartPositions[s];
            for (var row = layout.RowStarts[s]; row < layout.RowStarts[s + 1] && position < ends[s]; row++, position++)
            {
                Add(pages, position, hidden.Slice(row, 1));
            }
        }
    }

    /// <summary>The mean over a prompt from the sum over its positions: one division an element.</summary>
    public static void TakeMean(Span<float> sum, int promptLength)
    {
        foreach (ref var value in sum)
        {
            value /= promptLength;
        }
    }

    /// <summary>Makes a page's row unknown: its keys were copied from a page that may have gone on since.</summary>
    public void Forget(int page) => lastPositions[page] = Unknown;

    /// <summary>
    /// Reads the sum of the positions up to the last one fed into a page, to keep while the page's keys are elsewhere; returns that position.
    /// </summary>
    public int Read(int page, Span<float> sum)
    {
        device.Read(rows.Slice(page, 1), sum);
        return lastPositions[page];
    }

    /// <summary>Puts back what <see cref="Read"/> gave, of positions 0 .. <paramref name="lastPosition"/>, perhaps beside another page.</summary>
    public void Write(int page, int lastPosition, ReadOnlySpan<float> sum)
    {
        device.Write(rows.Slice(page, 1), sum);
        lastPositions[page] = lastPosition;
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();

    private void Add(ReadOnlySpan<int> pages, int position, Tensor state)
    {
        var page = pages[position / KvPages.PageTokens];
        if (position % KvPages.PageTokens != 0 && lastPositions[page] == position)
        {
            // The last token of a shared page is fed again for its logits: it is in the sum.
            return;
        }

        var sum = rows.Slice(page, 1);
        if (position == 0)
        {
            device.Copy(state, sum);
        }
        else
        {
            var before = pages[(position - 1) / KvPages.PageTokens];
            if (lastPositions[before] == position - 1)
            {
                device.Add(rows.Slice(before, 1), state, sum);
            }
            else
            {
                device.Fill(sum, float.NaN);
            }
        }

        lastPositions[page] = position;
    }
}
