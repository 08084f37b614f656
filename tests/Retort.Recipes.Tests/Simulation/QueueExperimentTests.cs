using Retort.Analysis.Queueing;
using Retort.Recipes.Simulation;

namespace Retort.Recipes.Tests.Simulation;

/// <summary>The engine's scheduler against the paper's sheet (section 4.4) and the closed forms. Seeds are fixed: what passes always does.</summary>
public sealed class QueueExperimentTests
{
    private static QueueSettings Settings(
        string policy, double lambda, double c = 0.8, string sizes = "exp", string predictions = "perfect", int servers = 1, long jobs = 256_000) => new()
        {
            Policy = policy,
            Lambda = lambda,
            C = c,
            Sizes = SizeDistribution.Parse(sizes, "sizes"),
            Predictions = PredictionModel.Parse(predictions, "predictions"),
            Servers = servers,
            Jobs = jobs,
        };

    [Theory]
    [InlineData("fcfs", 0.8, 0, "exp", "perfect", 1, 5.0)]
    [InlineData("ps", 0.8, 0, "exp", "perfect", 1, 5.0)]
    [InlineData("sjf", 0.8, 0, "exp", "perfect", 1, 2.88222)]
    [InlineData("trail", 0.8, 0.2, "exp", "perfect", 1, 2.63801)]
    [InlineData("trail", 0.8, 0.8, "exp", "perfect", 1, 2.35830)]
    [InlineData("trail", 0.8, 0.8, "exp", "exp", 1, 3.14296)]
    [InlineData("trail", 0.95, 0.8, "exp", "exp", 1, 8.41118)]
    [InlineData("srpt", 0.8, 0, "exp", "perfect", 1, 2.35277)]
    [InlineData("sprpt", 0.9, 0, "exp", "exp", 1, 5.09853)]
    [InlineData("trail", 0.8, 0.5, "hyperexp:0.9,0.5,5.5", "perfect", 1, 2.8007)]
    [InlineData("srpt", 0.8, 0, "hyperexp:0.9,0.5,5.5", "perfect", 1, 2.1847)]
    [InlineData("fcfs", 0.9, 0, "exp", "perfect", 4, 2.96938)]
    [InlineData("fcfs", 0.7, 0, "exp", "perfect", 8, 1.11275)]
    public void The_sheets_mean_response_times_come_out(
        string policy, double lambda, double c, string sizes, string predictions, int servers, double reference)
    {
        var measured = QueueExperiment.Run(Settings(policy, lambda, c, sizes, predictions, servers), 2, null, TestContext.Current.CancellationToken);
        Assert.InRange((measured.MeanResponse.Mean - reference) / measured.MeanResponse.StandardError, -3, 3);
        Assert.InRange(measured.MeanResponse.StandardError / measured.MeanResponse.Mean, 0.0005, 0.05);
    }

    [Theory]
    [InlineData("fcfs", 0.6, 0, "weibull:0.7", "perfect", 1)]
    [InlineData("ps", 0.7, 0, "erlang:3", "perfect", 1)]
    [InlineData("sjf", 0.7, 0, "lognormal:1", "lognormal:0.6", 1)]
    [InlineData("sjf", 0.8, 0, "weibull:2", "exp", 3)]
    [InlineData("srpt", 0.7, 0, "weibull:0.7", "perfect", 1)]
    [InlineData("sprpt", 0.7, 0, "erlang:3", "lognormal:0.5", 1)]
    [InlineData("trail", 0.8, 0.5, "lognormal:1", "lognormal:0.6", 1)]
    [InlineData("trail", 0.8, 0.2, "exp", "exp", 1)]
    [InlineData("trail", 0.5, 1, "erlang:10", "exp", 1)]
    [InlineData("trail", 0.8, 0, "hyperexp:0.9,0.5,5.5", "exp", 1)]
    public void Closed_forms_and_simulation_agree_in_all_that_is_known(
        string policy, double lambda, double c, string sizes, string predictions, int servers)
    {
        var queue = QueueComparison.Of(Settings(policy, lambda, c, sizes, predictions, servers), 2, null, TestContext.Current.CancellationToken);
        foreach (var (formula, simulation) in new[]
        {
            (queue.Formula.MeanResponse, queue.Simulation.MeanResponse), (queue.Formula.MeanKv, queue.Simulation.MeanKv),
            (queue.Formula.PreemptionsPerJob, queue.Simulation.PreemptionsPerJob),
        })
        {
            if (formula is { } known)
            {
                Assert.InRange(simulation.Mean, known - 3.5 * simulation.StandardError, known + 3.5 * simulation.StandardError);
            }
        }

        Assert.NotNull(queue.Formula.MeanKv);
    }

    [Fact]
    public void A_list_of_sizes_is_served_as_its_formula_says()
    {
        var settings = Settings("trail", 0.8, 0.5) with { Sizes = SizeDistribution.Empirical([1, 1, 2, 3, 5, 8, 13]) };
        var queue = QueueComparison.Of(settings, 2, null, TestContext.Current.CancellationToken);
        Assert.InRange((queue.Simulation.MeanResponse.Mean - queue.Formula.MeanResponse!.Value) / queue.Simulation.MeanResponse.StandardError, -3, 3);
    }

    [Fact]
    public void Threads_change_no_bit_and_seeds_do()
    {
        var settings = Settings("trail", 0.9, predictions: "exp", jobs: 64_000);
        var one = QueueExperiment.Run(settings, 1, null, TestContext.Current.CancellationToken);
        var four = QueueExperiment.Run(settings, 4, null, TestContext.Current.CancellationToken);
        Assert.Equal(one with { Notes = four.Notes }, four);
        Assert.Equal(one.Notes, four.Notes);
        Assert.NotEqual(one.MeanResponse, QueueExperiment.Run(settings with { Seed = 2 }, 1, null, TestContext.Current.CancellationToken).MeanResponse);
    }

    [Fact]
    public void It_goes_on_until_the_error_is_small_enough_and_says_when_it_gave_up()
    {
        var settings = Settings("trail", 0.5, jobs: 0) with { TargetError = 0.004 };
        var measured = QueueExperiment.Run(settings, 2, null, TestContext.Current.CancellationToken);
        Assert.True(measured.MeanResponse.StandardError <= 0.004 * measured.MeanResponse.Mean);
        Assert.Empty(measured.Notes);
        var capped = QueueExperiment.Run(settings with { TargetError = 1e-5, MostJobs = 640_000 }, 2, null, TestContext.Current.CancellationToken);
        Assert.InRange(capped.Jobs, 630_000, 650_000);
        Assert.Contains("the most run", Assert.Single(capped.Notes));
    }

    [Fact]
    public void Standard_errors_are_what_they_say()
    {
        // Deviations from the closed form in standard errors over 60 seeds: a standard normal variable, nearly.
        var formula = QueueComparison.Of(Settings("trail", 0.7, predictions: "exp", jobs: 6_400), 1, null, TestContext.Current.CancellationToken).Formula.MeanResponse!.Value;
        var squares = Enumerable.Range(1, 60).Select(seed =>
        {
            var settings = Settings("trail", 0.7, predictions: "exp", jobs: 64_000) with { Seed = (ulong)seed };
            var response = QueueExperiment.Run(settings, 2, null, TestContext.Current.CancellationToken).MeanResponse;
            return (response.Mean - formula) / response.StandardError;
        }).ToArray();
        Assert.InRange(squares.Average(), -0.4, 0.4);
        Assert.InRange(squares.Sum(z => z * z) / squares.Length, 0.6, 1.6);
    }
}
