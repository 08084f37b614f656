namespace Retort.Tensors;

/// <summary>
/// Joins the gradients of a batch's micro-batches by the perfect binary tree over the batch's shards (docs/numerics.md), in
/// order of arrival and with log2(micro-batches) + 1 buffers. A micro-batch is a power-of-two number of whole shards; or several
/// micro-batches make up one shard, whose chain goes on in the same buffer.
/// </summary>
public sealed class GradientTree : IDisposable
{
    private readonly Device device;
    private readonly ParameterSet parameters;
    private readonly List<(Tensor Buffer, Storage Owner)> levels = [];
    private int numPushed, numHeld;

    /// <summary>A tree whose leaves are micro-batches of <paramref name="leaves"/> (a power of two) whole leaves a batch.</summary>
    public GradientTree(Device device, ParameterSet parameters, int leaves)
    {
        if (leaves < 1 || (leaves & (leaves - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(leaves), leaves, "a power of two");
        }

        (this.device, this.parameters, Leaves) = (device, parameters, leaves);
        for (var size = 1; size <= leaves; size *= 2)
        {
            levels.Add((parameters.AllocateGradient(device, out var owner), owner));
        }
    }

    /// <summary>Leaves of the tree.</summary>
    public int Leaves { get; }

    /// <summary>Where the next leaf's gradient is to be written (or, for a part of a leaf, continued).</summary>
    public Tensor Next => levels[numHeld].Buffer;

    /// <summary>The next leaf is complete: joins it with its finished neighbours.</summary>
    public void Push()
    {
        numPushed++;
        numHeld++;
        for (var joined = numPushed; joined % 2 == 0; joined /= 2)
        {
            device.Add(levels[numHeld - 2].Buffer, levels[numHeld - 1].Buffer, levels[numHeld - 2].Buffer);
            numHeld--;
        }
    }

    /// <summary>All leaves are in: the batch's gradient, second uses joined. Begins the next batch.</summary>
    public Tensor Finish()
    {
        if (numPushed != Leaves)
        {
            throw new InvalidOperationException($"{numPushed} of {Leaves} gradients are in");
        }

        (numPushed, numHeld) = (0, 0);
        var gradient = levels[0].Buffer;
        // By index: an interface's enumerator would be allocated anew every step.
        for (var i = 0; i < parameters.Shadows.Count; i++)
        {
            var (shadow, target) = parameters.Shadows[i];
            device.Add(target.In(gradient), shadow.In(gradient), target.In(gradient));
        }

        return gradient;
    }

    /// <inheritdoc/>
    public void Dispose() => levels.ForEach(level => level.Owner.Dispose());
}
