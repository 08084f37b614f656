namespace Retort.Tensors;

/// <summary>
/// A block of device memory from which the tensors of one step are taken in order and given back all at once. Sized
/// once, from configured maxima (measure with a <see cref="CountingDevice"/>); a step then allocates nothing.
/// Tensors may also be recycled one by one and taken again by the next request of the same length.
/// </summary>
public sealed class Arena : IDisposable
{
    private readonly Storage storage;
    private readonly List<Tensor> recycled = new(64);
    private long usedBytes;

    /// <summary>Takes <paramref name="bytes"/> from the device.</summary>
    public Arena(Device device, long bytes) => storage = device.Allocate(bytes);

    /// <summary>The most bytes ever in use: what the arena had to be sized for.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes the arena holds.</summary>
    public long CapacityBytes => storage.Bytes;

    /// <summary>A place to return to with <see cref="Release"/>.</summary>
    public long Mark() => usedBytes;

    /// <summary>Gives back everything taken since the mark. Contents of earlier tensors stay.</summary>
    public void Release(long mark)
    {
        usedBytes = mark;
        recycled.Clear();
    }

    /// <summary>An uninitialised matrix.</summary>
    public Tensor Take(int rows, int columns)
    {
        var length = (long)rows * columns;
        for (var i = recycled.Count - 1; i >= 0; i--)
        {
            if (recycled[i].Length == length)
            {
                var tensor = recycled[i].As(rows, columns);
                recycled[i] = recycled[^1];
                recycled.RemoveAt(recycled.Count - 1);
                return tensor;
            }
        }

        return new Tensor(Bump(length), rows, columns);
    }

    /// <summary>Uninitialised integers.</summary>
    public IntTensor TakeInts(int length) => new(Bump(length), length);

    /// <summary>Offers a dead tensor's memory to the next <see cref="Take"/> of the same length.</summary>
    public void Recycle(Tensor tensor) => recycled.Add(tensor);

    /// <inheritdoc/>
    public void Dispose() => storage.Dispose();

    private nint Bump(long elements)
    {
        var bytes = (elements * sizeof(float) + Storage.Alignment - 1) / Storage.Alignment * Storage.Alignment;
        if (usedBytes + bytes > storage.Bytes)
        {
            throw new InvalidOperationException(
                $"arena of {storage.Bytes:N0} bytes is too small: {usedBytes:N0} in use, {bytes:N0} more asked for");
        }

        var address = storage.Address + (nint)usedBytes;
        usedBytes += bytes;
        PeakBytes = Math.Max(PeakBytes, usedBytes);
        return address;
    }
}
