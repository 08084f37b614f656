using Retort.Tensors.Cpu;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

/// <summary>Every path of the training kernels gives the scalar reference's bits, however the work is cut.</summary>
public sealed unsafe class AttentionKernelTests
{
    public static TheoryData<int, int, int, int> Shapes => AttentionShapes.Many;

    [Theory, MemberData(nameof(Shapes))]
    public void Forward_and_backward_give_the_reference_bits_on_every_vector_width(
        int heads, int kvHeads, int headDim, int tokens)
    {
        var shape = new HeadShape(heads, kvHeads, headDim);
        CheckAgainstReference(shape, tokens, null);
        foreach (var isByPair in new[] { false, true })
        {
            using var bias = new RandomBias(shape, tokens, isByPair);
            CheckAgainstReference(shape, tokens, bias);
        }
    }

    [Theory]
    [InlineData(2, 1, 32, 150, 1)]
    [InlineData(2, 1, 32, 150, 17)]
    [InlineData(3, 3, 64, 130, 50)]
    [InlineData(1, 1, 12, 100, 48)]
    public void Cutting_a_sequence_into_ranges_of_rows_changes_no_bit(
        int heads, int kvHeads, int headDim, int tokens, int step)
    {
        var shape = new HeadShape(heads, kvHeads, headDim);
        using var bias = new RandomBias(shape, tokens);
        using var whole = Sample.Of(shape, tokens);
        using var cut = Sample.Of(shape, tokens);
        whole.Bias = cut.Bias = bias.ScoreBias;
        whole.Forward<AttentionLanes256>(0, tokens);
        whole.Backward<AttentionLanes256>();
        using var scratch = new NativeFloats(cut.ScratchFloats, float.NaN);
        for (var kvHead = 0; kvHead < kvHeads; kvHead++)
        {
            for (var row = tokens - 1 - ((tokens - 1) % step); row >= 0; row -= step)
            {
                AttentionForward.Run<AttentionLanes256>(
                    shape, cut.Qkv.Data, cut.Output.Data, cut.Lse.Data, cut.Bias, kvHead, row, Math.Min(tokens, row + step),
                    scratch.Data);
            }
        }

        AttentionShapes.AssertSameBits(whole.Output.Span, cut.Output.Span, "output");
        AttentionShapes.AssertSameBits(whole.Lse.Span, cut.Lse.Span, "lse");
        foreach (var gradients in new[] { AttentionGradients.Queries, AttentionGradients.KeysAndValues })
        {
            for (var kvHead = 0; kvHead < kvHeads; kvHead++)
            {
                for (var row = tokens - 1 - ((tokens - 1) % step); row >= 0; row -= step)
                {
                    AttentionBackward.Run<AttentionLanes256>(
                        shape, cut.Qkv.Data, cut.Output.Data, cut.DOutput.Data, cut.Lse.Data, cut.DQkv.Data, cut.Bias, tokens,
                        kvHead, gradients, row, Math.Min(tokens, row + step), scratch.Data);
                }
            }
        }

        AttentionShapes.AssertSameBits(whole.DQkv.Span, cut.DQkv.Span, "dQkv");
    }

    [Fact]
    public void A_sequence_in_a_ragged_batch_has_the_bits_it_has_alone()
    {
        var shape = new HeadShape(4, 2, 16);
        int[] starts = [0, 1, 38, 102, 167];
        using var batch = Sample.Of(shape, starts[^1]);
        for (var sequence = 0; sequence + 1 < starts.Length; sequence++)
        {
            int start = starts[sequence], tokens = starts[sequence + 1] - start;
            using var alone = new Sample(shape, tokens);
            batch.Qkv.Span.Slice(start * shape.QkvWidth, tokens * shape.QkvWidth).CopyTo(alone.Qkv.Span);
            alone.Forward<AttentionLanes256>(0, tokens);
            for (var kvHead = 0; kvHead < shape.NumKvHeads; kvHead++)
            {
                AttentionForward.Run(
                    shape, batch.Qkv.Data + start * shape.QkvWidth, batch.Output.Data + start * shape.OutputWidth,
                    batch.Lse.Data + start * shape.NumHeads, default, kvHead, 0, tokens, batch.Scratch.Data);
            }

            AttentionShapes.AssertSameBits(
                alone.Output.Span, batch.Output.Span.Slice(start * shape.OutputWidth, tokens * shape.OutputWidth), "output");
        }
    }

    [Fact]
    public void Later_tokens_change_nothing_before_them()
    {
        var shape = new HeadShape(2, 1, 32);
        using var before = Sample.Of(shape, 100);
        using var after = Sample.Of(shape, 100);
        after.Qkv.Span[(70 * shape.QkvWidth)..].Fill(1e4f);
        before.Forward<AttentionLanes256>(0, 100);
        after.Forward<AttentionLanes256>(0, 100);
        var kept = 70 * shape.OutputWidth;
        AttentionShapes.AssertSameBits(before.Output.Span[..kept], after.Output.Span[..kept], "output");
    }

    [Theory]
    [InlineData(4, 2, 8, 21)]
    [InlineData(2, 1, 32, 70)]
    [InlineData(3, 3, 12, 50)]
    public void Gradients_agree_with_central_differences_in_double(int heads, int kvHeads, int headDim, int tokens)
    {
        var shape = new HeadShape(heads, kvHeads, headDim);
        using var sample = Sample.Of(shape, tokens);
        sample.Forward<AttentionLanes256>(0, tokens);
        sample.Backward<AttentionLanes256>();
        var qkv = Array.ConvertAll(sample.Qkv.Span.ToArray(), x => (double)x);
        var weights = sample.DOutput.Span.ToArray();
        var random = Core.CounterRandom.For(1, "differences");
        for (var check = 0; check < 60; check++)
        {
            var at = (int)(random.NextUInt32() % (uint)qkv.Length);
            const double step = 1e-5;
            var kept = qkv[at];
            qkv[at] = kept + step;
            var up = AttentionInDouble.Loss(shape, qkv, weights, tokens);
            qkv[at] = kept - step;
            var down = AttentionInDouble.Loss(shape, qkv, weights, tokens);
            qkv[at] = kept;
            Assert.Equal((up - down) / (2 * step), sample.DQkv.Span[at], 1e-4);
        }
    }

    [Fact]
    public void Huge_scores_and_vanishing_weights_stay_finite()
    {
        var shape = new HeadShape(1, 1, 16);
        using var sample = Sample.Of(shape, 90, spread: 30f);
        sample.Forward<AttentionLanes256>(0, 90);
        sample.Backward<AttentionLanes256>();
        Assert.All(sample.Output.Span.ToArray(), x => Assert.True(float.IsFinite(x)));
        Assert.All(sample.DQkv.Span.ToArray(), x => Assert.True(float.IsFinite(x)));
    }

    private static void CheckAgainstReference(HeadShape shape, int tokens, RandomBias? bias)
    {
        using var expected = Sample.Of(shape, tokens);
        var added = bias?.Bias ?? default;
        var ids = bias is null ? null : bias.Ids;
        AttentionReference.Forward(shape, expected.Qkv.Data, expected.Output.Data, expected.Lse.Data, tokens, added, ids);
        AttentionReference.Backward(
            shape, expected.Qkv.Data, expected.Output.Data, expected.DOutput.Data, expected.Lse.Data, expected.DQkv.Data,
            tokens, added, ids);

        Check<AttentionLanesPortable>(shape, tokens, bias, expected);
        Check<AttentionLanes256>(shape, tokens, bias, expected);
        Check<AttentionLanes512>(shape, tokens, bias, expected);
        if (bias is not null)
        {
            using var chain = new NativeFloats((int)added.Table.Length, 0);
            AttentionReference.AddToBias(
                shape, expected.Qkv.Data, expected.Output.Data, expected.DOutput.Data, expected.Lse.Data, chain.Data, tokens, added, ids);
            CheckBias<AttentionLanesPortable>(expected, added, chain);
            CheckBias<AttentionLanes256>(expected, added, chain);
            CheckBias<AttentionLanes512>(expected, added, chain);
        }

        void CheckBias<TLanes>(Sample sample, AttentionBias added, NativeFloats expectedGradient)
            where TLanes : struct, IAttentionLanes
        {
            using var gradient = new NativeFloats((int)added.Table.Length, float.NaN);
            using var scratch = new NativeFloats(AttentionBiasGradient.ScratchFloats(shape, tokens, added.Table.Rows, 1), float.NaN);
            using var starts = new NativeFloats(2, 0);
            ((int*)starts.Data)[1] = tokens;
            var whole = new IntTensor((nint)starts.Data, 2);
            for (var head = 0; head < shape.NumHeads; head++)
            {
                AttentionBiasGradient.Run<TLanes>(
                    shape, sample.Qkv.Data, sample.Output.Data, sample.DOutput.Data, sample.Lse.Data, added, whole, head,
                    new GradientShards(whole, false), new Tensor((nint)gradient.Data, added.Table.Rows, added.Table.Columns), tokens, scratch.Data);
            }

            AttentionShapes.AssertSameBits(expectedGradient.Span, gradient.Span, typeof(TLanes).Name + " dTable");
        }
    }

    private static void Check<TLanes>(HeadShape shape, int tokens, RandomBias? bias, Sample expected)
        where TLanes : struct, IAttentionLanes
    {
        using var actual = Sample.Of(shape, tokens);
        actual.Bias = bias?.ScoreBias ?? default;
        actual.Forward<TLanes>(0, tokens);
        AttentionShapes.AssertSameBits(expected.Output.Span, actual.Output.Span, typeof(TLanes).Name + " output");
        AttentionShapes.AssertSameBits(expected.Lse.Span, actual.Lse.Span, typeof(TLanes).Name + " lse");
        actual.Backward<TLanes>();
        AttentionShapes.AssertSameBits(expected.DQkv.Span, actual.DQkv.Span, typeof(TLanes).Name + " dQkv");
    }

    private sealed class Sample(HeadShape shape, int tokens) : IDisposable
    {
        public NativeFloats Qkv { get; private init; } = new(tokens * shape.QkvWidth);

        public NativeFloats DOutput { get; private init; } = new(tokens * shape.OutputWidth);

        public NativeFloats Output { get; } = new(tokens * shape.OutputWidth, float.NaN);

        public NativeFloats Lse { get; } = new(tokens * shape.NumHeads, float.NaN);

        public NativeFloats DQkv { get; } = new(tokens * shape.QkvWidth, float.NaN);

        public NativeFloats Scratch { get; } = new(Floats(shape, tokens), float.NaN);

        public long ScratchFloats => Floats(shape, tokens);

        public ScoreBias Bias { get; set; }

        public static Sample Of(HeadShape shape, int tokens, float spread = 1f) => new(shape, tokens)
        {
            Qkv = NativeFloats.Random(tokens * shape.QkvWidth, "qkv", spread),
            DOutput = NativeFloats.Random(tokens * shape.OutputWidth, "dOutput"),
        };

        public void Forward<TLanes>(int rowBegin, int rowEnd)
            where TLanes : struct, IAttentionLanes
        {
            for (var kvHead = 0; kvHead < shape.NumKvHeads; kvHead++)
            {
                AttentionForward.Run<TLanes>(
                    shape, Qkv.Data, Output.Data, Lse.Data, Bias, kvHead, rowBegin, rowEnd, Scratch.Data);
            }
        }

        public void Backward<TLanes>()
            where TLanes : struct, IAttentionLanes
        {
            for (var kvHead = 0; kvHead < shape.NumKvHeads; kvHead++)
            {
                AttentionBackward.Run<TLanes>(
                    shape, Qkv.Data, Output.Data, DOutput.Data, Lse.Data, DQkv.Data, Bias, tokens, kvHead,
                    AttentionGradients.Queries | AttentionGradients.KeysAndValues, 0, tokens, Scratch.Data);
            }
        }

        public void Dispose()
        {
            Qkv.Dispose();
            DOutput.Dispose();
            Output.Dispose();
            Lse.Dispose();
            DQkv.Dispose();
            Scratch.Dispose();
        }

        private static long Floats(HeadShape shape, int tokens) => Math.Max(
            AttentionForward.ScratchFloats(shape, tokens), AttentionBackward.ScratchFloats(shape, tokens));
    }
}

/// <summary>Attention as the textbook writes it, in double: the judge of gradients.</summary>
internal static class AttentionInDouble
{
    /// <summary>Sum of weights * output.</summary>
    public static double Loss(HeadShape shape, double[] qkv, float[] weights, int tokens)
    {
        var loss = 0.0;
        for (var row = 0; row < tokens; row++)
        {
            for (var head = 0; head < shape.NumHeads; head++)
            {
                int kv = head / shape.Group;
                var scores = new double[row + 1];
                for (var key = 0; key <= row; key++)
                {
                    for (var d = 0; d < shape.HeadDim; d++)
                    {
                        scores[key] += qkv[row * shape.QkvWidth + head * shape.HeadDim + d]
                            * qkv[key * shape.QkvWidth + shape.KeyOffset(kv) + d] / Math.Sqrt(shape.HeadDim);
                    }
                }

                var max = scores.Max();
                var sum = scores.Sum(s => Core.ExactMath.Exp(s - max));
                for (var key = 0; key <= row; key++)
                {
                    var p = Core.ExactMath.Exp(scores[key] - max) / sum;
                    for (var d = 0; d < shape.HeadDim; d++)
                    {
                        loss += p * qkv[key * shape.QkvWidth + shape.ValueOffset(kv) + d]
                            * weights[row * shape.OutputWidth + head * shape.HeadDim + d];
                    }
                }
            }
        }

        return loss;
    }
}
