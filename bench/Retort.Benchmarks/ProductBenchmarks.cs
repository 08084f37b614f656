using BenchmarkDotNet.Attributes;
using Retort.Tensors;

namespace Retort.Benchmarks;

/// <summary>The three products of a linear layer: one row and a few as when decoding, many as when training.</summary>
public class ProductBenchmarks
{
    private Bench bench = null!;
    private Tensor x, y;
    private PanelMatrix weight, gradient;
    private GradientShards shards;

    [Params(1, 2)]
    public int Threads { get; set; }

    [Params("1 x 256 x 768", "32 x 256 x 768", "2048 x 256 x 768", "2048 x 512 x 2816")]
    public string RowsInputsOutputs { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        var sizes = Array.ConvertAll(RowsInputsOutputs.Split(" x "), int.Parse);
        var (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2]);
        bench = new Bench(Threads, megabytes: 64);
        (x, y) = (bench.Matrix(rows, inputs), bench.Matrix(rows, outputs));
        (weight, gradient) = (bench.Weight(outputs, inputs), bench.Weight(outputs, inputs));
        shards = new GradientShards(bench.Integers(0, rows), ContinueChain: false);
    }

    [Benchmark]
    public void Forward() => bench.Device.Linear(x, weight, default, default, y);

    [Benchmark]
    public void InputGradient() => bench.Device.LinearBackwardInput(y, weight, x, accumulate: false);

    [Benchmark]
    public void WeightGradient() => bench.Device.LinearBackwardWeight(x, y, shards, gradient, default);

    [GlobalCleanup]
    public void Free() => bench.Dispose();
}
