using Retort.Tensors.Cpu;
using Scalar = Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

public sealed unsafe class CrossEntropyTests
{
    private const int Rows = 5;

    [Theory]
    [InlineData(1), InlineData(2), InlineData(15), InlineData(16), InlineData(33), InlineData(64), InlineData(515)]
    public void Loss_gradient_and_readings_give_the_references_bits(int vocabulary)
    {
        var ld = vocabulary + 2;
        using var logits = Floats.Normal(Rows * ld, "logits", 5f);
        using var weights = Floats.Normal(Rows, "weights");
        var targets = stackalloc int[] { vocabulary - 1, 0, -1, vocabulary / 2, 0 };
        foreach (var (zLoss, weighted) in new[] { (0f, false), (1e-3f, true) })
        {
            var w = weighted ? weights.Pointer : null;
            using var logprobs = new Floats(Rows);
            using var expectedLogprobs = new Floats(Rows);
            RowKernelBitsTests.Same(Rows,
                l => CrossEntropy.Forward(logits.Pointer, ld, vocabulary, targets, w, zLoss, l, logprobs.Pointer, 1, 5),
                l => Scalar.CrossEntropy.Forward(logits.Pointer, ld, vocabulary, targets, w, zLoss, l, expectedLogprobs.Pointer, 1, 5));
            Floats.AssertSameBits(expectedLogprobs, logprobs, "logprob");
            using var fast = logits.Copy();
            using var slow = logits.Copy();
            RowKernelBitsTests.Same(Rows,
                l => CrossEntropy.ForwardBackward(fast.Pointer, ld, vocabulary, targets, w, zLoss, 0.25f, l, null, 0, 5),
                l => Scalar.CrossEntropy.ForwardBackward(slow.Pointer, ld, vocabulary, targets, w, zLoss, 0.25f, l, null, 0, 5));
            Floats.AssertSameBits(slow, fast, "gradient");
        }

        using var entropies = new Floats(Rows);
        using var expectedEntropies = new Floats(Rows);
        RowKernelBitsTests.Same(Rows,
            l => CrossEntropyReadings.LogProbs(logits.Pointer, ld, vocabulary, targets, l, entropies.Pointer, 0, 5),
            l => Scalar.CrossEntropy.LogProbs(logits.Pointer, ld, vocabulary, targets, l, expectedEntropies.Pointer, 0, 5));
        Floats.AssertSameBits(expectedEntropies, entropies, "entropy");
        var best = stackalloc int[Rows];
        var expectedBest = stackalloc int[Rows];
        CrossEntropyReadings.ArgMax(logits.Pointer, ld, vocabulary, best, 0, Rows);
        Scalar.CrossEntropy.ArgMax(logits.Pointer, ld, vocabulary, expectedBest, 0, Rows);
        Assert.Equal(new Span<int>(expectedBest, Rows), new Span<int>(best, Rows));
    }

    [Fact]
    public void Gradients_agree_with_central_differences_in_double()
    {
        const int Vocabulary = 21, Target = 6;
        const double ZLoss = 0.01, Weight = -1.5, Step = 1e-6;
        using var logits = Floats.Normal(Vocabulary, "logits", 2f);
        var x = logits.Span.ToArray().Select(v => (double)v).ToArray();
        var target = Target;
        using var weight = Floats.Of((float)Weight);
        using var loss = new Floats(1);
        CrossEntropy.ForwardBackward(
            logits.Pointer, Vocabulary, Vocabulary, &target, weight.Pointer, (float)ZLoss, 0.5f, loss.Pointer, null, 0, 1);
        Assert.Equal(Loss(), loss.Pointer[0], 1e-5);
        for (var j = 0; j < Vocabulary; j++)
        {
            var at = x[j];
            x[j] = at + Step;
            var above = Loss();
            x[j] = at - Step;
            var below = Loss();
            x[j] = at;
            Assert.Equal(0.5 * (above - below) / (2 * Step), logits.Pointer[j], 1e-6);
        }

        double Loss()
        {
            var lse = Math.Log(x.Sum(Math.Exp));
            return Weight * (lse - x[Target] + ZLoss * lse * lse);
        }
    }

    [Fact]
    public void A_distribution_gives_its_entropy_and_masked_tokens_count_nothing()
    {
        using var logits = Floats.Of(MathF.Log(0.5f), float.NegativeInfinity, MathF.Log(0.25f), MathF.Log(0.25f));
        var chosen = 2;
        using var logprob = new Floats(1);
        using var entropy = new Floats(1);
        CrossEntropyReadings.LogProbs(logits.Pointer, 4, 4, &chosen, logprob.Pointer, entropy.Pointer, 0, 1);
        Assert.Equal(1.5 * Math.Log(2), entropy.Pointer[0], 1e-6);
        Assert.Equal(Math.Log(0.25), logprob.Pointer[0], 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_with_NaN_or_infinity_says_so_everywhere_and_leaves_other_rows_alone(float bad)
    {
        const int Vocabulary = 40;
        var targets = stackalloc int[] { 3, 3 };
        for (var place = 0; place < Vocabulary; place++)
        {
            using var logits = Floats.Normal(2 * Vocabulary, "logits");
            logits.Pointer[place] = bad;
            using var losses = new Floats(2);
            using var logprobs = new Floats(2);
            CrossEntropy.ForwardBackward(
                logits.Pointer, Vocabulary, Vocabulary, targets, null, 0f, 1f, losses.Pointer, logprobs.Pointer, 0, 2);
            Assert.True(float.IsNaN(losses.Pointer[0]) && float.IsNaN(logprobs.Pointer[0]));
            for (var j = 0; j < Vocabulary; j++)
            {
                Assert.True(float.IsNaN(logits.Pointer[j]));
                Assert.True(float.IsFinite(logits.Pointer[Vocabulary + j]));
            }
        }
    }

    [Fact]
    public void An_ignored_row_gives_zeros_even_over_NaN()
    {
        using var logits = Floats.Of(float.NaN, 1f, 2f);
        var target = -1;
        using var loss = Floats.Of(9f);
        using var logprob = Floats.Of(9f);
        CrossEntropy.ForwardBackward(logits.Pointer, 3, 3, &target, null, 1e-4f, 1f, loss.Pointer, logprob.Pointer, 0, 1);
        Assert.Equal([0f, 0f, 0f], logits.Span.ToArray());
        Assert.Equal((0f, 0f), (loss.Pointer[0], logprob.Pointer[0]));
    }

    [Fact]
    public void The_gradient_of_a_row_sums_to_nothing()
    {
        const int Vocabulary = 515;
        using var logits = Floats.Normal(Vocabulary, "logits", 3f);
        var target = 17;
        using var loss = new Floats(1);
        CrossEntropy.ForwardBackward(logits.Pointer, Vocabulary, Vocabulary, &target, null, 0f, 1f, loss.Pointer, null, 0, 1);
        Assert.Equal(0.0, logits.Span.ToArray().Sum(v => (double)v), 1e-6);
    }

    [Fact]
    public void ArgMax_takes_the_lower_index_of_equals_and_never_NaN()
    {
        var x = new float[40];
        (x[7], x[33], x[3]) = (2f, 2f, float.NaN);
        Assert.Equal(7, ArgMax(x));
        Array.Fill(x, float.NegativeInfinity);
        x[0] = float.NaN;
        Assert.Equal(1, ArgMax(x));
        Array.Fill(x, float.NaN);
        Assert.Equal(-1, ArgMax(x));
        x[39] = -5f;
        Assert.Equal(39, ArgMax(x));
        Assert.Equal(0, ArgMax([-0f, 0f]));

        static int ArgMax(float[] values)
        {
            var best = 0;
            fixed (float* p = values)
            {
                CrossEntropyReadings.ArgMax(p, values.Length, values.Length, &best, 0, 1);
            }

            return best;
        }
    }
}
