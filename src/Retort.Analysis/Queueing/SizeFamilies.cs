using MathNet.Numerics;
using Retort.Core;

namespace Retort.Analysis.Queueing;

/// <summary>A law with a density.</summary>
internal abstract class ContinuousSizes : SizeDistribution
{
    // Jobs smaller than e^-35 of the mean are all alike: they wait, and are served in no time.
    private const double LowestLogarithm = -35;

    private readonly Lazy<LogSpan> span;

    protected ContinuousSizes() => span = new(() => LogSpan.Smooth(
        FirstLogarithm(x => Cdf(x) >= 1e-12), FirstLogarithm(x => TailMoment(2, x) <= 1e-12 * SecondMoment)));

    internal sealed override LogSpan Span => span.Value;

    public abstract double Density(double x);

    internal sealed override (double[] X, double[] Weights) Rule(Panels? cuts = null)
    {
        var (x, weights) = (cuts ?? new()).Add(Span).OfLogarithms(Span.Low, Span.High);
        for (var i = 0; i < x.Length; i++)
        {
            weights[i] *= Density(x[i]);
        }

        var smallest = Math.Exp(Span.Low);
        return ([smallest, .. x], [Cdf(smallest), .. weights]);
    }

    private static double FirstLogarithm(Func<double, bool> reached)
    {
        var (low, high) = (LowestLogarithm, 100.0);
        while (high - low > 1e-3)
        {
            var middle = 0.5 * (low + high);
            (low, high) = reached(Math.Exp(middle)) ? (low, middle) : (middle, high);
        }

        return high;
    }
}

/// <summary>Exponential with mean m with probability p, over the branches (p, m): exp and hyperexp.</summary>
internal sealed class ExponentialMixture(string name, params (double P, double Mean)[] branches) : ContinuousSizes
{
    public bool IsExponential => branches.All(branch => branch.P == 0 || Math.Abs(branch.Mean - 1) < 1e-12);

    public override double Density(double x) => branches.Sum(branch => branch.P / branch.Mean * Math.Exp(-x / branch.Mean));

    public override double TailMoment(int order, double y)
    {
        var sum = 0.0;
        foreach (var (p, mean) in branches)
        {
            sum += p * Math.Pow(mean, order) * ExponentialMoments.Beyond(order, y / mean);
        }

        return sum;
    }

    public override double Sample(ref CounterRandom random)
    {
        var (branch, u) = (0, branches.Length == 1 ? 0 : random.NextDouble());
        while (branch < branches.Length - 1 && u >= branches[branch].P)
        {
            u -= branches[branch++].P;
        }

        return -branches[branch].Mean * ExactMath.Log(1 - random.NextDouble());
    }

    public override string ToString() => name;
}

/// <summary>The sum of k exponentials with mean 1/k.</summary>
internal sealed class ErlangSizes(int k) : ContinuousSizes
{
    public override double Density(double x) =>
        Math.Exp(k * Math.Log(k) + (k - 1) * Math.Log(x) - k * x - SpecialFunctions.GammaLn(k));

    // E[X^j] = (k)(k + 1)..(k + j - 1) / k^j: 1, 1 and 1 + 1/k.
    public override double TailMoment(int order, double y) =>
        (order == 2 ? 1 + 1.0 / k : 1) * (double.IsInfinity(y) ? 0 : SpecialFunctions.GammaUpperRegularized(k + order, k * y));

    public override double Sample(ref CounterRandom random)
    {
        var sum = 0.0;
        for (var i = 0; i < k; i++)
        {
            sum -= ExactMath.Log(1 - random.NextDouble());
        }

        return sum / k;
    }

    public override string ToString() => $"erlang:{k}";
}

/// <summary>P(X > x) = exp(-(x/scale)^k).</summary>
internal sealed class WeibullSizes(double k) : ContinuousSizes
{
    private readonly double scale = 1 / SpecialFunctions.Gamma(1 + 1 / k);
    private readonly double[] gamma = [1, SpecialFunctions.Gamma(1 + 1 / k), SpecialFunctions.Gamma(1 + 2 / k)];

    public override double Density(double x)
    {
        var power = Math.Pow(x / scale, k);
        return k / x * power * Math.Exp(-power);
    }

    public override double TailMoment(int order, double y)
    {
        var power = Math.Pow(y / scale, k);
        return order == 0 ? Math.Exp(-power) : double.IsInfinity(power) ? 0
            : Math.Pow(scale, order) * gamma[order] * SpecialFunctions.GammaUpperRegularized(1 + order / k, power);
    }

    public override double Sample(ref CounterRandom random) =>
        random.NextDouble() is var u && u == 0 ? 0 : scale * ExactMath.Pow(-ExactMath.Log(1 - u), 1 / k);

    public override string ToString() => $"weibull:{k}";
}

/// <summary>ln X is normal with standard deviation s and mean -s^2/2.</summary>
internal sealed class LognormalSizes(double s) : ContinuousSizes
{
    public override double Density(double x)
    {
        var z = Math.Log(x) / s + 0.5 * s;
        return Math.Exp(-0.5 * z * z) / (x * s * Math.Sqrt(2 * Math.PI));
    }

    // E[X^j; X > y] = E[X^j] Phi(j s - (ln y - mu)/s), E[X^j] = exp(j (j - 1) s^2 / 2).
    public override double TailMoment(int order, double y) => Math.Exp(0.5 * order * (order - 1) * s * s)
        * 0.5 * SpecialFunctions.Erfc((Math.Log(y) / s + (0.5 - order) * s) / Math.Sqrt(2));

    public override double Sample(ref CounterRandom random) => ExactMath.Exp(s * random.NextGaussian() - 0.5 * s * s);

    public override string ToString() => $"lognormal:{s}";
}

/// <summary>Atoms at the sizes of a list, divided by their mean; equal sizes are one atom.</summary>
internal sealed class EmpiricalSizes : SizeDistribution
{
    private readonly double[] values, probabilities, draws;
    private readonly double[][] tails = new double[3][];

    public EmpiricalSizes(IReadOnlyList<double> sizes)
    {
        if (sizes.Count == 0 || sizes.Any(size => !(size > 0) || double.IsInfinity(size)))
        {
            throw new ArgumentException("Sizes are a list, not empty, of positive finite numbers.", nameof(sizes));
        }

        var mean = sizes.Average();
        draws = [.. sizes.Select(size => size / mean)];
        var atoms = draws.GroupBy(size => size).OrderBy(atom => atom.Key).ToArray();
        values = [.. atoms.Select(atom => atom.Key)];
        probabilities = [.. atoms.Select(atom => (double)atom.Count() / draws.Length)];
        for (var order = 0; order <= 2; order++)
        {
            tails[order] = new double[values.Length + 1];
            for (var i = values.Length - 1; i >= 0; i--)
            {
                tails[order][i] = tails[order][i + 1] + probabilities[i] * Math.Pow(values[i], order);
            }
        }
    }

    public ReadOnlySpan<double> Values => values;

    internal override LogSpan Span => new(Math.Log(values[0]), Math.Log(values[^1]), 0);

    public override double TailMoment(int order, double y)
    {
        var place = Array.BinarySearch(values, y);
        return tails[order][place >= 0 ? place + 1 : ~place];
    }

    public override double Sample(ref CounterRandom random) => draws[random.NextInt32(draws.Length)];

    public override string ToString() => $"trace of {draws.Length} sizes";

    internal override (double[] X, double[] Weights) Rule(Panels? cuts = null) => (values, probabilities);
}

/// <summary>Incomplete moments of the exponential law with mean 1, order 0 to 2.</summary>
internal static class ExponentialMoments
{
    /// <summary>E[V^order; V > y].</summary>
    public static double Beyond(int order, double y)
    {
        var tail = Math.Exp(-y);
        return tail == 0 ? 0 : order switch { 0 => tail, 1 => (1 + y) * tail, _ => (2 + y * (2 + y)) * tail };
    }
}
