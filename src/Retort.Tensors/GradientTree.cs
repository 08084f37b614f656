namespace Retort.Tensors;

/// <summary>
/// Joins the gradients of a batch's micro-batches by the perfect binary tree over the batch's shards (docs/numerics.md). A
/// micro-batch is a power-of-two number of whole shards; or several micro-batches make up one shard, whose chain goes on in the same
/// buffer. Leaves that come one after another need log2(leaves) + 1 buffers, leaves that come side by side one each.
/// </summary>
public sealed class GradientTree : IDisposable
{
    private readonly Device device;
    private readonly ParameterSet parameters;
    private readonly List<(Tensor Buffer, Storage Owner)> buffers = [];
    private int numPushed, numHeld;

    /// <summary>A tree of <paramref name="leaves"/> (a power of two) micro-batches a batch.</summary>
    /// <param name="device">Where the gradients are joined.</param>
    /// <param name="parameters">What they are of.</param>
    /// <param name="leaves">Leaves of a batch.</param>
    /// <param name="sideBySide">Leaves are written in any order (<see cref="Leaf"/>), not one by one (<see cref="Push"/>).</param>
    public GradientTree(Device device, ParameterSet parameters, int leaves, bool sideBySide = false)
    {
        if (leaves < 1 || (leaves & (leaves - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(leaves), leaves, "a power of two");
        }

        (this.device, this.parameters, Leaves) = (device, parameters, leaves);
        for (var i = NumBuffers(leaves, sideBySide); i > 0; i--)
        {
            buffers.Add((parameters.AllocateGradient(device, out var owner), owner));
        }
    }

    /// <summary>Leaves of the tree.</summary>
    public int Leaves { get; }

    /// <summary>Where the next leaf's gradient is to be written (or, for a part of a leaf, continued).</summary>
    public Tensor Next => buffers[numHeld].Buffer;

    /// <summary>Buffers, each of a whole gradient, that a tree holds.</summary>
    public static int NumBuffers(int leaves, bool sideBySide) => sideBySide ? leaves : 1 + int.Log2(leaves);

    /// <summary>Where leaf <paramref name="leaf"/> is to be written when leaves come side by side.</summary>
    public Tensor Leaf(int leaf) => buffers[leaf].Buffer;

    /// <summary>The next leaf is complete: joins it with its finished neighbours.</summary>
    public void Push()
    {
        numPushed++;
        numHeld++;
        for (var joined = numPushed; joined % 2 == 0; joined /= 2)
        {
            Join(numHeld - 2, numHeld - 1);
            numHeld--;
        }
    }

    /// <summary>All leaves are written side by side: joins them.</summary>
    public void JoinLeaves()
    {
        for (var distance = 1; distance < Leaves; distance *= 2)
        {
            for (var left = 0; left + distance < Leaves; left += 2 * distance)
            {
                Join(left, left + distance);
            }
        }

        numPushed = Leaves;
    }

    /// <summary>All leaves are in: the batch's gradient, second uses joined and derived tables' passed back. Begins the next batch.</summary>
    public Tensor Finish()
    {
        if (numPushed != Leaves)
        {
            throw new InvalidOperationException($"{numPushed} of {Leaves} gradients are in");
        }

        (numPushed, numHeld) = (0, 0);
        var gradient = buffers[0].Buffer;
        // By index: an interface's enumerator would be allocated anew every step.
        for (var i = 0; i < parameters.Shadows.Count; i++)
        {
            var (shadow, target) = parameters.Shadows[i];
            device.Add(target.In(gradient), shadow.In(gradient), target.In(gradient));
        }

        for (var i = 0; i < parameters.Derived.Count; i++)
        {
            parameters.Derived[i].PassBack(gradient);
        }

        return gradient;
    }

    /// <inheritdoc/>
    public void Dispose() => buffers.ForEach(buffer => buffer.Owner.Dispose());

    private void Join(int left, int right) => device.Add(buffers[left].Buffer, buffers[right].Buffer, buffers[left].Buffer);
}
