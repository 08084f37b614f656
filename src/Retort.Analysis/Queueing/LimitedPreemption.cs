namespace Retort.Analysis.Queueing;

/// <summary>
/// Shortest predicted remaining size first on one server, where a job predicted r may be preempted only before the age C r
/// (TRAIL, arXiv 2410.01035; spec section 4.2). C = 0 never preempts, C = 1 is SPRPT, with perfect predictions SRPT. Equal
/// predictions are served in the order of arrival.
/// </summary>
internal static class LimitedPreemption
{
    // More atoms than this make kinks too small, and too many, to be cut at one by one; panels of this width will do.
    private const int MaxCutAtoms = 256;
    private const double ManyAtomsWidth = 0.15;

    // Predictions below e^-30 of the mean are all first in line, and such remainders add nothing to an integral over them.
    private const double LowestLogarithm = -30;

    /// <summary>Mean response time, mean KV in use (sum of the ages of begun, unfinished jobs) and preemptions a job.</summary>
    public static (double Response, double Kv, double Preemptions) Evaluate(
        double lambda, SizeDistribution sizes, PredictionModel predictions, double c) =>
        predictions is ErrorModel errors ? WithErrors(lambda, sizes, errors, c) : Perfect(lambda, sizes, c);

    /// <summary>
    /// What the formulas need at a prediction, or predicted remaining size, r: the density and law of predictions; their load
    /// E[X; Y &lt;= r] and M = E[X^2; Y &lt;= r]; J; and H_k = E[(Y - r)^k; Y passes r while preemptible], by which the integral
    /// over the ages of a job becomes one over what remains: E[integral of g(a, Y - a) da] = integral of E[g(Y - r, r); Y passes
    /// r] dr.
    /// </summary>
    internal readonly record struct Pieces(double Density, double Cdf, double Load, double M, double J, double H0, double H1);

    /// <summary>
    /// The pieces for y = x e. Given x, each is a moment of e between bounds, known in closed form; a job passes r if
    /// r &lt; x e &lt; min(x + r, r / (1 - C)).
    /// </summary>
    internal static Pieces At(double r, SizeDistribution sizes, ErrorModel errors, double c)
    {
        var cuts = new Panels();
        if (errors.Span.Width < sizes.Span.Width)
        {
            var around = new LogSpan(-errors.Span.High, -errors.Span.Low, errors.Span.Width);
            cuts.Add(around.Shift(Math.Log(r)));
            if (c < 1)
            {
                cuts.Add(around.Shift(Math.Log(r / (1 - c))));
            }
        }

        cuts.Add(Math.Log(r * c / (1 - c)));
        var (nodes, weights) = sizes.Rule(cuts);
        var (density, cdf, load, m, j, h0, h1) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < nodes.Length; i++)
        {
            var (x, w) = (nodes[i], weights[i]);
            var a = r / x;
            var below = errors.Cdf(a);
            density += w * errors.Density(a) / x;
            cdf += w * below;
            load += w * x * below;
            m += w * x * x * below;
            var (d0, d1, d2) = errors.Between(a, Math.Min(1 + a, a / (1 - c)));
            h0 += w * d0;
            h1 += w * x * d1;
            var tail = d0 - 2 * d1 + d2;
            if (a * c < 1 - c)
            {
                var start = a / (1 - c);
                var (t0, t1, t2) = errors.Between(start, 1 / c);
                var left = 1 - c * start;
                tail += left * left * t0 + (c == 0 ? 0 : c * (c * t2 - 2 * left * t1));
            }

            j += w * x * x * tail;
        }

        return new(density, cdf, load, m, j, h0, h1);
    }

    private static (double Response, double Kv, double Preemptions) WithErrors(
        double lambda, SizeDistribution sizes, ErrorModel errors, double c)
    {
        var (r, dr) = PredictionRule(sizes, errors, c);
        var pieces = new Pieces[r.Length];
        Parallel.For(0, r.Length, i => pieces[i] = At(r[i], sizes, errors, c));
        var first = At(Math.Exp(LowestLogarithm), sizes, errors, c);
        var (response, kv, preemptions) = (first.Cdf * Waiting(lambda, first), 0.0, 0.0);
        for (var i = 0; i < r.Length; i++)
        {
            var p = pieces[i];
            var idle = 1 - lambda * p.Load;
            response += dr[i] * (p.Density * Waiting(lambda, p) + p.H0 / idle);
            kv += dr[i] * p.H1 / idle;
            preemptions += dr[i] * p.Cdf * p.H0;
        }

        // The protected tail: E[(X - C Y)+] and E[(X^2 - (C Y)^2)+] / 2.
        var (e0, e1, e2) = errors.Between(0, 1 / c);
        var (tail, square) = c == 0 ? (1, 1) : (e0 - c * e1, e0 - c * c * e2);
        return (response + tail, lambda * (kv + 0.5 * sizes.SecondMoment * square), lambda * preemptions);
    }

    private static double Waiting(double lambda, in Pieces p) =>
        lambda * (p.M + p.J) / (2 * (1 - lambda * p.Load) * (1 - lambda * p.Load));

    private static (double[] X, double[] Weights) PredictionRule(SizeDistribution sizes, ErrorModel errors, double c)
    {
        var (size, error) = (sizes.Span, errors.Span);
        var prediction = new LogSpan(size.Low + error.Low, size.High + error.High, Math.Max(size.Width, error.Width));
        var panels = new Panels();
        // At r = x (1 - C) / C the two bounds of At, x + r and r / (1 - C), change places.
        var kink = Math.Log((1 - c) / c);
        if (sizes is EmpiricalSizes { Values.Length: <= MaxCutAtoms } few)
        {
            foreach (var x in few.Values)
            {
                panels.Add(Math.Log(x) + kink);
            }
        }
        else if (double.IsFinite(kink))
        {
            panels.Add((size with { Width = sizes is EmpiricalSizes ? ManyAtomsWidth : size.Width }).Shift(kink));
        }

        panels.Add(prediction);
        return Remaining(panels, prediction, c);
    }

    private static (double Response, double Kv, double Preemptions) Perfect(double lambda, SizeDistribution sizes, double c)
    {
        var (x, weights) = sizes.Rule();
        var (response, kv, preemptions) = (1 - c, 0.5 * (1 - c * c) * sizes.SecondMoment, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            // J: for sizes t > x, max(x, (1 - C) t)^2.
            var far = x[i] / (1 - c);
            var j = x[i] * x[i] * (sizes.TailMoment(0, x[i]) - sizes.TailMoment(0, far))
                + (1 - c) * (1 - c) * sizes.TailMoment(2, far);
            response += weights[i] * lambda * (sizes.PartialMoment(2, x[i]) + j)
                / (2 * ReferencePolicies.Idle(lambda, sizes, x[i], weights[i]));
        }

        var (r, dr) = RemainingRule(sizes, c);
        for (var i = 0; i < r.Length; i++)
        {
            var far = r[i] / (1 - c);
            var h0 = sizes.TailMoment(0, r[i]) - sizes.TailMoment(0, far);
            var h1 = sizes.TailMoment(1, r[i]) - sizes.TailMoment(1, far) - r[i] * h0;
            var idle = 1 - lambda * sizes.PartialMoment(1, r[i]);
            response += dr[i] * h0 / idle;
            kv += dr[i] * h1 / idle;
            preemptions += dr[i] * sizes.Cdf(r[i]) * h0;
        }

        return (response, lambda * kv, lambda * preemptions);
    }

    /// <summary>The rule over remaining sizes under perfect predictions; exact for atoms, between which all is linear.</summary>
    internal static (double[] X, double[] Weights) RemainingRule(SizeDistribution sizes, double c)
    {
        var panels = new Panels();
        if (sizes is not EmpiricalSizes empirical)
        {
            return Remaining(panels.Add(sizes.Span), sizes.Span, c);
        }

        foreach (var x in empirical.Values)
        {
            panels.Add(x);
            panels.Add((1 - c) * x);
        }

        return panels.Of(0, empirical.Values[^1]);
    }

    /// <summary>From next to nothing to the largest; narrow laws turn again at 1 - C times themselves.</summary>
    private static (double[] X, double[] Weights) Remaining(Panels panels, LogSpan span, double c)
    {
        if (c < 1)
        {
            panels.Add(span.Shift(Math.Log(1 - c)));
        }

        return panels.OfLogarithms(LowestLogarithm, span.High);
    }
}
