using MathNet.Numerics.Integration;

namespace Retort.Analysis.Queueing;

/// <summary>
/// Where a law's mass lies on the scale of logarithms: all but about 1e-12 of it is in low .. high, and it is smooth at the
/// scale of <paramref name="Width"/> (0 for atoms).
/// </summary>
internal readonly record struct LogSpan(double Low, double High, double Width)
{
    /// <summary>The span of a law with one peak, about 7 standard deviations to either side.</summary>
    public static LogSpan Smooth(double low, double high) => new(low, high, Math.Min(Panels.MaxWidth, (high - low) / 16));

    public LogSpan Shift(double by) => this with { Low = Low + by, High = High + by };
}

/// <summary>
/// Composite Gauss-Legendre rules with 8 points a panel. In ln x the integrands of heavy, singular and narrow laws are all
/// smooth; the caller cuts where one is not and says where one is narrow.
/// </summary>
internal sealed class Panels
{
    /// <summary>Widest panel on the scale of logarithms: exp(-x) turns in ln x within about 1.</summary>
    public const double MaxWidth = 1;

    private const int Order = 8;
    private static readonly GaussLegendreRule Unit = new(-1, 1, Order);
    private readonly List<LogSpan> spans = [];
    private readonly List<double> cuts = [];

    /// <summary>Panels within this span are no wider than it says.</summary>
    public Panels Add(LogSpan span)
    {
        spans.Add(span);
        cuts.Add(span.Low);
        cuts.Add(span.High);
        return this;
    }

    /// <summary>A panel ends here. What lies outside the range asked for later, infinities too, is then left out.</summary>
    public void Add(double cut) => cuts.Add(cut);

    /// <summary>Nodes x and weights of integrals over x from e^low to e^high; the cuts are logarithms.</summary>
    public (double[] X, double[] Weights) OfLogarithms(double low, double high)
    {
        var (nodes, weights) = Of(low, high, MaxWidth);
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = Math.Exp(nodes[i]);
            weights[i] *= nodes[i];
        }

        return (nodes, weights);
    }

    /// <summary>Nodes and weights of integrals from low to high with panels of any width.</summary>
    public (double[] X, double[] Weights) Of(double low, double high) => Of(low, high, double.PositiveInfinity);

    private (double[] X, double[] Weights) Of(double low, double high, double maxWidth)
    {
        var (nodes, weights, start) = (new List<double>(), new List<double>(), low);
        foreach (var end in cuts.Where(cut => cut > low && cut < high).Append(high).Order())
        {
            if (end - start <= 1e-13 * (1 + Math.Abs(end)))
            {
                continue;
            }

            var (middle, width) = (0.5 * (start + end), maxWidth);
            foreach (var span in spans)
            {
                width = span.Low < middle && middle < span.High ? Math.Min(width, span.Width) : width;
            }

            var panels = double.IsInfinity(width) ? 1 : (int)Math.Ceiling((end - start) / width);
            var half = 0.5 * (end - start) / panels;
            for (var i = 0; i < panels * Order; i++)
            {
                nodes.Add(start + half * (2 * (i / Order) + 1 + Unit.GetAbscissa(i % Order)));
                weights.Add(half * Unit.GetWeight(i % Order));
            }

            start = end;
        }

        return ([.. nodes], [.. weights]);
    }
}
