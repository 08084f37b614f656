using Retort.Core;
using Retort.Tensors.Cpu;
using Scalar = Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

/// <summary>Sums over tokens: shards and their tree, continued chains, splits over threads, both table layouts.</summary>
public sealed unsafe class TokenSumTests
{
    private const int Rows = 37;

    // One, two, four and eight shards of 37 rows; some empty.
    public static readonly TheoryData<int[]> Shards =
    [
        new[] { 0, 37 }, new[] { 0, 20, 37 }, new[] { 0, 9, 9, 30, 37 }, new[] { 0, 1, 5, 11, 11, 20, 31, 36, 37 },
    ];

    [Theory, MemberData(nameof(Shards))]
    public void Gain_and_bias_gradients_give_the_references_bits(int[] starts)
    {
        foreach (var n in new[] { 1, 12, 16, 40, 64, 100, 172 })
        {
            using var dy = Floats.Normal(Rows * n, "dy");
            using var x = Floats.Normal(Rows * n, "x");
            using var mean = Floats.Normal(Rows, "mean");
            using var rstd = Floats.Normal(Rows, "rstd");
            fixed (int* s = starts)
            {
                var shards = s;
                var count = starts.Length - 1;
                foreach (var goOn in count == 1 ? new[] { false, true } : [false])
                {
                    // Split over two threads' column ranges, which must not matter.
                    var cut = Math.Min(n, n / 32 * 16);
                    RowKernelBitsTests.Same(n, d =>
                    {
                        NormGradients.RmsGain(dy.Pointer, n, x.Pointer, n, rstd.Pointer, 1, 1, n, d, shards, count, goOn, 0, cut);
                        NormGradients.RmsGain(dy.Pointer, n, x.Pointer, n, rstd.Pointer, 1, 1, n, d, shards, count, goOn, cut, n);
                    }, d => Scalar.NormGradients.RmsGain(
                        dy.Pointer, n, x.Pointer, n, rstd.Pointer, 1, 1, n, d, shards, count, goOn, 0, n));
                    RowKernelBitsTests.Same(n,
                        d => NormGradients.LayerGain(
                            dy.Pointer, n, x.Pointer, n, mean.Pointer, rstd.Pointer, d, shards, count, goOn, 0, n),
                        d => Scalar.NormGradients.LayerGain(
                            dy.Pointer, n, x.Pointer, n, mean.Pointer, rstd.Pointer, d, shards, count, goOn, 0, n));
                    RowKernelBitsTests.Same(n, d => NormGradients.Bias(dy.Pointer, n, d, shards, count, goOn, 0, n),
                        d => Scalar.NormGradients.Bias(dy.Pointer, n, d, shards, count, goOn, 0, n));
                }
            }
        }
    }

    [Theory, MemberData(nameof(Shards))]
    public void Gain_gradients_of_heads_give_the_references_bits(int[] starts)
    {
        foreach (var (heads, dim) in new[] { (3, 8), (2, 16), (2, 72) })
        {
            var ld = heads * dim + 5;
            using var dy = Floats.Normal(Rows * ld, "dy");
            using var x = Floats.Normal(Rows * ld, "x");
            using var rstd = Floats.Normal(Rows * (heads + 2), "rstd");
            fixed (int* s = starts)
            {
                var shards = s;
                var count = starts.Length - 1;
                RowKernelBitsTests.Same(dim,
                    d => NormGradients.RmsGain(
                        dy.Pointer, ld, x.Pointer, ld, rstd.Pointer, heads + 2, heads, dim, d, shards, count, false, 0, dim),
                    d => Scalar.NormGradients.RmsGain(
                        dy.Pointer, ld, x.Pointer, ld, rstd.Pointer, heads + 2, heads, dim, d, shards, count, false, 0, dim));
            }
        }
    }

    [Fact]
    public void A_shard_in_two_micro_batches_has_the_bits_of_one()
    {
        const int N = 70;
        using var dy = Floats.Normal(Rows * N, "dy");
        var whole = stackalloc int[] { 0, Rows };
        var first = stackalloc int[] { 0, 14 };
        var second = stackalloc int[] { 14, Rows };
        using var expected = new Floats(N);
        using var actual = new Floats(N);
        NormGradients.Bias(dy.Pointer, N, expected.Pointer, whole, 1, false, 0, N);
        NormGradients.Bias(dy.Pointer, N, actual.Pointer, first, 1, false, 0, N);
        NormGradients.Bias(dy.Pointer, N, actual.Pointer, second, 1, true, 0, N);
        Floats.AssertSameBits(expected, actual);
    }

    [Theory, MemberData(nameof(Shards))]
    public void Embedding_gradients_give_the_references_bits_in_both_layouts(int[] starts)
    {
        const int Vocabulary = 21, PaddedVocabulary = 32;
        var random = CounterRandom.For(3, "ids");
        var ids = stackalloc int[Rows];
        for (var t = 0; t < Rows; t++)
        {
            // A frequent token, rare ones and some that never come.
            ids[t] = random.NextInt32(3) == 0 ? 4 : random.NextInt32(Vocabulary - 2);
        }

        var runs = stackalloc int[Vocabulary + 1];
        var order = stackalloc int[Rows];
        EmbeddingGradient.SortById(ids, Rows, Vocabulary, runs, order);
        foreach (var width in new[] { 1, 16, 40, 64, 100 })
        {
            using var dy = Floats.Normal(Rows * width, "dy");
            fixed (int* s = starts)
            {
                var shards = s;
                var count = starts.Length - 1;
                foreach (var goOn in count == 1 ? new[] { false, true } : [false])
                {
                    RowKernelBitsTests.Same(Vocabulary * width, d =>
                    {
                        EmbeddingGradient.Scatter(dy.Pointer, width, width, runs, order, shards, count, goOn, d, 0, 7);
                        EmbeddingGradient.Scatter(dy.Pointer, width, width, runs, order, shards, count, goOn, d, 7, Vocabulary);
                    }, d => Scalar.Embedding.Scatter(
                        dy.Pointer, width, width, ids, shards, count, goOn, false, d, 0, Vocabulary));
                    RowKernelBitsTests.Same(PaddedVocabulary * width, d =>
                    {
                        EmbeddingGradient.ScatterToPanels(dy.Pointer, width, width, runs, order, shards, count, goOn, d, 0, 16);
                        EmbeddingGradient.ScatterToPanels(
                            dy.Pointer, width, width, runs, order, shards, count, goOn, d, 16, Vocabulary);
                    }, d => Scalar.Embedding.Scatter(
                        dy.Pointer, width, width, ids, shards, count, goOn, true, d, 0, Vocabulary));
                }
            }
        }
    }

    [Fact]
    public void Gathers_give_the_tables_rows_from_both_layouts()
    {
        const int Vocabulary = 32, Width = 19;
        using var table = Floats.Normal(Vocabulary * Width, "table");
        using var panels = new Floats(Vocabulary * Width);
        for (var v = 0; v < Vocabulary; v++)
        {
            for (var i = 0; i < Width; i++)
            {
                panels.Pointer[(v / 16 * Width + i) * 16 + v % 16] = table.Pointer[v * Width + i];
            }
        }

        var ids = stackalloc int[] { 31, 0, 16, 15, 31 };
        RowKernelBitsTests.Same(5 * Width, y => Embedding.Gather(table.Pointer, Width, ids, y, Width, 1, 5),
            y => Scalar.Embedding.Gather(table.Pointer, Width, ids, y, Width, 1, 5));
        RowKernelBitsTests.Same(5 * Width, y => Embedding.GatherFromPanels(panels.Pointer, Width, ids, y, Width, 1, 5),
            y => Scalar.Embedding.Gather(table.Pointer, Width, ids, y, Width, 1, 5));
        RowKernelBitsTests.Same(5 * Width, y => Embedding.AddRows(table.Pointer, Width, ids, y, Width, 1, 5),
            y => Scalar.Embedding.AddRows(table.Pointer, Width, ids, y, Width, 1, 5));
    }

    [Fact]
    public void Shards_that_are_no_power_of_two_are_refused()
    {
        using var dy = new Floats(48);
        using var d = new Floats(16);
        var starts = stackalloc int[] { 0, 1, 2, 3 };
        var message = "";
        try
        {
            NormGradients.Bias(dy.Pointer, 16, d.Pointer, starts, 3, false, 0, 16);
        }
        catch (ArgumentException fault)
        {
            message = fault.Message;
        }

        Assert.Contains("power of two", message);
    }
}
