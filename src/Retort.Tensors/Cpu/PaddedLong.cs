using System.Runtime.InteropServices;

namespace Retort.Tensors.Cpu;

/// <summary>A counter alone on its cache lines, so that spinning readers of one do not slow writers of another.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedLong
{
    [FieldOffset(128)]
    public long Value;
}
