using Retort.Inference.Kv;
using Retort.Inference.Scheduling;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Scheduling;

[Collection(nameof(Alone))]
public sealed class SchedulerMemoryTests
{
    [Fact]
    public void Decisions_with_a_thousand_live_sequences_allocate_nothing()
    {
        var policy = new SchedulerPolicy { Order = OrderingKey.PredictedRemaining, Preemption = PreemptionRule.Limited(0.8) };
        var scheduler = new Scheduler(policy, new SchedulerLimits(8, 64), new PagedKv(400));
        for (var i = 0; i < 1000; i++)
        {
            var length = 300 + 7 * i % 701;
            scheduler.Add(new ScheduledSequence
            {
                Order = i,
                NumPromptTokens = 4,
                MaxLength = 2000,
                PredictedLength = length,
                PredictedRemaining = length,
            });
        }

        Decide();
        Assert.Equal(0, Alone.AllocatedBytes(Decide));
        Assert.True(scheduler.NumPreemptions > 100);

        void Decide()
        {
            for (var step = 0; step < 100; step++)
            {
                foreach (var rows in scheduler.Plan().Rows)
                {
                    var sequence = rows.Sequence;
                    var draws = rows.Draws;
                    sequence.NumCached += rows.NumTokens;
                    if (draws)
                    {
                        // Predictions jump about, so that places change hands all the time.
                        sequence.PredictedRemaining = 200 + (sequence.PredictedRemaining * 7 + sequence.Order) % 1000;
                        sequence.NumGenerated = (sequence.NumGenerated + 1) % 200;
                        sequence.NumCached = sequence.NumPromptTokens + sequence.NumGenerated - 1;
                    }
                }
            }
        }
    }
}
