using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Benchmarks;

/// <summary>A device and the tensors of one benchmark, given back together.</summary>
internal sealed class Bench : IDisposable
{
    private readonly Arena arena;

    public Bench(int threads, long megabytes)
    {
        Device = new CpuDevice(threads);
        arena = new Arena(Device, megabytes << 20);
    }

    public CpuDevice Device { get; }

    /// <summary>[rows, columns] of ordinary numbers: zeros and subnormals may take another time.</summary>
    public Tensor Matrix(int rows, int columns)
    {
        var tensor = arena.Take(rows, columns);
        Device.Fill(tensor, 0.25f);
        return tensor;
    }

    /// <summary>W [outputs, inputs].</summary>
    public PanelMatrix Weight(int outputs, int inputs) =>
        new(Matrix((int)(PanelMatrix.StorageLength(outputs, inputs) / PanelMatrix.PanelWidth), PanelMatrix.PanelWidth), outputs, inputs);

    public IntTensor Integers(params ReadOnlySpan<int> values)
    {
        var tensor = arena.TakeInts(values.Length);
        Device.Write(tensor, values);
        return tensor;
    }

    public void Dispose()
    {
        arena.Dispose();
        Device.Dispose();
    }
}
