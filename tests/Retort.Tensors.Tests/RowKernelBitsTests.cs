using Retort.Core;
using Retort.Tensors.Cpu;
using Scalar = Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

/// <summary>Every row kernel against its scalar reference, bit for bit, at odd sizes, strides and row ranges.</summary>
public sealed unsafe class RowKernelBitsTests
{
    private const int Rows = 5, First = 1, Last = 4;

    public static readonly TheoryData<int> Widths = [1, 3, 8, 12, 15, 16, 17, 31, 48, 64, 100, 172];

    [Theory, MemberData(nameof(Widths))]
    public void RmsNorm_gives_the_references_bits(int n)
    {
        var ld = n + 3;
        using var x = Floats.Normal(Rows * ld, "x", 2f);
        using var dy = Floats.Normal(Rows * ld, "dy");
        using var gain = Floats.Normal(n, "gain");
        foreach (var withGain in new[] { true, false })
        {
            var g = withGain ? gain.Pointer : null;
            using var rstd = new Floats(Rows);
            Same(Rows * ld, y => RmsNorm.Forward(x.Pointer, ld, y, ld, g, rstd.Pointer, n, 1e-5f, First, Last),
                y => Scalar.RmsNorm.Forward(x.Pointer, ld, y, ld, g, rstd.Pointer, n, 1e-5f, First, Last));
            foreach (var accumulate in new[] { true, false })
            {
                Same(Rows * ld,
                    dx => RmsNorm.Backward(dy.Pointer, ld, x.Pointer, ld, g, rstd.Pointer, dx, ld, n, accumulate, First, Last),
                    dx => Scalar.RmsNorm.Backward(dy.Pointer, ld, x.Pointer, ld, g, rstd.Pointer, dx, ld, n, accumulate, First, Last));
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void LayerNorm_gives_the_references_bits(int n)
    {
        var ld = n + 1;
        using var x = Floats.Normal(Rows * ld, "x", 2f);
        using var dy = Floats.Normal(Rows * ld, "dy");
        using var gain = Floats.Normal(n, "gain");
        using var bias = Floats.Normal(n, "bias");
        using var mean = new Floats(Rows);
        using var rstd = new Floats(Rows);
        for (var mask = 0; mask < 4; mask++)
        {
            var g = (mask & 1) != 0 ? gain.Pointer : null;
            var b = (mask & 2) != 0 ? bias.Pointer : null;
            Same(Rows * ld,
                y => LayerNorm.Forward(x.Pointer, ld, y, ld, g, b, mean.Pointer, rstd.Pointer, n, 1e-5f, First, Last),
                y => Scalar.LayerNorm.Forward(x.Pointer, ld, y, ld, g, b, mean.Pointer, rstd.Pointer, n, 1e-5f, First, Last));
            var accumulate = (mask & 2) != 0;
            Same(Rows * ld,
                dx => LayerNorm.Backward(
                    dy.Pointer, ld, x.Pointer, ld, g, mean.Pointer, rstd.Pointer, dx, ld, n, accumulate, First, Last),
                dx => Scalar.LayerNorm.Backward(
                    dy.Pointer, ld, x.Pointer, ld, g, mean.Pointer, rstd.Pointer, dx, ld, n, accumulate, First, Last));
        }
    }

    [Fact]
    public void The_references_lane_sums_leave_padding_out()
    {
        // Sums of tiny products of opposite signs reach -0, which a careless +0 of padding would turn to +0.
        using var dy = Floats.Of(-1e-30f, 1e-30f, -1e-30f);
        using var x = Floats.Of(1e-30f, 1e-30f, 1e-30f);
        using var rstd = Floats.Of(1f);
        Same(3, dx => RmsNorm.Backward(dy.Pointer, 3, x.Pointer, 3, null, rstd.Pointer, dx, 3, 3, false, 0, 1),
            dx => Scalar.RmsNorm.Backward(dy.Pointer, 3, x.Pointer, 3, null, rstd.Pointer, dx, 3, 3, false, 0, 1));
    }

    [Theory]
    [InlineData(4, 2, 8)]
    [InlineData(3, 1, 12)]
    [InlineData(2, 2, 64)]
    public void HeadNorm_gives_the_references_bits_and_copies_values(int numHeads, int numKvHeads, int headDim)
    {
        var heads = new HeadShape(numHeads, numKvHeads, headDim);
        var width = heads.QkvWidth;
        using var x = Floats.Normal(Rows * width, "x");
        using var dy = Floats.Normal(Rows * width, "dy");
        using var gainQ = Floats.Normal(headDim, "q");
        using var gainK = Floats.Normal(headDim, "k");
        using var rstd = new Floats(Rows * (numHeads + numKvHeads));
        Same(Rows * width,
            y => HeadNorm.Forward(x.Pointer, width, y, width, gainQ.Pointer, gainK.Pointer, rstd.Pointer, heads, 1e-6f, First, Last),
            y => Scalar.HeadNorm.Forward(x.Pointer, width, y, width, gainQ.Pointer, gainK.Pointer, rstd.Pointer, heads, 1e-6f, First, Last));
        Same(Rows * width,
            dx => HeadNorm.Backward(
                dy.Pointer, width, x.Pointer, width, gainQ.Pointer, gainK.Pointer, rstd.Pointer, dx, width, heads, First, Last),
            dx => Scalar.HeadNorm.Backward(
                dy.Pointer, width, x.Pointer, width, gainQ.Pointer, gainK.Pointer, rstd.Pointer, dx, width, heads, First, Last));
    }

    [Theory, MemberData(nameof(Widths))]
    public void SwiGlu_gives_the_references_bits(int hidden)
    {
        using var gateUp = Floats.Normal(Rows * 2 * hidden, "gateUp", 4f);
        using var dy = Floats.Normal(Rows * hidden, "dy");
        Same(Rows * hidden, y => ActivationSwiGlu.Forward(gateUp.Pointer, 2 * hidden, y, hidden, hidden, First, Last),
            y => Scalar.ActivationSwiGlu.Forward(gateUp.Pointer, 2 * hidden, y, hidden, hidden, First, Last));
        Same(Rows * 2 * hidden,
            d => ActivationSwiGlu.Backward(dy.Pointer, hidden, gateUp.Pointer, 2 * hidden, d, 2 * hidden, hidden, First, Last),
            d => Scalar.ActivationSwiGlu.Backward(dy.Pointer, hidden, gateUp.Pointer, 2 * hidden, d, 2 * hidden, hidden, First, Last));
        using var inPlace = gateUp.Copy();
        using var apart = gateUp.Copy();
        ActivationSwiGlu.Backward(dy.Pointer, hidden, inPlace.Pointer, 2 * hidden, inPlace.Pointer, 2 * hidden, hidden, 0, Rows);
        ActivationSwiGlu.Backward(dy.Pointer, hidden, gateUp.Pointer, 2 * hidden, apart.Pointer, 2 * hidden, hidden, 0, Rows);
        Floats.AssertSameBits(apart, inPlace, "in place");
    }

    [Theory, MemberData(nameof(Widths))]
    public void Gelu_and_relu_give_the_references_bits(int n)
    {
        using var x = Floats.Normal(n, "x", 3f);
        using var dy = Floats.Normal(n, "dy");
        Same(n, y => ActivationPointwise.GeluForward(x.Pointer, y, 1, n), y => Scalar.ActivationPointwise.GeluForward(x.Pointer, y, 1, n));
        Same(n, y => ActivationPointwise.GeluBackward(dy.Pointer, x.Pointer, y, 0, n),
            y => Scalar.ActivationPointwise.GeluBackward(dy.Pointer, x.Pointer, y, 0, n));
        Same(n, y => ActivationPointwise.ReluForward(x.Pointer, y, 1, n), y => Scalar.ActivationPointwise.ReluForward(x.Pointer, y, 1, n));
        Same(n, y => ActivationPointwise.ReluBackward(dy.Pointer, x.Pointer, y, 0, n),
            y => Scalar.ActivationPointwise.ReluBackward(dy.Pointer, x.Pointer, y, 0, n));
    }

    [Theory]
    [InlineData(2), InlineData(6), InlineData(8), InlineData(12), InlineData(16), InlineData(24), InlineData(58), InlineData(64)]
    public void Rope_gives_the_references_bits_and_its_inverse_turns_back(int headDim)
    {
        const int Heads = 3, Start = 5, Positions = 40;
        var ld = Start + Heads * headDim + 2;
        using var cos = new Floats(Positions * headDim / 2);
        using var sin = new Floats(Positions * headDim / 2);
        FillRopeTables(cos, sin, Positions, 10000);
        using var x = Floats.Normal(Rows * ld, "x");
        var positions = stackalloc int[] { 39, 0, 7, 8, 21 };
        foreach (var inverse in new[] { false, true })
        {
            using var fast = x.Copy();
            using var slow = x.Copy();
            Rope.Rotate(fast.Pointer, ld, Start, Heads, headDim, positions, cos.Pointer, sin.Pointer, inverse, First, Last);
            Scalar.Rope.Rotate(slow.Pointer, ld, Start, Heads, headDim, positions, cos.Pointer, sin.Pointer, inverse, First, Last);
            Floats.AssertSameBits(slow, fast);
            Rope.Rotate(fast.Pointer, ld, Start, Heads, headDim, positions, cos.Pointer, sin.Pointer, !inverse, First, Last);
            for (var i = 0; i < x.Length; i++)
            {
                Assert.Equal(x.Pointer[i], fast.Pointer[i], 1e-5f);
            }
        }
    }

    private static void FillRopeTables(Floats cos, Floats sin, int positions, double rotaryBase)
    {
        using var device = new CpuDevice(1);
        var pairs = (int)cos.Length / positions;
        new RopeTables(new Tensor((nint)cos.Pointer, positions, pairs), new Tensor((nint)sin.Pointer, positions, pairs)).Fill(
            device, [.. Enumerable.Range(0, pairs).Select(i => ExactMath.Pow(rotaryBase, -2.0 * i / (2 * pairs)))]);
    }

    [Fact]
    public void Rope_tables_are_the_angles_cosines_and_sines()
    {
        using var cos = new Floats(100 * 4);
        using var sin = new Floats(100 * 4);
        FillRopeTables(cos, sin, 100, 500000);
        for (var p = 0; p < 100; p++)
        {
            for (var i = 0; i < 4; i++)
            {
                var angle = p * Math.Pow(500000, -2.0 * i / 8);
                Assert.Equal(Math.Cos(angle), cos.Pointer[p * 4 + i], 1e-7);
                Assert.Equal(Math.Sin(angle), sin.Pointer[p * 4 + i], 1e-7);
            }
        }
    }

    [Theory]
    [InlineData(1), InlineData(15), InlineData(16), InlineData(100), InlineData(9000)]
    public void AdamW_and_block_sums_give_the_references_bits(int n)
    {
        using var gradient = Floats.Normal(n, "g");
        using var p = Floats.Normal(n, "p");
        using var m = Floats.Normal(n, "m", 0.1f);
        using var v = Floats.Normal(n, "v", 0.1f);
        Elementwise.Multiply(v.Pointer, v.Pointer, v.Pointer, 0, n);
        using var p2 = p.Copy();
        using var m2 = m.Copy();
        using var v2 = v.Copy();
        var step = new AdamWStep(1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.271f, 0.142625f, 0.5f);
        AdamW.Step(p.Pointer, gradient.Pointer, m.Pointer, v.Pointer, step, 0, n);
        Scalar.AdamW.Step(p2.Pointer, gradient.Pointer, m2.Pointer, v2.Pointer, step, 0, n);
        Floats.AssertSameBits(p2, p, "parameter");
        Floats.AssertSameBits(m2, m, "m");
        Floats.AssertSameBits(v2, v, "v");

        var blocks = SumSquares.BlockCount(n);
        var fast = stackalloc double[blocks];
        var slow = stackalloc double[blocks];
        SumSquares.Blocks(gradient.Pointer, n, fast, 0, blocks);
        Scalar.SumSquares.Blocks(gradient.Pointer, n, slow, 0, blocks);
        Assert.Equal(SumSquares.Total(slow, blocks), SumSquares.Total(fast, blocks));
        SumSquares.SumBlocks(gradient.Pointer, n, fast, 0, blocks);
        Scalar.SumSquares.SumBlocks(gradient.Pointer, n, slow, 0, blocks);
        Assert.Equal(SumSquares.Total(slow, blocks), SumSquares.Total(fast, blocks));
    }

    [Fact]
    public void AdamW_is_the_papers_update()
    {
        using var p = Floats.Of(0.5f);
        using var g = Floats.Of(0.2f);
        using var m = Floats.Of(0.01f);
        using var v = Floats.Of(0.004f);
        var step = new AdamWStep(1e-2f, 0.9f, 0.99f, 1e-8f, 0.1f, (float)(1 - Math.Pow(0.9, 3)), (float)(1 - Math.Pow(0.99, 3)), 0.5f);
        AdamW.Step(p.Pointer, g.Pointer, m.Pointer, v.Pointer, step, 0, 1);
        var (em, ev) = (0.9 * 0.01 + 0.1 * 0.1, 0.99 * 0.004 + 0.01 * 0.01);
        var expected = 0.5 - 1e-2 * 0.1 * 0.5 - 1e-2 * (em / (1 - Math.Pow(0.9, 3))) / (Math.Sqrt(ev / (1 - Math.Pow(0.99, 3))) + 1e-8);
        Assert.Equal(expected, p.Pointer[0], 1e-6);
        Assert.Equal(em, m.Pointer[0], 1e-7);
        Assert.Equal(ev, v.Pointer[0], 1e-7);
    }

    [Theory, MemberData(nameof(Widths))]
    public void Glue_does_what_it_says(int n)
    {
        using var a = Floats.Normal(n, "a");
        using var b = Floats.Normal(n, "b");
        using var y = new Floats(n);
        Elementwise.Add(a.Pointer, b.Pointer, y.Pointer, 1, n);
        Check(i => i == 0 ? 0f : a.Span[i] + b.Span[i]);
        Elementwise.Multiply(a.Pointer, b.Pointer, y.Pointer, 0, n);
        Check(i => a.Span[i] * b.Span[i]);
        Elementwise.Scale(a.Pointer, 3f, y.Pointer, 0, n);
        Check(i => a.Span[i] * 3f);
        Elementwise.AddScaled(b.Pointer, 0.3f, y.Pointer, 0, n);
        Check(i => MathF.FusedMultiplyAdd(b.Span[i], 0.3f, a.Span[i] * 3f));
        Elementwise.Fill(y.Pointer, 2f, 0, n);
        Elementwise.Copy(a.Pointer, y.Pointer, 1, n);
        Check(i => i == 0 ? 2f : a.Span[i]);

        void Check(Func<int, float> expected)
        {
            for (var i = 0; i < n; i++)
            {
                Assert.Equal(expected(i), y.Span[i]);
            }
        }
    }

    internal delegate void Kernel(float* result);

    /// <summary>Runs both on results that hold equal garbage (accumulation and untouched rows are seen) and compares bits.</summary>
    internal static void Same(int length, Kernel fast, Kernel slow)
    {
        using var expected = Floats.Normal(length, "garbage");
        using var actual = expected.Copy();
        slow(expected.Pointer);
        fast(actual.Pointer);
        Floats.AssertSameBits(expected, actual);
    }
}
