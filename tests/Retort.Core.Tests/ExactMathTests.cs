namespace Retort.Core.Tests;

/// <summary>Our own elementary functions against the platform's, which may differ from machine to machine but not by much.</summary>
public class ExactMathTests
{
    [Fact]
    public void Exp_and_Log_are_right_over_their_whole_range()
    {
        for (var x = -700.0; x <= 700; x += 0.37)
        {
            Assert.Equal(1, ExactMath.Exp(x) / Math.Exp(x), 1e-14);
            var y = Math.Exp(x);
            Assert.Equal(Math.Log(y), ExactMath.Log(y), 1e-14 * Math.Max(1, Math.Abs(x)));
        }

        Assert.Equal(0, ExactMath.Exp(-800));
        Assert.Equal(double.PositiveInfinity, ExactMath.Exp(800));
        Assert.Equal(double.NegativeInfinity, ExactMath.Log(0));
        Assert.True(double.IsNaN(ExactMath.Log(-1)) && double.IsNaN(ExactMath.Exp(double.NaN)));
        Assert.Equal(1, ExactMath.Log(double.Epsilon) / Math.Log(double.Epsilon), 1e-14);
    }

    [Fact]
    public void Exp_of_many_has_the_bits_of_each()
    {
        double[] edges = [0, -0.0, 709.78, 709.79, -745.2, -745.3, -744.9, -708.4, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e-320, 0.34657];
        var random = CounterRandom.For(7, "exp");
        double[] values = [.. edges, .. Enumerable.Range(0, 20_000).Select(_ => (random.NextDouble() - 0.5) * 1500), .. Enumerable.Range(0, 20_001).Select(_ => random.NextGaussian())];
        for (var count = 0; count <= 9; count++)
        {
            Check(values[..count]);
        }

        Check(values);

        static void Check(double[] values)
        {
            var powers = new double[values.Length];
            ExactMath.Exp(values, powers);
            Assert.Equal(values.Select(value => BitConverter.DoubleToInt64Bits(ExactMath.Exp(value))), powers.Select(BitConverter.DoubleToInt64Bits));
            ExactMath.Exp(values, values);
            Assert.Equal(powers, values);
        }
    }

    [Fact]
    public void Sin_and_Cos_are_right_for_the_angles_of_long_contexts()
    {
        for (var x = -2e5; x <= 2e5; x += 7.123)
        {
            Assert.Equal(Math.Sin(x), ExactMath.Sin(x), 2e-11);
            Assert.Equal(Math.Cos(x), ExactMath.Cos(x), 2e-11);
        }

        for (var x = -10.0; x <= 10; x += 0.01)
        {
            Assert.Equal(Math.Sin(x), ExactMath.Sin(x), 1e-14);
            Assert.Equal(Math.Cos(x), ExactMath.Cos(x), 1e-14);
        }
    }

    [Fact]
    public void Pow_gives_the_rotary_frequencies() =>
        Assert.All(Enumerable.Range(0, 64), i => Assert.Equal(1, ExactMath.Pow(1e6, -i / 64.0) / Math.Pow(1e6, -i / 64.0), 1e-13));
}
