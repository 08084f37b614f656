using BenchmarkDotNet.Attributes;
using Retort.Tensors;

namespace Retort.Benchmarks;

/// <summary>Attention over whole sequences as when training, and of one new token to cached keys as when decoding.</summary>
public class AttentionBenchmarks
{
    private const int NumHeads = 8;
    private Bench bench = null!;
    private HeadShape heads;
    private Tensor qkv, output, lse, dOut, dQkv, newQkv, newOutput;
    private IntTensor starts;
    private KvPages pages = null!;
    private StepLayout layout = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Tokens of the sequence.</summary>
    [Params(128, 512)]
    public int Tokens { get; set; }

    [Params(8, 32, 64)]
    public int HeadDim { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        bench = new Bench(Threads, megabytes: 64);
        heads = new HeadShape(NumHeads, NumHeads, HeadDim);
        (qkv, dQkv, newQkv) = (bench.Matrix(Tokens, heads.QkvWidth), bench.Matrix(Tokens, heads.QkvWidth), bench.Matrix(1, heads.QkvWidth));
        (output, dOut, newOutput) =
            (bench.Matrix(Tokens, NumHeads * HeadDim), bench.Matrix(Tokens, NumHeads * HeadDim), bench.Matrix(1, NumHeads * HeadDim));
        lse = bench.Matrix(Tokens, NumHeads);
        starts = bench.Integers(0, Tokens);
        var numPages = Tokens / KvPages.PageTokens;
        pages = new KvPages(bench.Device, numLayers: 1, numPages, heads);
        layout = new StepLayout(maxSequences: 1, numPages);
        layout.Add(Tokens - 1, numRows: 1, [.. Enumerable.Range(0, numPages)]);
        Forward();
    }

    [Benchmark]
    public void Forward() => bench.Device.Attention(qkv, starts, heads, KeysSeen, output, lse);

    [Benchmark]
    public void Backward() => bench.Device.AttentionBackward(dOut, qkv, output, lse, starts, heads, KeysSeen, dQkv);

    [Benchmark]
    public void Decode() => bench.Device.CachedAttention(newQkv, layout, pages, layer: 0, heads, newOutput);

    [GlobalCleanup]
    public void Free()
    {
        pages.Dispose();
        bench.Dispose();
    }

    private long KeysSeen => Tokens * (Tokens + 1L) / 2;
}
