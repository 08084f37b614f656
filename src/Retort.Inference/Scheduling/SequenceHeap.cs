namespace Retort.Inference.Scheduling;

/// <summary>
/// The sequences without a place in the batch, the first of them at hand: a binary heap that knows where each lies, so
/// that any can be taken out. Every operation is O(log n) and, once it has grown, allocates nothing.
/// </summary>
internal sealed class SequenceHeap
{
    private readonly List<ScheduledSequence> items = new(64);

    public int Count => items.Count;

    /// <summary>All of them, in no particular order.</summary>
    public ReadOnlySpan<ScheduledSequence> Items => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(items);

    public ScheduledSequence First => items[0];

    public void Add(ScheduledSequence sequence)
    {
        items.Add(sequence);
        sequence.HeapIndex = items.Count - 1;
        Up(items.Count - 1);
    }

    public void Remove(ScheduledSequence sequence)
    {
        var index = sequence.HeapIndex;
        sequence.HeapIndex = -1;
        var last = items[^1];
        items.RemoveAt(items.Count - 1);
        if (last != sequence)
        {
            Put(index, last);
            Down(index);
            Up(last.HeapIndex);
        }
    }

    /// <summary>Its key has changed.</summary>
    public void Moved(ScheduledSequence sequence)
    {
        Down(sequence.HeapIndex);
        Up(sequence.HeapIndex);
    }

    private void Up(int index)
    {
        var item = items[index];
        for (; index > 0 && item.IsBefore(items[(index - 1) / 2]); index = (index - 1) / 2)
        {
            Put(index, items[(index - 1) / 2]);
        }

        Put(index, item);
    }

    private void Down(int index)
    {
        var item = items[index];
        while (true)
        {
            var child = 2 * index + 1;
            if (child + 1 < items.Count && items[child + 1].IsBefore(items[child]))
            {
                child++;
            }

            if (child >= items.Count || !items[child].IsBefore(item))
            {
                break;
            }

            Put(index, items[child]);
            index = child;
        }

        Put(index, item);
    }

    private void Put(int index, ScheduledSequence item)
    {
        items[index] = item;
        item.HeapIndex = index;
    }
}
