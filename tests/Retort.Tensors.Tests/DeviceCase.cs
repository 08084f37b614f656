using Retort.Core;
using Retort.Tensors.Cpu;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

/// <summary>
/// One test body over every backend: a body computes on whatever device it is given and shows tensors; all devices must
/// show the reference's bits.
/// </summary>
internal sealed class DeviceCase(Device device) : IDisposable
{
    private readonly List<Storage> owned = [];
    private readonly List<(string Name, float[] Values)> shown = [];
    private ulong count;

    public Device Device { get; } = device;

    /// <summary>Runs the body on the reference and on the CPU with 1, 2 and 5 threads, and compares all that is shown.</summary>
    public static void SameBits(Action<DeviceCase> body)
    {
        var expected = Run(new ReferenceDevice(), body);
        Assert.NotEmpty(expected);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            foreach (var ((name, reference), (_, values)) in expected.Zip(Run(new CpuDevice(threads), body)))
            {
                for (var i = 0; i < reference.Length; i++)
                {
                    if (BitConverter.SingleToInt32Bits(reference[i]) != BitConverter.SingleToInt32Bits(values[i]))
                    {
                        Assert.Fail($"{name}, {threads} threads, element {i}: {reference[i]:R} expected, {values[i]:R} found");
                    }
                }
            }
        }
    }

    /// <summary>Normal values, the same on every device.</summary>
    public Tensor Normal(int rows, int columns, float scale = 1)
    {
        var random = CounterRandom.For(5, "device case", count++);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * (float)random.NextGaussian();
        }

        var tensor = Empty(rows, columns);
        Device.Write(tensor, values);
        return tensor;
    }

    /// <summary>Memory that holds a sentinel, so that what an operation fails to write shows.</summary>
    public Tensor Empty(int rows, int columns)
    {
        var tensor = Device.Allocate(rows, columns, out var owner);
        owned.Add(owner);
        Device.Fill(tensor, 77);
        return tensor;
    }

    public IntTensor Ints(params int[] values)
    {
        var owner = Device.Allocate(values.Length * sizeof(int));
        owned.Add(owner);
        var tensor = new IntTensor(owner.Address, values.Length);
        Device.Write(tensor, values);
        return tensor;
    }

    /// <summary>Values in 0 .. bound-1.</summary>
    public IntTensor RandomInts(int length, int bound)
    {
        var random = CounterRandom.For(6, "device case ints", count++);
        return Ints([.. Enumerable.Range(0, length).Select(_ => random.NextInt32(bound))]);
    }

    /// <summary>Zeroed panels with normal weights.</summary>
    public PanelMatrix Weights(int outDim, int inDim, WeightFormat format = WeightFormat.Float32)
    {
        var matrix = NoWeights(outDim, inDim, format);
        var values = new float[outDim * inDim];
        Device.Read(Normal(outDim, inDim), values);
        Device.WritePanels(values, matrix, 0);
        return matrix;
    }

    public PanelMatrix NoWeights(int outDim, int inDim, WeightFormat format = WeightFormat.Float32)
    {
        var width = PanelMatrix.RowFloats(format);
        var panels = Empty((int)(PanelMatrix.StorageLength(outDim, inDim, format) / width), width);
        Device.Fill(panels, 0);
        return new PanelMatrix(panels, outDim, inDim, format);
    }

    public void Show(string name, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            var values = new float[tensor.Length];
            Device.Read(tensor, values);
            shown.Add((name, values));
        }
    }

    public void Show(string name, double value) =>
        shown.Add((name, [BitConverter.Int32BitsToSingle((int)(BitConverter.DoubleToInt64Bits(value) >> 32)),
            BitConverter.Int32BitsToSingle((int)BitConverter.DoubleToInt64Bits(value))]));

    public void Dispose()
    {
        owned.ForEach(storage => storage.Dispose());
        Device.Dispose();
    }

    private static List<(string Name, float[] Values)> Run(Device device, Action<DeviceCase> body)
    {
        using var run = new DeviceCase(device);
        body(run);
        return run.shown;
    }
}
