using MathNet.Numerics;
using Retort.Core;

namespace Retort.Analysis.Queueing;

/// <summary>How a job's size x becomes the prediction y that the scheduler sees when the job arrives.</summary>
public abstract class PredictionModel
{
    /// <summary>
    /// <c>perfect</c> (y = x), <c>exp</c> (y is exponential with mean x) or <c>lognormal:s</c> (y = x exp(s Z), Z standard
    /// normal: the median is x, the mean x exp(s^2/2)). A mistake is a <see cref="UserError"/> that names
    /// <paramref name="where"/>.
    /// </summary>
    public static PredictionModel Parse(string text, string where)
    {
        var law = new LawText(text, where, "perfect", "exp", "lognormal:s");
        return law.Name switch
        {
            "perfect" => Perfect,
            "exp" => new ExponentialError(),
            _ => new LognormalError(law.Number(0, "s", 0.01, 3)),
        };
    }

    /// <summary>y = x.</summary>
    public static PredictionModel Perfect { get; } = new PerfectPredictions();

    /// <summary>A prediction for a job of this size.</summary>
    public abstract double Sample(double size, ref CounterRandom random);

    /// <summary>The model as <see cref="Parse"/> reads it.</summary>
    public abstract override string ToString();
}

internal sealed class PerfectPredictions : PredictionModel
{
    public override double Sample(double size, ref CounterRandom random) => size;

    public override string ToString() => "perfect";
}

/// <summary>y = x e with an error e that has a density and does not depend on x.</summary>
internal abstract class ErrorModel : PredictionModel
{
    public abstract LogSpan Span { get; }

    public abstract double Density(double e);

    public abstract double Cdf(double e);

    /// <summary>E[(e - a)^k; a &lt; e &lt;= b] for k = 0, 1, 2; b may be infinite.</summary>
    public abstract (double Zeroth, double First, double Second) Between(double a, double b);
}

internal sealed class ExponentialError : ErrorModel
{
    public override LogSpan Span { get; } = LogSpan.Smooth(Math.Log(1e-12), Math.Log(-Math.Log(1e-12)));

    public override double Density(double e) => Math.Exp(-e);

    public override double Cdf(double e) => 1 - Math.Exp(-e);

    // The law forgets: beyond a it is the law itself, times exp(-a).
    public override (double Zeroth, double First, double Second) Between(double a, double b)
    {
        var (beyond, y) = (Math.Exp(-a), b - a);
        return (beyond * (1 - ExponentialMoments.Beyond(0, y)), beyond * (1 - ExponentialMoments.Beyond(1, y)),
            beyond * (2 - ExponentialMoments.Beyond(2, y)));
    }

    public override double Sample(double size, ref CounterRandom random) => -size * ExactMath.Log(1 - random.NextDouble());

    public override string ToString() => "exp";
}

internal sealed class LognormalError(double s) : ErrorModel
{
    private readonly double mean = Math.Exp(0.5 * s * s), square = Math.Exp(2 * s * s);

    // Phi(-7.1) = 6e-13.
    public override LogSpan Span { get; } = LogSpan.Smooth(-7.1 * s, 7.1 * s);

    public override double Density(double e)
    {
        var z = Math.Log(e) / s;
        return Math.Exp(-0.5 * z * z) / (e * s * Math.Sqrt(2 * Math.PI));
    }

    public override double Cdf(double e) => UpperTail(-Math.Log(e) / s);

    public override (double Zeroth, double First, double Second) Between(double a, double b)
    {
        var (low, high) = (Math.Log(a) / s, Math.Log(b) / s);
        // Less than 1e-17 of any of the three moments is there.
        if (low > 9 + 4 * s || high < -9)
        {
            return (0, 0, 0);
        }

        var zeroth = Normal(low, high);
        var first = mean * Normal(low - s, high - s);
        var second = square * Normal(low - 2 * s, high - 2 * s);
        return (zeroth, first - a * zeroth, second - a * (2 * first - a * zeroth));
    }

    public override double Sample(double size, ref CounterRandom random) => size * ExactMath.Exp(s * random.NextGaussian());

    public override string ToString() => $"lognormal:{s}";

    /// <summary>P(low &lt; Z &lt;= high), from the tail that is small.</summary>
    private static double Normal(double low, double high) =>
        low > 0 ? UpperTail(low) - UpperTail(high) : UpperTail(-high) - UpperTail(-low);

    private static double UpperTail(double z) => z < -9 ? 1 : 0.5 * SpecialFunctions.Erfc(z / Math.Sqrt(2));
}
