using System.Runtime.Intrinsics;
using Retort.Tensors.Cpu;
using Retort.Tensors.Reference;

namespace Retort.Tensors.Tests;

public sealed class ElementaryTests
{
    // A prime stride through the bit patterns: every exponent, both signs, all kinds of mantissas; 2 million floats.
    private const uint Stride = 2137;

    [Fact]
    public void Lanes_give_the_scalar_functions_bits_over_all_floats()
    {
        var x = new float[16];
        ulong bits = 0;
        while (bits <= uint.MaxValue)
        {
            for (var i = 0; i < 16; i++, bits += Stride)
            {
                x[i] = BitConverter.UInt32BitsToSingle((uint)bits);
            }

            var v = Vector512.LoadUnsafe(ref x[0]);
            var exp = ElementaryFunctions.Exp(v);
            var tanh = ElementaryFunctions.Tanh(v);
            var sigmoid = ElementaryFunctions.Sigmoid(v);
            var wideExp = ElementaryFunctions512.Exp(v);
            var wideTanh = ElementaryFunctions512.Tanh(v);
            var log = ElementaryFunctions.LogOfNormal(v);
            for (var i = 0; i < 16; i++)
            {
                Same(Elementary.Exp(x[i]), exp[i], "exp", x[i]);
                Same(exp[i], wideExp[i], "512-bit exp", x[i]);
                Same(tanh[i], wideTanh[i], "512-bit tanh", x[i]);
                Same(Elementary.Tanh(x[i]), tanh[i], "tanh", x[i]);
                Same(Elementary.Sigmoid(x[i]), sigmoid[i], "sigmoid", x[i]);
                if (float.IsNormal(x[i]) && x[i] > 0)
                {
                    Same(Elementary.Log(x[i]), log[i], "log", x[i]);
                }
            }
        }
    }

    /// <summary>Recorded once; must hold on every machine and with every instruction set (docs/numerics.md).</summary>
    [Fact]
    public void The_bits_are_those_recorded()
    {
        var hash = 14695981039346656037UL;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += Stride)
        {
            var x = BitConverter.UInt32BitsToSingle((uint)bits);
            Mix(Elementary.Exp(x));
            Mix(Elementary.Log(x));
            Mix(Elementary.Tanh(x));
            Mix(Elementary.Sigmoid(x));
        }

        Assert.Equal(271958451375315717UL, hash);

        void Mix(float y) =>
            hash = (hash ^ (float.IsNaN(y) ? 0x7FC00000u : BitConverter.SingleToUInt32Bits(y))) * 1099511628211UL;
    }

    [Fact]
    public void Exp_is_within_2_ulp_where_the_result_is_not_flushed() =>
        Assert.InRange(WorstUlps(-86.98f, 88.72f, Elementary.Exp, Math.Exp), 0, 2);

    [Fact]
    public void Exp_of_small_arguments_is_within_2_ulp() =>
        Assert.InRange(WorstUlps(-1f, 1f, Elementary.Exp, Math.Exp), 0, 2);

    [Fact]
    public void Log_is_within_2_ulp()
    {
        Assert.InRange(WorstUlps(1e-3f, 10f, Elementary.Log, Math.Log), 0, 2);
        Assert.InRange(WorstUlps(10f, 1e30f, Elementary.Log, Math.Log), 0, 2);
        Assert.InRange(WorstUlps(0.99f, 1.01f, Elementary.Log, Math.Log), 0, 2);
    }

    [Fact]
    public void Sigmoid_and_tanh_are_within_3_ulp()
    {
        Assert.InRange(WorstUlps(-80f, 30f, Elementary.Sigmoid, static x => 1 / (1 + Math.Exp(-x))), 0, 3);
        Assert.InRange(WorstUlps(-12f, 12f, Elementary.Tanh, Math.Tanh), 0, 3);
        Assert.InRange(WorstUlps(-0.01f, 0.01f, Elementary.Tanh, Math.Tanh), 0, 3);
    }

    [Fact]
    public void Edges_are_what_softmax_and_losses_rely_on()
    {
        Same(0f, Elementary.Exp(float.NegativeInfinity), "exp", float.NegativeInfinity);
        Same(0f, Elementary.Exp(-88f), "exp", -88f);
        Same(1f, Elementary.Exp(0f), "exp", 0f);
        Same(1f, Elementary.Exp(-0f), "exp", -0f);
        Same(float.PositiveInfinity, Elementary.Exp(88.73f), "exp", 88.73f);
        Same(float.PositiveInfinity, Elementary.Exp(float.PositiveInfinity), "exp", float.PositiveInfinity);
        Assert.True(float.IsNaN(Elementary.Exp(float.NaN)));
        Same(0f, Elementary.Log(1f), "log", 1f);
        Same(float.NegativeInfinity, Elementary.Log(0f), "log", 0f);
        Same(float.PositiveInfinity, Elementary.Log(float.PositiveInfinity), "log", float.PositiveInfinity);
        Assert.True(float.IsNaN(Elementary.Log(-1f)) && float.IsNaN(Elementary.Log(float.NaN)));
        Assert.Equal(Math.Log(float.Epsilon), Elementary.Log(float.Epsilon), 1e-4);
        Same(-0f, Elementary.Tanh(-0f), "tanh", -0f);
        Same(-1f, Elementary.Tanh(float.NegativeInfinity), "tanh", float.NegativeInfinity);
        Same(0f, Elementary.Sigmoid(float.NegativeInfinity), "sigmoid", float.NegativeInfinity);
        Same(1f, Elementary.Sigmoid(float.PositiveInfinity), "sigmoid", float.PositiveInfinity);
    }

    private static double WorstUlps(float low, float high, Func<float, float> ours, Func<double, double> exact)
    {
        const int Points = 400_000;
        var worst = 0.0;
        for (var i = 0; i <= Points; i++)
        {
            var x = low + (high - low) * (i / (float)Points);
            var truth = exact(x);
            var ulp = Math.Abs((double)MathF.BitIncrement((float)Math.Abs(truth)) - (float)Math.Abs(truth));
            worst = Math.Max(worst, Math.Abs(ours(x) - truth) / ulp);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"worst error {worst:F2} ulp on [{low}, {high}]");
        return worst;
    }

    private static void Same(float expected, float actual, string function, float x)
    {
        if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(actual)
            && !(float.IsNaN(expected) && float.IsNaN(actual)))
        {
            Assert.Fail($"{function}({x:R}): {expected:R} expected, {actual:R} found");
        }
    }
}
