using System.Runtime.InteropServices;

namespace Retort.Tensors.Cpu;

/// <summary>A block of native memory that grows when a larger shape first appears and is then reused.</summary>
internal sealed unsafe class NativeScratch : IDisposable
{
    /// <summary>The memory, 64-byte aligned; contents are undefined.</summary>
    public float* Floats { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Makes sure of at least <paramref name="count"/> floats. What was there is lost if the block grows.</summary>
    public void Reserve(long count)
    {
        var bytes = count * sizeof(float);
        if (bytes > Bytes)
        {
            Dispose();
            bytes = (bytes + 4095) & ~4095L;
            Floats = (float*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            Bytes = bytes;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Floats);
        Floats = null;
        Bytes = 0;
    }
}
