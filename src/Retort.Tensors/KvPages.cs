using System.Runtime.InteropServices;

namespace Retort.Tensors;

/// <summary>In which format cached keys and values are kept. Arithmetic is float32 in either.</summary>
public enum KvFormat
{
    /// <summary>As they were computed.</summary>
    Float32,

    /// <summary>Rounded to <see cref="Tensors.BFloat16"/> as they are written; all readers see the rounded values.</summary>
    BFloat16,
}

/// <summary>
/// Memory for cached keys and values of all layers: pages of 16 tokens. For each layer and page, keys lie transposed,
/// [NumKvHeads][HeadDim][16], and values as rows, [NumKvHeads][16][HeadDim]. Which sequence owns which page is the
/// scheduler's business, not the device's.
/// </summary>
public sealed class KvPages : IDisposable
{
    /// <summary>Tokens in a page.</summary>
    public const int PageTokens = 16;

    private readonly Storage keys, values, ids;

    /// <summary>Allocates the pages of every layer.</summary>
    public KvPages(Device device, int numLayers, int numPages, HeadShape heads, KvFormat format = KvFormat.Float32)
    {
        (NumLayers, NumPages, Heads, Format) = (numLayers, numPages, heads, format);
        keys = device.Allocate(BytesPerPool(numLayers, numPages, heads, format));
        values = device.Allocate(BytesPerPool(numLayers, numPages, heads, format));
        ids = device.Allocate((long)numPages * PageTokens * sizeof(int));
    }

    /// <summary>Layers.</summary>
    public int NumLayers { get; }

    /// <summary>Pages of each layer.</summary>
    public int NumPages { get; }

    /// <summary>Head counts and width.</summary>
    public HeadShape Heads { get; }

    /// <summary>How keys and values are kept.</summary>
    public KvFormat Format { get; }

    /// <summary>Bytes of one page of all layers, keys and values together, and the position ids of its tokens.</summary>
    public int PageBytes => 2 * NumLayers * PoolPageBytes + IdBytes;

    private const int IdBytes = PageTokens * sizeof(int);

    /// <summary>Numbers in one layer's keys of a page (and as many in its values).</summary>
    internal int PageElements => PageTokens * Heads.NumKvHeads * Heads.HeadDim;

    private int PoolPageBytes => PageElements * ElementBytes(Format);

    /// <summary>Bytes of keys, values and position ids together.</summary>
    public static long Bytes(int numLayers, int numPages, HeadShape heads, KvFormat format = KvFormat.Float32) =>
        2 * BytesPerPool(numLayers, numPages, heads, format) + (long)numPages * IdBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
        ids.Dispose();
    }

    /// <summary>Copies page <paramref name="source"/> of every layer over page <paramref name="destination"/>.</summary>
    public void CopyPage(Device device, int source, int destination)
    {
        for (var layer = 0; layer < NumLayers; layer++)
        {
            device.Copy(Page(keys, layer, source), Page(keys, layer, destination));
            device.Copy(Page(values, layer, source), Page(values, layer, destination));
        }

        device.Copy(IdsOf(source), IdsOf(destination));
    }

    /// <summary>Copies the bytes of page <paramref name="page"/> of every layer to the host, <see cref="PageBytes"/> of them.</summary>
    public void ReadPage(Device device, int page, Span<byte> destination)
    {
        CheckPage(page, destination.Length);
        for (var layer = 0; layer < NumLayers; layer++)
        {
            device.Read(Page(keys, layer, page), Part(destination, 2 * layer));
            device.Read(Page(values, layer, page), Part(destination, 2 * layer + 1));
        }

        device.Read(IdsOf(page), MemoryMarshal.Cast<byte, float>(destination[^IdBytes..]));
    }

    /// <summary>Puts back what <see cref="ReadPage"/> copied, to the same page or another.</summary>
    public void WritePage(Device device, int page, ReadOnlySpan<byte> source)
    {
        CheckPage(page, source.Length);
        for (var layer = 0; layer < NumLayers; layer++)
        {
            device.Write(Page(keys, layer, page), Part(source, 2 * layer));
            device.Write(Page(values, layer, page), Part(source, 2 * layer + 1));
        }

        device.Write(IdsOf(page), MemoryMarshal.Cast<byte, float>(source[^IdBytes..]));
    }

    /// <summary>First token's position id of the first page, [NumPages][16].</summary>
    internal nint Ids => IdsOf(0).Address;

    internal static int ElementBytes(KvFormat format) => format == KvFormat.BFloat16 ? 2 : sizeof(float);

    /// <summary>First key of a layer: float or <see cref="BFloat16"/>, as <see cref="Format"/> says.</summary>
    internal nint Keys(int layer) => Page(keys, layer, 0).Address;

    /// <summary>First value of a layer.</summary>
    internal nint Values(int layer) => Page(values, layer, 0).Address;

    private static long BytesPerPool(int numLayers, int numPages, HeadShape heads, KvFormat format) =>
        (long)numLayers * numPages * PageTokens * heads.NumKvHeads * heads.HeadDim * ElementBytes(format);

    /// <summary>A page's bytes, seen as floats: 16 tokens of either format fill whole ones, and copies change no bit.</summary>
    private Tensor Page(Storage pool, int layer, int page) =>
        Device.View(pool, ((long)layer * NumPages + page) * PoolPageBytes, 1, PoolPageBytes / sizeof(float));

    /// <summary>A page's position ids, seen as floats: copies change no bit.</summary>
    private Tensor IdsOf(int page) => Device.View(ids, (long)page * IdBytes, 1, PageTokens);

    private Span<float> Part(Span<byte> bytes, int part) =>
        MemoryMarshal.Cast<byte, float>(bytes.Slice(part * PoolPageBytes, PoolPageBytes));

    private ReadOnlySpan<float> Part(ReadOnlySpan<byte> bytes, int part) =>
        MemoryMarshal.Cast<byte, float>(bytes.Slice(part * PoolPageBytes, PoolPageBytes));

    private void CheckPage(int page, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)page, (uint)NumPages, nameof(page));
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes, PageBytes);
    }
}
