using Retort.Core;

namespace Retort.Analysis.Queueing;

/// <summary>The law of a job's size X, scaled to mean 1.</summary>
public abstract class SizeDistribution
{
    /// <summary>
    /// <c>exp</c>, <c>erlang:k</c> (k phases), <c>hyperexp:p,m1,m2</c> (mean m1 with probability p, else m2),
    /// <c>weibull:k</c> (shape k) or <c>lognormal:s</c> (ln X has standard deviation s); all are scaled to mean 1. A mistake is a
    /// <see cref="UserError"/> that names <paramref name="where"/>. Traces are <see cref="Empirical"/>.
    /// </summary>
    public static SizeDistribution Parse(string text, string where)
    {
        var law = new LawText(text, where, "exp", "erlang:k", "hyperexp:p,m1,m2", "weibull:k", "lognormal:s");
        return law.Name switch
        {
            "exp" => new ExponentialMixture("exp", (1, 1)),
            "erlang" => new ErlangSizes(law.Whole(0, "k", 1, 1000)),
            "hyperexp" => Hyperexponential(
                law.Number(0, "p", 0, 1), law.Number(1, "m1", 1e-6, 1e6), law.Number(2, "m2", 1e-6, 1e6)),
            "weibull" => new WeibullSizes(law.Number(0, "k", 0.2, 50)),
            _ => new LognormalSizes(law.Number(0, "s", 0.01, 3)),
        };
    }

    /// <summary>Each of these sizes with equal probability, divided by their mean.</summary>
    /// <exception cref="ArgumentException">There is no size, or one is not positive and finite.</exception>
    public static SizeDistribution Empirical(IReadOnlyList<double> sizes) => new EmpiricalSizes(sizes);

    /// <summary>E[X^2], at least 1.</summary>
    public double SecondMoment => TailMoment(2, 0);

    /// <summary>P(X &lt;= y).</summary>
    public double Cdf(double y) => PartialMoment(0, y);

    /// <summary>E[X^order; X &lt;= y] for order 0, 1 or 2; y may be infinite.</summary>
    public double PartialMoment(int order, double y) => (order == 2 ? SecondMoment : 1) - TailMoment(order, y);

    /// <summary>E[X^order; X > y], to relative accuracy however far out.</summary>
    public abstract double TailMoment(int order, double y);

    /// <summary>One size.</summary>
    public abstract double Sample(ref CounterRandom random);

    /// <summary>The law as <see cref="Parse"/> reads it.</summary>
    public abstract override string ToString();

    /// <summary>Where the mass of x^2 lies, on the scale of ln x; smaller sizes count as the smallest of it.</summary>
    internal abstract LogSpan Span { get; }

    /// <summary>
    /// Nodes x and weights w with E[g(X)] = sum of w g(x): exactly the atoms, or Gauss-Legendre panels cut at the extra cuts too,
    /// which are logarithms.
    /// </summary>
    internal abstract (double[] X, double[] Weights) Rule(Panels? cuts = null);

    private static ExponentialMixture Hyperexponential(double p, double m1, double m2) =>
        new($"hyperexp:{p},{m1},{m2}", (p, m1 / (p * m1 + (1 - p) * m2)), (1 - p, m2 / (p * m1 + (1 - p) * m2)));
}
