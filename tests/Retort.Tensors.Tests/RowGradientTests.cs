using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Hand-written backward passes against central differences of the function written out in double.</summary>
public sealed unsafe class RowGradientTests
{
    private const int N = 21;
    private const double Epsilon = 1e-3, Step = 1e-6;

    [Fact]
    public void RmsNorm()
    {
        using var x = Floats.Normal(N, "x");
        using var gain = Floats.Normal(N, "gain");
        using var dy = Floats.Normal(N, "dy");
        using var rstd = new Floats(1);
        using var y = new Floats(N);
        using var dx = new Floats(N);
        using var dGain = new Floats(N);
        Cpu.RmsNorm.Forward(x.Pointer, N, y.Pointer, N, gain.Pointer, rstd.Pointer, N, (float)Epsilon, 0, 1);
        Cpu.RmsNorm.Backward(dy.Pointer, N, x.Pointer, N, gain.Pointer, rstd.Pointer, dx.Pointer, N, N, false, 0, 1);
        var starts = stackalloc int[] { 0, 1 };
        NormGradients.RmsGain(
            dy.Pointer, N, x.Pointer, N, rstd.Pointer, 1, 1, N, dGain.Pointer, starts, 1, false, 0, N);
        Check(Function, [Wide(x), Wide(gain)], Wide(dy), y, dx, dGain);

        static double[] Function(double[][] a)
        {
            var scale = 1 / Math.Sqrt(a[0].Average(v => v * v) + Epsilon);
            return [.. a[0].Select((v, i) => v * scale * a[1][i])];
        }
    }

    [Fact]
    public void LayerNorm()
    {
        using var x = Floats.Normal(N, "x");
        using var gain = Floats.Normal(N, "gain");
        using var bias = Floats.Normal(N, "bias");
        using var dy = Floats.Normal(N, "dy");
        using var mean = new Floats(1);
        using var rstd = new Floats(1);
        using var y = new Floats(N);
        using var dx = new Floats(N);
        using var dGain = new Floats(N);
        using var dBias = new Floats(N);
        Cpu.LayerNorm.Forward(
            x.Pointer, N, y.Pointer, N, gain.Pointer, bias.Pointer, mean.Pointer, rstd.Pointer, N, (float)Epsilon, 0, 1);
        Cpu.LayerNorm.Backward(
            dy.Pointer, N, x.Pointer, N, gain.Pointer, mean.Pointer, rstd.Pointer, dx.Pointer, N, N, false, 0, 1);
        var starts = stackalloc int[] { 0, 1 };
        NormGradients.LayerGain(
            dy.Pointer, N, x.Pointer, N, mean.Pointer, rstd.Pointer, dGain.Pointer, starts, 1, false, 0, N);
        NormGradients.Bias(dy.Pointer, N, dBias.Pointer, starts, 1, false, 0, N);
        Check(Function, [Wide(x), Wide(gain), Wide(bias)], Wide(dy), y, dx, dGain, dBias);

        static double[] Function(double[][] a)
        {
            var centre = a[0].Average();
            var scale = 1 / Math.Sqrt(a[0].Average(v => (v - centre) * (v - centre)) + Epsilon);
            return [.. a[0].Select((v, i) => (v - centre) * scale * a[1][i] + a[2][i])];
        }
    }

    [Fact]
    public void SwiGlu()
    {
        using var gateUp = Floats.Normal(2 * N, "gateUp", 2f);
        using var dy = Floats.Normal(N, "dy");
        using var y = new Floats(N);
        using var dGateUp = new Floats(2 * N);
        ActivationSwiGlu.Forward(gateUp.Pointer, 2 * N, y.Pointer, N, N, 0, 1);
        ActivationSwiGlu.Backward(dy.Pointer, N, gateUp.Pointer, 2 * N, dGateUp.Pointer, 2 * N, N, 0, 1);
        Check(a => [.. Enumerable.Range(0, N).Select(i => a[0][i] / (1 + Math.Exp(-a[0][i])) * a[0][N + i])],
            [Wide(gateUp)], Wide(dy), y, dGateUp);
    }

    [Fact]
    public void Gelu()
    {
        using var x = Floats.Normal(N, "x", 2f);
        using var dy = Floats.Normal(N, "dy");
        using var y = new Floats(N);
        using var dx = new Floats(N);
        ActivationPointwise.GeluForward(x.Pointer, y.Pointer, 0, N);
        ActivationPointwise.GeluBackward(dy.Pointer, x.Pointer, dx.Pointer, 0, N);
        Check(a => [.. a[0].Select(v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))))],
            [Wide(x)], Wide(dy), y, dx);
    }

    private static double[] Wide(Floats x) => [.. x.Span.ToArray().Select(v => (double)v)];

    /// <summary>y = f(inputs), and for each input the gradient of sum(y * dy).</summary>
    private static void Check(
        Func<double[][], double[]> f, double[][] inputs, double[] dy, Floats y, params ReadOnlySpan<Floats> gradients)
    {
        var exact = f(inputs);
        for (var i = 0; i < exact.Length; i++)
        {
            Assert.Equal(exact[i], y.Span[i], 1e-5);
        }

        for (var a = 0; a < inputs.Length; a++)
        {
            for (var i = 0; i < inputs[a].Length; i++)
            {
                var at = inputs[a][i];
                inputs[a][i] = at + Step;
                var above = Objective();
                inputs[a][i] = at - Step;
                var below = Objective();
                inputs[a][i] = at;
                Assert.Equal((above - below) / (2 * Step), gradients[a].Span[i], 2e-5);
            }
        }

        double Objective() => f(inputs).Zip(dy, (value, d) => value * d).Sum();
    }
}
