namespace Retort.Tensors;

/// <summary>
/// A table computed from parameters and read in their stead, once for all passes between two changes of the weights: biases of attention
/// that a small network gives, say. Each use of it has a place of its own in a gradient, summed over tokens as a parameter's would be; when the
/// whole batch is done the uses are added and passed back to the parameters, so that micro-batching changes no bit.
/// </summary>
public sealed class DerivedTable : IDisposable
{
    private readonly Device device;
    private readonly ParameterSet parameters;
    private readonly Func<Tape, Variable> compute;
    private readonly long arenaBytes;
    private readonly Storage storage, shardStorage;
    private readonly IntTensor wholeShard;
    private Tape? forward, backward;
    private long version = -1;

    /// <summary>A table [rows, columns] of zeros until <see cref="Refresh"/>.</summary>
    /// <param name="device">Where it is.</param>
    /// <param name="parameters">What it is computed from, allocated.</param>
    /// <param name="name">Unique name, for its places in a gradient.</param>
    /// <param name="shape">Rows and columns.</param>
    /// <param name="numUses">How many operations read it.</param>
    /// <param name="arenaBytes">Memory that <paramref name="compute"/> takes, its gradients included.</param>
    /// <param name="rowsOfGradient">Rows over which the operations that compute it sum their parameters' gradients.</param>
    /// <param name="compute">Computes it.</param>
    public DerivedTable(
        Device device, ParameterSet parameters, string name, (int Rows, int Columns) shape, int numUses, long arenaBytes, int rowsOfGradient,
        Func<Tape, Variable> compute)
    {
        (this.device, this.parameters, this.compute, this.arenaBytes) = (device, parameters, compute, arenaBytes);
        Values = device.Allocate(shape.Rows, shape.Columns, out storage);
        wholeShard = device.AllocateInts(2, out shardStorage);
        device.Write(wholeShard, [0, rowsOfGradient]);
        Uses = [.. Enumerable.Range(0, numUses).Select(use => parameters.GradientPlace($"{name} (use {use})", shape.Rows, shape.Columns))];
        parameters.Add(this);
    }

    /// <summary>The table as of the last <see cref="Refresh"/>.</summary>
    public Tensor Values { get; }

    /// <summary>Where each use's gradient goes.</summary>
    public IReadOnlyList<Parameter> Uses { get; }

    /// <summary>Bytes of the table and of what computing it takes.</summary>
    public long Bytes => sizeof(float) * Values.Length + 2 * arenaBytes;

    /// <summary>Computes the table again if parameters have changed.</summary>
    public void Refresh()
    {
        if (version == parameters.Version)
        {
            return;
        }

        forward ??= new Tape(device, parameters, arenaBytes, isRecording: false);
        forward.Reset();
        device.Copy(compute(forward).Value, Values);
        version = parameters.Version;
    }

    /// <summary>All uses' gradients of a batch are in <paramref name="gradient"/>: writes those of the parameters there.</summary>
    public void PassBack(Tensor gradient)
    {
        backward ??= new Tape(device, parameters, arenaBytes, isRecording: true);
        backward.Reset();
        var table = compute(backward);
        var sum = backward.Take(Values.Rows, Values.Columns);
        device.Copy(Uses[0].In(gradient), sum);
        for (var use = 1; use < Uses.Count; use++)
        {
            device.Add(sum, Uses[use].In(gradient), sum);
        }

        table.Gradient = sum;
        backward.Backward(gradient, new GradientShards(wholeShard, false));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        storage.Dispose();
        shardStorage.Dispose();
        forward?.Dispose();
        backward?.Dispose();
    }
}
