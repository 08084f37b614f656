using System.Runtime.InteropServices;

namespace Retort.Tensors;

/// <summary>
/// A block of native memory, zeroed and aligned to a cache line, freed by <see cref="Dispose"/>. Who allocates it, frees it;
/// <see cref="LiveBytes"/> lets a test see that nothing leaks.
/// </summary>
public sealed unsafe class Storage : IDisposable
{
    /// <summary>Bytes a cache line has; every tensor begins on one.</summary>
    public const int Alignment = 64;

    private static long liveBytes;
    private readonly bool isVirtual;
    private nint address;

    private Storage(nint address, long bytes, bool isVirtual) =>
        (this.address, Bytes, this.isVirtual) = (address, bytes, isVirtual);

    /// <summary>Bytes of native memory that all live storages of this process hold.</summary>
    public static long LiveBytes => Interlocked.Read(ref liveBytes);

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    internal nint Address => address != 0 ? address : throw new ObjectDisposedException(nameof(Storage));

    /// <summary>Allocates zeroed native memory.</summary>
    public static Storage Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        bytes = Math.Max(Alignment, (bytes + Alignment - 1) / Alignment * Alignment);
        var pointer = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        NativeMemory.Clear(pointer, (nuint)bytes);
        Interlocked.Add(ref liveBytes, bytes);
        return new Storage((nint)pointer, bytes, isVirtual: false);
    }

    /// <summary>Addresses without memory behind them, for a device that only counts.</summary>
    internal static Storage Virtual(long bytes) => new(1 << 30, bytes, isVirtual: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        var owned = Interlocked.Exchange(ref address, 0);
        if (owned != 0 && !isVirtual)
        {
            NativeMemory.AlignedFree((void*)owned);
            Interlocked.Add(ref liveBytes, -Bytes);
        }
    }
}
