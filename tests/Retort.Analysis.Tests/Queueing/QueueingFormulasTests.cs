using MathNet.Numerics;
using Retort.Analysis.Queueing;

namespace Retort.Analysis.Tests.Queueing;

public sealed class QueueingFormulasTests
{
    private static readonly SizeDistribution Tied = SizeDistribution.Empirical([.. Enumerable.Repeat(1.0, 5), 2, 2, 2, 3, 12]);

    [Theory]
    [InlineData("exp", "perfect")]
    [InlineData("weibull:0.6", "exp")]
    [InlineData("lognormal:1", "lognormal:0.5")]
    [InlineData("trace", "perfect")]
    [InlineData("trace", "lognormal:0.1")]
    public void Policies_are_limits_of_limited_preemption(string sizes, string predictions)
    {
        QueueingResult[] limited = [.. new[] { 0, 1e-7, 1 - 1e-7, 1 }.Select(c =>
            Evaluate(QueueingPolicy.LimitedSprpt, 0.7, sizes, predictions, c))];
        var spjf = Evaluate(QueueingPolicy.Spjf, 0.7, sizes, predictions);
        var sprpt = Evaluate(QueueingPolicy.Sprpt, 0.7, sizes, predictions);

        Assert.Equal(spjf, limited[0]);
        Assert.Equal(sprpt, limited[3]);
        Near(spjf, limited[1], 1e-5);
        Near(sprpt, limited[2], 1e-5);
        Assert.Equal(0, spjf.PreemptionsPerJob!.Value, 1e-12);
        Assert.Equal(Evaluate(QueueingPolicy.Fcfs, 0.7, sizes).MeanKv!.Value, spjf.MeanKv!.Value, 1e-8);
        if (predictions == "perfect")
        {
            Assert.Equal(Evaluate(QueueingPolicy.Sjf, 0.7, sizes), spjf);
            Assert.Equal(Evaluate(QueueingPolicy.Srpt, 0.7, sizes), sprpt);
        }
    }

    [Fact]
    public void Exponential_sizes_do_not_care_who_is_served_blindly()
    {
        foreach (var lambda in new[] { 0.1, 0.6, 0.99 })
        {
            foreach (var policy in new[] { QueueingPolicy.Fcfs, QueueingPolicy.ProcessorSharing, QueueingPolicy.LeastAttained })
            {
                Assert.Equal(1 / (1 - lambda), Evaluate(policy, lambda).MeanResponse!.Value, 1e-6 / (1 - lambda));
            }

            Assert.Equal(lambda / 2, Evaluate(QueueingPolicy.Srpt, lambda).PreemptionsPerJob!.Value, 1e-8);
        }
    }

    [Fact]
    public void An_empty_queue_serves_at_once()
    {
        foreach (var policy in Enum.GetValues<QueueingPolicy>().Where(policy => policy != QueueingPolicy.RefinedLimitedSprpt))
        {
            foreach (var sizes in new[] { "weibull:0.6", "trace" })
            {
                var result = Evaluate(policy, 0, sizes, "exp", 0.5);
                Assert.Equal(1, result.MeanResponse!.Value, 1e-6);
                Assert.Equal(0, result.MeanKv!.Value, 1e-12);
                Assert.Equal(0, result.PreemptionsPerJob ?? 0, 1e-12);
            }
        }
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.7)]
    [InlineData(3)]
    [InlineData(12)]
    public void Exponential_predictions_have_the_bessel_forms(double y)
    {
        var errors = (ErrorModel)PredictionModel.Parse("exp", "predictions");
        var pieces = LimitedPreemption.At(y, Sizes("exp"), errors, 0.5);
        var s = Math.Sqrt(y);

        Assert.Equal(1 - 2 * s * SpecialFunctions.BesselK(1, 2 * s), pieces.Cdf, 1e-9);
        Assert.Equal(1 - 2 * y * SpecialFunctions.BesselK(2, 2 * s), pieces.Load, 1e-9);
        Assert.Equal(2 - 2 * y * s * SpecialFunctions.BesselK(3, 2 * s), pieces.M, 1e-9);
        Assert.Equal(2 * SpecialFunctions.BesselK(0, 2 * s), pieces.Density, 1e-9);
    }

    [Theory]
    [InlineData("exp")]
    [InlineData("erlang:3")]
    [InlineData("weibull:0.6")]
    [InlineData("lognormal:1")]
    public void Srpt_sjf_and_fb_are_the_textbook_integrals(string text)
    {
        // Schrage and Miller's, Cobham's and Kleinrock's formulas, by midpoints in ln x.
        const double Lambda = 0.8, Low = -30, High = 8;
        const int Steps = 20_000;
        var sizes = (ContinuousSizes)SizeDistribution.Parse(text, "sizes");
        var (srpt, sjf, fb, residence) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < Steps; i++)
        {
            var x = Math.Exp(Low + (High - Low) * (i + 0.5) / Steps);
            var dx = x * (High - Low) / Steps;
            var (longer, m, idle) = (1 - sizes.Cdf(x), sizes.PartialMoment(2, x), 1 - Lambda * sizes.PartialMoment(1, x));
            var shared = idle - Lambda * x * longer;
            srpt += dx * sizes.Density(x) * (Lambda * (m + x * x * longer) / (2 * idle * idle) + residence + 0.5 * dx / idle);
            sjf += dx * sizes.Density(x) * (x + Lambda * sizes.SecondMoment / (2 * idle * idle));
            fb += dx * sizes.Density(x) * (x / shared + Lambda * (m + x * x * longer) / (2 * shared * shared));
            residence += dx / idle;
        }

        Assert.Equal(srpt, Evaluate(QueueingPolicy.Srpt, Lambda, text).MeanResponse!.Value, 2e-5 * srpt);
        Assert.Equal(sjf, Evaluate(QueueingPolicy.Sjf, Lambda, text).MeanResponse!.Value, 2e-5 * sjf);
        Assert.Equal(fb, Evaluate(QueueingPolicy.LeastAttained, Lambda, text).MeanResponse!.Value, 2e-5 * fb);
    }

    [Theory]
    [InlineData("erlang:3", "perfect", 0.8)]
    [InlineData("weibull:0.6", "exp", 0.5)]
    [InlineData("lognormal:0.3", "lognormal:0.1", 0.8)]
    [InlineData("lognormal:1", "lognormal:1", 0.2)]
    [InlineData("hyperexp:0.9,0.5,5.5", "exp", 1)]
    [InlineData("trace", "perfect", 1)]
    [InlineData("trace", "perfect", 0.6)]
    [InlineData("trace", "perfect", 0)]
    [InlineData("trace", "exp", 0.5)]
    [InlineData("trace", "lognormal:0.2", 0.8)]
    public void Limited_preemption_is_what_a_simulation_measures(string sizes, string predictions, double c)
    {
        var formula = Evaluate(QueueingPolicy.LimitedSprpt, 0.7, sizes, predictions, c);
        var measured = QueueSimulation.Run(0.7, Sizes(sizes), PredictionModel.Parse(predictions, "predictions"), c);

        Measured(formula, measured);
    }

    [Theory]
    [InlineData("weibull:0.6")]
    [InlineData("trace")]
    public void Preemption_by_size_is_what_a_simulation_measures(string sizes) => Measured(
        Evaluate(QueueingPolicy.Psjf, 0.7, sizes),
        QueueSimulation.Run(0.7, Sizes(sizes), PredictionModel.Perfect, double.PositiveInfinity, falls: false));

    [Fact]
    public void Sharing_among_ages_with_atoms_is_its_definition()
    {
        // E[T] over the atoms, and mean KV = lambda (E[X T(X)] - integral of P(X > a) T(a) da).
        const double Lambda = 0.95;
        double T(double a)
        {
            var longer = 1 - Tied.Cdf(a);
            var idle = 1 - Lambda * (Tied.PartialMoment(1, a) + a * longer);
            return a / idle + Lambda * (Tied.PartialMoment(2, a) + a * a * longer) / (2 * idle * idle);
        }

        var (x, weights) = Tied.Rule();
        var response = x.Zip(weights, (x, w) => w * T(x)).Sum();
        const int Steps = 50_000;
        var step = x[^1] / Steps;
        var integral = Enumerable.Range(0, Steps).Select(i => (i + 0.5) * step).Sum(a => step * (1 - Tied.Cdf(a)) * T(a));
        var result = Evaluate(QueueingPolicy.LeastAttained, Lambda, "trace");

        Assert.Equal(response, result.MeanResponse!.Value, 1e-6 * response);
        Assert.Equal(Lambda * (x.Zip(weights, (x, w) => w * x * T(x)).Sum() - integral), result.MeanKv!.Value, 1e-4);
    }

    [Theory]
    [InlineData(QueueingPolicy.LimitedSprpt, "perfect")]
    [InlineData(QueueingPolicy.LimitedSprpt, "exp")]
    [InlineData(QueueingPolicy.LimitedSprpt, "lognormal:0.5")]
    [InlineData(QueueingPolicy.Psjf, "perfect")]
    [InlineData(QueueingPolicy.LeastAttained, "perfect")]
    public void Many_exponential_atoms_are_the_exponential_law(QueueingPolicy policy, string predictions)
    {
        // The largest atom stands for the tail beyond it, so n atoms lose about ln(n)^2 / n of the second moment.
        var n = predictions == "perfect" ? 20_000 : 1000;
        var atoms = SizeDistribution.Empirical([.. Enumerable.Range(0, n).Select(i => -Math.Log(1 - (i + 0.5) / n))]);
        var empirical = QueueingFormulas.Evaluate(policy, 0.7, atoms, PredictionModel.Parse(predictions, "predictions"), 0.8, 1);

        Near(Evaluate(policy, 0.7, "exp", predictions, 0.8), empirical, 10.0 / n);
    }

    [Fact]
    public void A_tiny_error_is_no_error()
    {
        foreach (var sizes in new[] { "exp", "lognormal:0.05", "erlang:500" })
        {
            Near(Evaluate(QueueingPolicy.LimitedSprpt, 0.8, sizes, "perfect", 0.8),
                Evaluate(QueueingPolicy.LimitedSprpt, 0.8, sizes, "lognormal:0.01", 0.8), 0.02);
        }
    }

    [Fact]
    public void Equal_laws_under_two_names_agree()
    {
        foreach (var predictions in new[] { "perfect", "exp", "lognormal:0.5" })
        {
            var exponential = Evaluate(QueueingPolicy.LimitedSprpt, 0.9, "exp", predictions, 0.5);
            Near(exponential, Evaluate(QueueingPolicy.LimitedSprpt, 0.9, "weibull:1", predictions, 0.5), 1e-6);
            Near(exponential, Evaluate(QueueingPolicy.LimitedSprpt, 0.9, "erlang:1", predictions, 0.5), 1e-6);
            Near(exponential, Evaluate(QueueingPolicy.LimitedSprpt, 0.9, "hyperexp:0.3,2,2", predictions, 0.5), 1e-6);
        }
    }

    [Fact]
    public void What_theory_does_not_know_is_null_with_a_reason()
    {
        var refined = Evaluate(QueueingPolicy.RefinedLimitedSprpt, 0.5);
        Assert.Null(refined.MeanResponse ?? refined.MeanKv ?? refined.PreemptionsPerJob);
        Assert.NotNull(refined.Unknown);
        foreach (var policy in Enum.GetValues<QueueingPolicy>())
        {
            var two = Evaluate(policy, 0.5, "erlang:2", servers: 2);
            Assert.Null(two.MeanResponse);
            Assert.NotNull(two.Unknown);
        }

        Assert.Equal(0.75, Evaluate(QueueingPolicy.Spjf, 0.5, "erlang:2", servers: 2).MeanKv!.Value, 1e-12);
        Assert.Null(Evaluate(QueueingPolicy.Fcfs, 0.5, servers: 2).Unknown);
        Assert.Null(Evaluate(QueueingPolicy.ProcessorSharing, 0.5).PreemptionsPerJob);
        Assert.Throws<ArgumentOutOfRangeException>(() => Evaluate(QueueingPolicy.Fcfs, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Evaluate(QueueingPolicy.LimitedSprpt, 0.5, c: 1.5));
    }

    private static SizeDistribution Sizes(string text) => text == "trace" ? Tied : SizeDistribution.Parse(text, "sizes");

    private static QueueingResult Evaluate(QueueingPolicy policy, double lambda, string sizes = "exp",
        string predictions = "perfect", double c = 0.3, int servers = 1) => QueueingFormulas.Evaluate(policy, lambda, Sizes(sizes),
            PredictionModel.Parse(predictions, "predictions"), c, servers);

    private static void Near(QueueingResult expected, QueueingResult actual, double relative)
    {
        Assert.Equal(expected.MeanResponse!.Value, actual.MeanResponse!.Value, relative * expected.MeanResponse!.Value);
        Assert.Equal(expected.MeanKv!.Value, actual.MeanKv!.Value, relative * expected.MeanKv!.Value);
        Assert.Equal(expected.PreemptionsPerJob ?? 0, actual.PreemptionsPerJob ?? 0, relative);
    }

    private static void Measured(QueueingResult formula, (double Mean, double StandardError)[] measured)
    {
        Assert.Equal(formula.MeanResponse!.Value, measured[0].Mean, 4 * measured[0].StandardError);
        Assert.Equal(formula.MeanKv!.Value, measured[1].Mean, 4 * measured[1].StandardError);
        Assert.Equal(formula.PreemptionsPerJob!.Value, measured[2].Mean, 4 * measured[2].StandardError + 1e-12);
    }
}
