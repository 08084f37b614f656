using Retort.Analysis.Queueing;

namespace Retort.Analysis.Tests.Queueing;

/// <summary>Every number of the tables of papers/10-trail.md, section 4.4, to the digits printed there.</summary>
public sealed class QueueingTableTests
{
    private const string Mixed = "hyperexp:0.9,0.5,5.5";

    private static readonly double[] Cs = [0, 0.2, 0.5, 0.8, 1];

    public static TheoryData<double, double, double[], double, double[]> ExponentialSizes => new()
    {
        // lambda; FCFS = PS = FB; perfect, by C; PSJF; exponential predictions, by C
        { 0.50, 2.00000, [1.71269, 1.58506, 1.47017, 1.42878, 1.42537], 1.53138, [1.79481, 1.70285, 1.67262, 1.66157, 1.65828] },
        { 0.70, 3.33333, [2.31220, 2.11359, 1.93969, 1.87938, 1.87457], 2.08387, [2.57258, 2.42591, 2.38863, 2.37353, 2.36883] },
        { 0.80, 5.00000, [2.88222, 2.63801, 2.42886, 2.35830, 2.35277], 2.65890, [3.37579, 3.19421, 3.15966, 3.14296, 3.13752] },
        { 0.90, 10.00000, [4.19691, 3.89176, 3.63996, 3.55838, 3.55213], 4.05177, [5.36102, 5.13833, 5.12227, 5.10471, 5.09853] },
        { 0.95, 20.00000, [6.26396, 5.91395, 5.63514, 5.54763, 5.54101], 6.26476, [8.65369, 8.41414, 8.42857, 8.41118, 8.40462] },
    };

    [Theory]
    [MemberData(nameof(ExponentialSizes))]
    public void Mean_response_with_exponential_sizes(
        double lambda, double fcfs, double[] perfect, double psjf, double[] exponential)
    {
        foreach (var policy in new[] { QueueingPolicy.Fcfs, QueueingPolicy.ProcessorSharing, QueueingPolicy.LeastAttained })
        {
            Printed(fcfs, Evaluate(policy, lambda).MeanResponse, 5);
        }

        Printed(psjf, Evaluate(QueueingPolicy.Psjf, lambda).MeanResponse, 5);
        Printed(perfect[0], Evaluate(QueueingPolicy.Sjf, lambda).MeanResponse, 5);
        Printed(perfect[^1], Evaluate(QueueingPolicy.Srpt, lambda).MeanResponse, 5);
        Printed(exponential[0], Evaluate(QueueingPolicy.Spjf, lambda, predictions: "exp").MeanResponse, 5);
        Printed(exponential[^1], Evaluate(QueueingPolicy.Sprpt, lambda, predictions: "exp").MeanResponse, 5);
        for (var i = 0; i < Cs.Length; i++)
        {
            Printed(perfect[i], Evaluate(QueueingPolicy.LimitedSprpt, lambda, c: Cs[i]).MeanResponse, 5);
            Printed(exponential[i], Evaluate(QueueingPolicy.LimitedSprpt, lambda, predictions: "exp", c: Cs[i]).MeanResponse, 5);
        }
    }

    [Theory]
    [InlineData(0.5, 0, 0.50000, 0, 0.50000, 0)]
    [InlineData(0.5, 0.5, 0.54927, 0.16667, 0.59854, 0.16661)]
    [InlineData(0.5, 0.8, 0.58241, 0.23333, 0.62519, 0.20331)]
    [InlineData(0.5, 1, 0.58714, 0.25000, 0.62881, 0.21071)]
    [InlineData(0.8, 0, 0.80000, 0, 0.80000, 0)]
    [InlineData(0.8, 0.2, 0.84558, 0.11556, 0.96004, 0.12991)]
    [InlineData(0.8, 0.5, 0.99955, 0.26667, 1.27572, 0.26657)]
    [InlineData(0.8, 0.8, 1.10682, 0.37333, 1.37023, 0.32529)]
    [InlineData(0.8, 1, 1.11964, 0.40000, 1.38059, 0.33713)]
    [InlineData(0.95, 0.2, 1.07446, 0.13722, 1.53638, 0.15427)]
    [InlineData(0.95, 0.5, 1.41841, 0.31667, 2.40853, 0.31655)]
    [InlineData(0.95, 0.8, 1.60192, 0.44333, 2.58219, 0.38628)]
    [InlineData(0.95, 1, 1.62061, 0.47500, 2.59777, 0.40034)]
    public void Mean_kv_and_preemptions(
        double lambda, double c, double kv, double preemptions, double guessedKv, double guessedPreemptions)
    {
        var perfect = Evaluate(QueueingPolicy.LimitedSprpt, lambda, c: c);
        var guessed = Evaluate(QueueingPolicy.LimitedSprpt, lambda, predictions: "exp", c: c);

        Printed(kv, perfect.MeanKv, 5);
        Printed(preemptions, perfect.PreemptionsPerJob, 5);
        Printed(guessedKv, guessed.MeanKv, 5);
        Printed(guessedPreemptions, guessed.PreemptionsPerJob, 5);
    }

    [Theory]
    [InlineData(0.5, 4.2500, 2.0000, 1.7602, 1.4779, new[] { 2.9904, 2.3838, 1.7537, 1.4475, 1.4047 })]
    [InlineData(0.8, 14.0000, 5.0000, 3.7310, 2.4134, new[] { 5.0580, 3.9429, 2.8007, 2.2579, 2.1847 })]
    [InlineData(0.9, 30.2500, 10.0000, 6.7888, 3.4884, new[] { 6.5181, 5.1757, 3.8162, 3.1792, 3.0947 })]
    public void Mean_response_with_hyperexponential_sizes(
        double lambda, double fcfs, double ps, double fb, double psjf, double[] byC)
    {
        Printed(fcfs, Evaluate(QueueingPolicy.Fcfs, lambda, Mixed).MeanResponse, 4);
        Printed(ps, Evaluate(QueueingPolicy.ProcessorSharing, lambda, Mixed).MeanResponse, 4);
        Printed(fb, Evaluate(QueueingPolicy.LeastAttained, lambda, Mixed).MeanResponse, 4);
        Printed(psjf, Evaluate(QueueingPolicy.Psjf, lambda, Mixed).MeanResponse, 4);
        for (var i = 0; i < Cs.Length; i++)
        {
            Printed(byC[i], Evaluate(QueueingPolicy.LimitedSprpt, lambda, Mixed, c: Cs[i]).MeanResponse, 4);
        }
    }

    [Fact]
    public void Mean_kv_with_hyperexponential_sizes_is_what_the_paper_sheet_simulated()
    {
        double[] simulated = [2.60, 2.80, 3.60, 4.51, 4.82];
        for (var i = 0; i < Cs.Length; i++)
        {
            Assert.Equal(simulated[i], Evaluate(QueueingPolicy.LimitedSprpt, 0.8, Mixed, c: Cs[i]).MeanKv!.Value, 0.03);
        }
    }

    [Theory]
    [InlineData(2, new[] { 1.33333, 1.96078, 2.77778, 5.26316, 10.25641 })]
    [InlineData(4, new[] { 1.08696, 1.35721, 1.74554, 2.96938, 5.45709 })]
    [InlineData(8, new[] { 1.01476, 1.11275, 1.28603, 1.87692, 3.11042 })]
    [InlineData(16, new[] { 1.00113, 1.02702, 1.09528, 1.36959, 1.97524 })]
    public void Mean_response_with_several_servers(int servers, double[] byLoad)
    {
        double[] loads = [0.5, 0.7, 0.8, 0.9, 0.95];
        for (var i = 0; i < loads.Length; i++)
        {
            Printed(byLoad[i], Evaluate(QueueingPolicy.Fcfs, loads[i], servers: servers).MeanResponse, 5);
        }
    }

    private static QueueingResult Evaluate(QueueingPolicy policy, double lambda, string sizes = "exp",
        string predictions = "perfect", double c = 0.3, int servers = 1) => QueueingFormulas.Evaluate(policy, lambda,
            SizeDistribution.Parse(sizes, "sizes"), PredictionModel.Parse(predictions, "predictions"), c, servers);

    // Three quarters of the last digit, not half: three entries at load 0.95 with exponential predictions (8.40462, 2.40853 and
    // 2.59777; finer rules than ours give 8.404625, 2.408537 and 2.597776) are printed one too low.
    private static void Printed(double expected, double? actual, int decimals) =>
        Assert.Equal(expected, actual!.Value, 0.75 * Math.Pow(10, -decimals));
}
