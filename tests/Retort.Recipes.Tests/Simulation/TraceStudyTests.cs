using Retort.Analysis.Queueing;
using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;
using Retort.Recipes.Simulation;

namespace Retort.Recipes.Tests.Simulation;

public sealed class TraceStudyTests
{
    /// <summary>The sheet's lengths (section 7.4): log-normal, median 40, sigma 1, at most 256.</summary>
    private static TracedRequest[] Lengths(int count)
    {
        var random = CounterRandom.For(1, "lengths");
        var lengths = new TracedRequest[count];
        for (var i = 0; i < count; i++)
        {
            lengths[i] = new(Math.Clamp(Math.Round(40 * ExactMath.Exp(random.NextGaussian())), 1, 256), 16, i);
        }

        return lengths;
    }

    private static TraceStudySettings Settings(params string[] policies) => new()
    {
        Trace = Lengths(3000),
        Policies = [.. policies.Select(name => NamedScheduler.Get(name))],
        Engine = new VirtualEngineSettings { Policy = new(), Cost = new(0.012, 0.0002, 0.00002, 0) },
        Predictions = PredictionModel.Parse("lognormal:0.6", "predictions"),
        Seeds = 3,
    };

    [Fact]
    public void With_memory_to_spare_the_policies_come_in_the_sheets_order()
    {
        var outcome = TraceStudy.Run(Settings("fcfs", "sjf", "trail", "srpt") with { Seeds = 5 }, 2, TestContext.Current.CancellationToken);
        var (fcfs, sjf, trail, srpt) = (outcome.Policies[0], outcome.Policies[1], outcome.Policies[2], outcome.Policies[3]);
        Assert.True(srpt.EndToEnd.Mean <= trail.EndToEnd.Mean, "the oracle is first");
        Assert.True(trail.EndToEnd.Mean < sjf.EndToEnd.Mean, "preemption and refinement gain on ordering alone");
        Assert.True(sjf.EndToEnd.Mean < fcfs.EndToEnd.Mean, "ordering gains on none");
        Assert.True(trail.FirstTokenGain.Low > 3, "section 7.5: TTFT gains at least 3x");
        Assert.True(trail.EndToEndGain.Low > 1, "end to end, too");
        Assert.True(trail.EndToEnd.P99 > fcfs.EndToEnd.P99, "and the tail pays");
        Assert.Equal((0, 0), (fcfs.PreemptionsPerRequest, trail.RecomputedPerRequest));
        Assert.Equal(0.95 * outcome.SaturatedPerSecond, outcome.RequestsPerSecond, 9);
        Assert.All(outcome.Policies, policy => Assert.InRange(policy.RequestsPerSecond / outcome.RequestsPerSecond, 0.9, 1.1));
        Assert.Equal(0.00002 / (0.012 / 8 + 0.0002), outcome.Kappa, 9);
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        var settings = Settings("fcfs", "trail") with { Requests = 500, Seeds = 2 };
        Assert.Equal(
            TraceStudy.Run(settings, 1, TestContext.Current.CancellationToken).Policies,
            TraceStudy.Run(settings, 4, TestContext.Current.CancellationToken).Policies);
    }

    [Fact]
    public void With_tight_memory_and_dear_recomputation_preemption_costs_more_than_it_gains()
    {
        // Section 7.4, compute-bound, load 0.7 of the roomy rate, 640 tokens.
        var settings = Settings("fcfs", "rp-sprpt") with { Requests = 2000, Seeds = 2, Load = 0.7 };
        settings = settings with { Engine = settings.Engine with { Cost = new(0.002, 0.0005, 0.0005, 0) } };
        var roomy = TraceStudy.Run(settings, 2, TestContext.Current.CancellationToken);
        Assert.True(roomy.Policies[1].EndToEnd.Mean < roomy.Policies[0].EndToEnd.Mean);
        var tight = TraceStudy.Run(
            settings with { RequestsPerSecond = roomy.RequestsPerSecond, Engine = settings.Engine with { KvTokens = 640 } }, 2,
            TestContext.Current.CancellationToken);
        Assert.True(tight.Policies[1].EndToEnd.Mean > tight.Policies[0].EndToEnd.Mean);
        Assert.True(tight.Policies[1].RecomputedPerRequest > 20);
        Assert.InRange(tight.Policies[1].PeakKvTokens, 500, 640);
    }

    [Fact]
    public void Recorded_arrivals_keep_their_order_and_take_the_rate_asked_for()
    {
        var settings = Settings("fcfs", "trail") with { RecordedArrivals = true, Seeds = 2, RequestsPerSecond = 2 };
        var outcome = TraceStudy.Run(settings, 2, TestContext.Current.CancellationToken);
        // Evenly spaced and far below what it can serve: nobody waits for more than a step.
        Assert.Equal(2, outcome.RequestsPerSecond);
        Assert.InRange(outcome.Policies[0].RequestsPerSecond, 1.98, 2.02);
        Assert.True(outcome.Policies[0].Queued.P99 < 0.02);
    }
}
