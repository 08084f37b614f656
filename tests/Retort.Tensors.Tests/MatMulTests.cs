using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Every product, bit for bit against <see cref="MatMulReference"/>, for every register width.</summary>
public sealed unsafe class MatMulTests
{
    private const float Untouched = -77;

    public static TheoryData<int, int> WidthsAndThreads
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var width in Enum.GetValues<SimdWidth>())
            {
                foreach (var threads in new[] { 1, 2, 5 })
                {
                    data.Add((int)width, threads);
                }
            }

            return data;
        }
    }

    // Rows on both sides of every tile height, sizes on both sides of a panel and of a depth block (320, 2 x 256).
    private static readonly (int Rows, int In, int Out)[] Shapes =
    [
        (1, 1, 1), (1, 64, 192), (1, 33, 17), (1, 700, 130), (2, 16, 16), (2, 40, 66), (3, 5, 31), (3, 48, 48), (4, 64, 64),
        (5, 17, 20), (6, 321, 16), (7, 320, 33), (8, 9, 100), (9, 512, 49), (11, 330, 40), (13, 15, 70), (17, 31, 15),
        (23, 65, 65), (32, 64, 30), (37, 513, 18), (40, 100, 129), (200, 20, 24), (130, 600, 50),
    ];

    [Theory]
    [MemberData(nameof(WidthsAndThreads))]
    public void Forward_has_the_bits_of_the_definition(int width, int threads)
    {
        using var pool = new WorkerPool(threads);
        Forward<float>(pool, (SimdWidth)width, w => w);
        Forward<BFloat16>(pool, (SimdWidth)width, w => BFloat16.Round(w).Widen());
    }

    /// <summary>The definition's weights are those that <typeparamref name="TStored"/> can hold.</summary>
    private static void Forward<TStored>(WorkerPool pool, SimdWidth width, Func<float, float> stored)
        where TStored : unmanaged
    {
        foreach (var (rows, inDim, outDim) in Shapes)
        {
            var (ldx, ldy, ldr) = (inDim + 3, outDim + 5, outDim + 1);
            var x = MatMulReference.Random(1, rows * ldx);
            var w = MatMulReference.Random(2, outDim * inDim);
            var bias = MatMulReference.Random(3, outDim);
            var residual = MatMulReference.Random(4, rows * ldr);
            var panels = Pack<TStored>(w, inDim, outDim);
            w = Array.ConvertAll(w, weight => stored(weight));
            foreach (var (useBias, useResidual) in new[] { (false, false), (true, false), (false, true), (true, true) })
            {
                var expected = Filled(rows * ldy);
                MatMulReference.Forward(
                    x, ldx, rows, w, inDim, outDim, useBias ? bias : null, useResidual ? residual : null, ldr, expected, ldy);
                var y = Filled(rows * ldy);
                fixed (float* px = x, pb = bias, pr = residual, py = y)
                fixed (TStored* pw = panels)
                {
                    MatMul.Forward(
                        pool, width, px, ldx, rows, pw, inDim, outDim,
                        useBias ? pb : null, useResidual ? pr : null, ldr, py, ldy);
                }

                SameBits(expected, y, $"{typeof(TStored).Name} {rows}x({inDim},{outDim}) bias {useBias} residual {useResidual}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndThreads))]
    public void The_residual_may_be_the_result_itself(int width, int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (rows, inDim, outDim) in Shapes)
        {
            var x = MatMulReference.Random(1, rows * inDim);
            var w = MatMulReference.Random(2, outDim * inDim);
            var y = MatMulReference.Random(3, rows * outDim);
            var expected = new float[y.Length];
            MatMulReference.Forward(x, inDim, rows, w, inDim, outDim, null, y, outDim, expected, outDim);
            fixed (float* px = x, pw = Pack(w, inDim, outDim), py = y)
            {
                MatMul.Forward(
                    pool, (SimdWidth)width, px, inDim, rows, pw, inDim, outDim, null, py, outDim, py, outDim);
            }

            SameBits(expected, y, $"{rows}x({inDim},{outDim})");
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndThreads))]
    public void The_input_gradient_has_the_bits_of_the_definition(int width, int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (rows, inDim, outDim) in Shapes)
        {
            var (ldx, ldy) = (inDim + 2, outDim + 7);
            var dY = MatMulReference.Random(5, rows * ldy);
            var w = MatMulReference.Random(6, outDim * inDim);
            var panels = Pack(w, inDim, outDim);
            foreach (var accumulate in new[] { false, true })
            {
                var expected = MatMulReference.Random(7, rows * ldx);
                var dX = (float[])expected.Clone();
                MatMulReference.BackwardInput(dY, ldy, rows, w, inDim, outDim, expected, ldx, accumulate);
                fixed (float* py = dY, pw = panels, px = dX)
                {
                    MatMul.BackwardInput(
                        pool, (SimdWidth)width, py, ldy, rows, pw, inDim, outDim, px, ldx, accumulate);
                }

                SameBits(expected, dX, $"{rows}x({inDim},{outDim}) accumulate {accumulate}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndThreads))]
    public void The_weight_gradient_has_the_bits_of_the_definition(int width, int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (rows, inDim, outDim) in Shapes)
        {
            var (ldx, ldy) = (inDim + 2, outDim + 7);
            var x = MatMulReference.Random(8, rows * ldx);
            var dY = MatMulReference.Random(9, rows * ldy);
            foreach (var (starts, continueChain) in ShardSets(rows))
            {
                var start = MatMulReference.Random(10, outDim * inDim);
                var panels = Pack(start, inDim, outDim);
                var expected = (float[])start.Clone();
                MatMulReference.BackwardWeight(x, ldx, dY, ldy, starts, expected, inDim, outDim, continueChain);
                fixed (float* px = x, py = dY, pg = panels)
                {
                    MatMul.BackwardWeight(
                        pool, (SimdWidth)width, px, ldx, py, ldy, starts, pg, inDim, outDim, continueChain);
                }

                var what = $"{rows}x({inDim},{outDim}) shards {string.Join(',', starts)} continue {continueChain}";
                SameBits(expected, Unpack(panels, inDim, outDim), what);
                SameBits(Pack(expected, inDim, outDim), panels, what + ": padding");
            }
        }
    }

    [Fact]
    public void A_shard_in_pieces_has_the_gradient_of_the_whole()
    {
        const int rows = 600, inDim = 50, outDim = 40;
        using var pool = new WorkerPool(2);
        var x = MatMulReference.Random(1, rows * inDim);
        var dY = MatMulReference.Random(2, rows * outDim);
        var whole = new float[MatMulPanels.Length(inDim, outDim)];
        var pieces = new float[whole.Length];
        var (wholeBias, piecesBias) = (new float[outDim], new float[outDim]);
        fixed (float* px = x, py = dY, pa = whole, pb = pieces, ba = wholeBias, bb = piecesBias)
        {
            MatMul.BackwardWeight(pool, px, inDim, py, outDim, [0, rows], pa, inDim, outDim, false);
            MatMul.ColumnSums(pool, py, outDim, [0, rows], outDim, ba, false);
            var cuts = new[] { 0, 1, 7, 7, 300, 599, rows };
            for (var i = 0; i + 1 < cuts.Length; i++)
            {
                MatMul.BackwardWeight(pool, px, inDim, py, outDim, [cuts[i], cuts[i + 1]], pb, inDim, outDim, i > 0);
                MatMul.ColumnSums(pool, py, outDim, [cuts[i], cuts[i + 1]], outDim, bb, i > 0);
            }
        }

        SameBits(whole, pieces, "weight gradient");
        SameBits(wholeBias, piecesBias, "bias gradient");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Column_sums_have_the_bits_of_the_definition(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (rows, columns) in new[] { (1, 1), (9, 31), (40, 64), (40, 100), (300, 129), (3000, 200) })
        {
            var ldy = columns + 3;
            var dY = MatMulReference.Random(9, rows * ldy);
            foreach (var (starts, continueChain) in ShardSets(rows))
            {
                var grad = MatMulReference.Random(10, columns);
                var expected = (float[])grad.Clone();
                MatMulReference.ColumnSums(dY, ldy, starts, columns, expected, continueChain);
                fixed (float* py = dY, pg = grad)
                {
                    MatMul.ColumnSums(pool, py, ldy, starts, columns, pg, continueChain);
                }

                SameBits(expected, grad, $"{rows}x{columns} shards {string.Join(',', starts)}");
            }
        }
    }

    [Fact]
    public void Several_matrices_share_one_set_of_panels()
    {
        const int inDim = 37;
        int[] outs = [20, 9, 30];
        var panels = new float[MatMulPanels.Length(inDim, outs.Sum())];
        var first = 0;
        fixed (float* p = panels)
        {
            for (var i = 0; i < outs.Length; first += outs[i++])
            {
                fixed (float* w = MatMulReference.Random((ulong)i, outs[i] * inDim))
                {
                    MatMulPanels.Pack(w, inDim, first, outs[i], inDim, p);
                }
            }

            first = 0;
            for (var i = 0; i < outs.Length; first += outs[i++])
            {
                var back = new float[outs[i] * inDim];
                fixed (float* w = back)
                {
                    MatMulPanels.Unpack(p, first, outs[i], inDim, w, inDim);
                }

                SameBits(MatMulReference.Random((ulong)i, back.Length), back, $"matrix {i}");
            }
        }

        Assert.All(Enumerable.Range(outs.Sum() % 16, 16 - outs.Sum() % 16), lane => Assert.Equal(0, panels[^(16 - lane)]));
    }

    [Fact]
    public void Shards_are_a_power_of_two_and_ascend()
    {
        using var pool = new WorkerPool(1);
        var grad = new float[16];
        void Sums(int[] starts, bool continueChain)
        {
            fixed (float* p = grad)
            {
                MatMul.ColumnSums(pool, p, 1, starts, 1, p, continueChain);
            }
        }

        Assert.Throws<ArgumentException>(() => Sums([0, 1, 2, 3], false));
        Assert.Throws<ArgumentException>(() => Sums([0], false));
        Assert.Throws<ArgumentException>(() => Sums([0, 2, 1], false));
        Assert.Throws<ArgumentException>(() => Sums([0, 1, 2], true));
    }

    private static IEnumerable<(int[] Starts, bool Continue)> ShardSets(int rows)
    {
        yield return ([0, rows], false);
        yield return ([0, rows], true);
        yield return ([0, 0], false);
        yield return ([0, rows / 3, rows], false);
        yield return ([0, 0, rows / 2, rows, rows], false);
        yield return ([0, rows / 8, rows / 8, rows / 3, rows / 2, rows / 2, rows - 1, rows, rows], false);
    }

    private static float[] Filled(int length)
    {
        var values = new float[length];
        Array.Fill(values, Untouched);
        return values;
    }

    private static float[] Pack(float[] w, int inDim, int outDim) => Pack<float>(w, inDim, outDim);

    private static TStored[] Pack<TStored>(float[] w, int inDim, int outDim)
        where TStored : unmanaged
    {
        var panels = new TStored[MatMulPanels.Length(inDim, outDim)];
        fixed (float* pw = w)
        fixed (TStored* pp = panels)
        {
            MatMulPanels.Pack(pw, inDim, 0, outDim, inDim, pp);
        }

        return panels;
    }

    private static float[] Unpack(float[] panels, int inDim, int outDim)
    {
        var w = new float[inDim * outDim];
        fixed (float* pw = w, pp = panels)
        {
            MatMulPanels.Unpack(pp, 0, outDim, inDim, pw, inDim);
        }

        return w;
    }

    private static void SameBits(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{what}: element {i} is {actual[i]:R}, expected {expected[i]:R}");
            }
        }
    }
}
