using Retort.Inference.Kv;
using Retort.Inference.Lengths;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>The host's pool of pages, beside the device's, and the moves between and within them; sums kept beside pages move too.</summary>
internal sealed class HostPages(KvPages pages, int numPages, PageSums? sums)
{
    private readonly byte[][] host = [.. Enumerable.Range(0, numPages).Select(_ => new byte[pages.PageBytes])];
    private readonly float[][] hostSums = [.. Enumerable.Range(0, numPages).Select(_ => new float[sums?.HiddenSize ?? 0])];
    private readonly int[] lastPositions = new int[numPages];

    public void Move(Device device, KvTransfer transfer)
    {
        var (from, to) = (transfer.From, transfer.To);
        switch (transfer.Kind)
        {
            case KvTransferKind.Copy:
                pages.CopyPage(device, from, to);
                sums?.Forget(to);
                break;
            case KvTransferKind.ToHost:
                pages.ReadPage(device, from, host[to]);
                lastPositions[to] = sums?.Read(from, hostSums[to]) ?? 0;
                break;
            default:
                pages.WritePage(device, to, host[from]);
                sums?.Write(to, lastPositions[from], hostSums[from]);
                break;
        }
    }
}
