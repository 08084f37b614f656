using Retort.Tensors;

namespace Retort.Models;

/// <summary>Reads hidden states while a forward pass runs. A pass without a tap does nothing for it.</summary>
public interface IHiddenStateTap
{
    /// <summary>
    /// Called after each block, counted from 0, with the residual stream it leaves, [rows, hidden], in the order of the pass's
    /// tokens. The rows are the pass's own memory, which in generation the next block overwrites: whoever needs them
    /// later copies them here, by calls to the device.
    /// </summary>
    void AfterBlock(int layer, Tensor rows);
}
