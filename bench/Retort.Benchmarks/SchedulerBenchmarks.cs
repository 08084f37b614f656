using BenchmarkDotNet.Attributes;
using Retort.Inference.Kv;
using Retort.Inference.Scheduling;

namespace Retort.Benchmarks;

/// <summary>
/// One decision of the scheduler with many live sequences, 8 or 64 places, pages enough for a few of them, and predictions that jump
/// about, so that places and pages change hands all the time.
/// </summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    private Scheduler scheduler = null!;

    [Params(100, 1000)]
    public int Live { get; set; }

    [Params(8, 64)]
    public int Places { get; set; }

    [Params("fcfs", "trail")]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        scheduler = new Scheduler(NamedScheduler.Get(Policy).Policy, new SchedulerLimits(Places, Places + 64), new PagedKv(40 * Places));
        for (var i = 0; i < Live; i++)
        {
            var length = 300 + 7 * i % 701;
            scheduler.Add(new ScheduledSequence
            {
                Order = i,
                NumPromptTokens = 4,
                MaxLength = 512,
                PredictedLength = length,
                PredictedRemaining = length,
            });
        }
    }

    [Benchmark]
    public int Decide()
    {
        var plan = scheduler.Plan();
        foreach (var rows in plan.Rows)
        {
            var (sequence, draws) = (rows.Sequence, rows.Draws);
            sequence.NumCached += rows.NumTokens;
            if (draws)
            {
                sequence.PredictedRemaining = 200 + (sequence.PredictedRemaining * 7 + sequence.Order) % 1000;
                sequence.NumGenerated = (sequence.NumGenerated + 1) % 200;
                sequence.NumCached = sequence.NumPromptTokens + sequence.NumGenerated - 1;
            }
        }

        return plan.NumTokens;
    }
}
