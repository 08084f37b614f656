using Retort.Inference.Kv;
using Retort.Tensors;

namespace Retort.Inference;

/// <summary>The host's pool of pages, beside the device's, and the moves between and within them.</summary>
internal sealed class HostPages(KvPages pages, int numPages)
{
    private readonly byte[][] host = [.. Enumerable.Range(0, numPages).Select(_ => new byte[pages.PageBytes])];

    public void Move(Device device, KvTransfer transfer)
    {
        switch (transfer.Kind)
        {
            case KvTransferKind.Copy:
                pages.CopyPage(device, transfer.From, transfer.To);
                break;
            case KvTransferKind.ToHost:
                pages.ReadPage(device, transfer.From, host[transfer.To]);
                break;
            default:
                pages.WritePage(device, transfer.To, host[transfer.From]);
                break;
        }
    }
}
