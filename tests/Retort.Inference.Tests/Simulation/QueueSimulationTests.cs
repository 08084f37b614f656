using CsCheck;
using Retort.Inference.Scheduling;
using Retort.Inference.Simulation;
using Retort.Inference.Tests.Scheduling;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Simulation;

public sealed class QueueSimulationTests
{
    private static readonly SchedulerPolicy Half = new() { Order = OrderingKey.PredictedRemaining, Preemption = PreemptionRule.Limited(0.5) };

    private static readonly SchedulerPolicy[] Policies =
    [
        new(),
        new() { Order = OrderingKey.PredictedLength },
        Half,
        Half with { Preemption = PreemptionRule.Limited(0) },
        Half with { Preemption = PreemptionRule.Always },
    ];

    [Fact]
    public void The_papers_example_comes_out_as_it_says()
    {
        // Section 3.6: ends at 15, 5, 9, and at 13, 5, 15 if the third arrives one later.
        Assert.Equal([15, 3, 2], Responses(new(Half) { TokensPerUnit = 1 }, [new(0, 10, 10), new(2, 3, 3), new(5, 2, 2)], out var window));
        Assert.Equal((2, 15, 15), (window.NumPreemptions, window.NumTokens, window.Elapsed));
        // Ages over time: X alone to 2, X and Y to 5, X to 7, X and Z to 9, X to 15.
        Assert.Equal(2 + (6 + 4.5) + (4 + 2) + (8 + 2) + (24 + 18), window.KvTime);
        Assert.Equal([13, 3, 7], Responses(new(Half) { TokensPerUnit = 1 }, [new(0, 10, 10), new(2, 3, 3), new(6, 2, 2)], out _));
    }

    [Fact]
    public void Processor_sharing_gives_all_jobs_equal_parts_of_the_servers()
    {
        var one = new QueueSimulationSettings(new SchedulerPolicy()) { SharesProcessor = true, TokensPerUnit = 1000 };
        Assert.Equal([6, 4], Rounded(Responses(one, [new(0, 4, 4), new(0, 2, 2)], out _)));
        Assert.Equal([7, 5.5, 1.5], Rounded(Responses(one, [new(0, 4, 4), new(1, 2.5, 2.5), new(0, 0.5, 0.5)], out _)));
        Assert.Equal([5, 3, 3], Rounded(Responses(one with { Servers = 2 }, [new(0, 4, 4), new(0, 2, 2), new(0, 2, 2)], out _)));
    }

    [Fact]
    public void Jumping_from_event_to_event_serves_as_going_token_by_token_does()
    {
        var job = Gen.Select(Gen.Int[0, 12], Gen.Int[1, 20], Gen.Int[1, 20]);
        Gen.Select(job.Array[1, 40], Gen.Int[0, Policies.Length - 1], Gen.Int[1, 3]).Sample((jobs, policy, servers) =>
        {
            var (unit, at) = (new List<Job>(), 0);
            foreach (var (gap, size, prediction) in jobs)
            {
                unit.Add(new Job(at += gap, size, prediction));
            }

            var ends = UnitClock.Finish(Policies[policy], new SchedulerLimits(servers, servers), unit);
            var settings = new QueueSimulationSettings(Policies[policy], servers) { TokensPerUnit = 1 };
            var responses = Responses(settings, [.. jobs.Select(j => new VirtualJob(j.Item1, j.Item2, j.Item3))], out var window);
            Assert.Equal(ends.Select((end, i) => (double)(end - unit[i].Arrival)), responses);
            Assert.Equal((jobs.Length, jobs.Length), (window.NumArrivals, window.NumCompleted));
            Assert.Equal(jobs.Sum(j => j.Item2), window.NumTokens);
        });
    }

    /// <summary>Each job's response time; every job is completed once.</summary>
    private static double[] Responses(QueueSimulationSettings settings, VirtualJob[] jobs, out QueueWindow window)
    {
        var next = 0;
        var responses = Enumerable.Repeat(double.NaN, jobs.Length).ToArray();
        var queue = new QueueSimulation(settings, () => next < jobs.Length ? jobs[next++] : new VirtualJob(double.PositiveInfinity, 1, 1))
        {
            Completed = (job, response) => responses[job] = double.IsNaN(responses[job]) ? response : throw new InvalidOperationException("completed twice"),
        };
        // In parts, which changes nothing.
        window = queue.Run(2) + queue.Run(3) + queue.Run(long.MaxValue);
        return responses;
    }

    private static IEnumerable<double> Rounded(double[] values) => values.Select(value => Math.Round(value, 2));
}

[Collection(nameof(Alone))]
public sealed class QueueSimulationMemoryTests
{
    [Fact]
    public void Jobs_of_a_queue_that_has_been_as_long_before_allocate_nothing()
    {
        var drawn = 0;
        // Long and short jobs faster than they can be served, then time to end them all.
        var queue = new QueueSimulation(
            new(new() { Order = OrderingKey.PredictedRemaining, Preemption = PreemptionRule.Always }),
            () => drawn++ % 64 == 0 ? new VirtualJob(200, 1, 1) : drawn % 2 == 0 ? new VirtualJob(0.5, 4, 4) : new VirtualJob(0.5, 0.25, 0.25));
        queue.Run(1000);
        Assert.Equal(0, Alone.AllocatedBytes(() => Assert.True(queue.Run(1000).NumPreemptions > 50)));
    }
}
