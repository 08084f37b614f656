namespace Retort.Tensors;

/// <summary>
/// Memory for cached keys and values of all layers: pages of 16 tokens. For each layer and page, keys lie transposed,
/// [NumKvHeads][HeadDim][16], and values as rows, [NumKvHeads][16][HeadDim]. Which sequence owns which page is the
/// scheduler's business, not the device's.
/// </summary>
public sealed class KvPages : IDisposable
{
    /// <summary>Tokens in a page.</summary>
    public const int PageTokens = 16;

    private readonly Storage keys, values;

    /// <summary>Allocates the pages of every layer.</summary>
    public KvPages(Device device, int numLayers, int numPages, HeadShape heads)
    {
        (NumLayers, NumPages, Heads) = (numLayers, numPages, heads);
        keys = device.Allocate(BytesPerPool(numLayers, numPages, heads));
        values = device.Allocate(BytesPerPool(numLayers, numPages, heads));
    }

    /// <summary>Layers.</summary>
    public int NumLayers { get; }

    /// <summary>Pages of each layer.</summary>
    public int NumPages { get; }

    /// <summary>Head counts and width.</summary>
    public HeadShape Heads { get; }

    /// <summary>Floats in one page's keys (and as many in its values).</summary>
    public int PageFloats => PageTokens * Heads.NumKvHeads * Heads.HeadDim;

    /// <summary>Bytes of keys and values together.</summary>
    public static long Bytes(int numLayers, int numPages, HeadShape heads) => 2 * BytesPerPool(numLayers, numPages, heads);

    /// <inheritdoc/>
    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }

    /// <summary>Copies page <paramref name="source"/> of every layer over page <paramref name="destination"/>.</summary>
    public void CopyPage(Device device, int source, int destination)
    {
        for (var layer = 0; layer < NumLayers; layer++)
        {
            device.Copy(Page(keys, layer, source), Page(keys, layer, destination));
            device.Copy(Page(values, layer, source), Page(values, layer, destination));
        }
    }

    internal unsafe float* Keys(int layer) => Page(keys, layer, 0).Data;

    internal unsafe float* Values(int layer) => Page(values, layer, 0).Data;

    private static long BytesPerPool(int numLayers, int numPages, HeadShape heads) =>
        (long)numLayers * numPages * PageTokens * heads.NumKvHeads * heads.HeadDim * sizeof(float);

    private Tensor Page(Storage pool, int layer, int page) =>
        Device.View(pool, ((long)layer * NumPages + page) * PageFloats * sizeof(float), 1, PageFloats);
}
