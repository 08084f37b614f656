using Retort.Inference.Kv;
using Retort.Inference.Scheduling;

namespace Retort.Inference.Tests.Scheduling;

/// <summary>
/// A job for <see cref="UnitClock"/>: arrival and output length in tokens, and what a predictor says of it. Its text is one letter over
/// and over, so that jobs of a letter share pages through a prefix cache.
/// </summary>
internal sealed record Job(int Arrival, int Length, double? Predicted = null, int Prompt = 1, int Priority = 0, int Letter = 0);

/// <summary>Runs jobs through a scheduler, a step a unit of time, with predictions that fall by one a token.</summary>
internal static class UnitClock
{
    /// <summary>When each job's last token is out. <paramref name="check"/> sees every plan before it is carried out.</summary>
    public static int[] Finish(
        SchedulerPolicy policy, SchedulerLimits limits, IReadOnlyList<Job> jobs, IKvLedger? kv = null,
        Action<Scheduler, StepPlan>? check = null)
    {
        kv ??= new UnlimitedKv();
        var scheduler = new Scheduler(policy, limits, kv);
        var finish = new int[jobs.Count];
        var order = Enumerable.Range(0, jobs.Count).OrderBy(i => jobs[i].Arrival).ToArray();
        var next = 0;
        for (var now = 0; next < order.Length || scheduler.IsBusy; now++)
        {
            for (; next < order.Length && jobs[order[next]].Arrival <= now; next++)
            {
                var job = jobs[order[next]];
                scheduler.Add(new Text(job)
                {
                    Order = order[next],
                    ArrivalSeconds = job.Arrival,
                    NumPromptTokens = job.Prompt,
                    MaxLength = job.Prompt + job.Length,
                    Priority = job.Priority,
                    PredictedLength = job.Predicted ?? job.Length,
                    PredictedRemaining = job.Predicted ?? job.Length,
                });
            }

            Assert.True(now < 1_000_000, "it ends");
            var plan = scheduler.Plan();
            check?.Invoke(scheduler, plan);
            (kv as PagedKv)?.ClearTransfers();
            Assert.True(plan.NumTokens > 0 || !scheduler.IsBusy, "somebody always gets on");
            foreach (var rows in plan.Rows.ToArray())
            {
                var (sequence, draws) = (rows.Sequence, rows.Draws);
                sequence.NumCached += rows.NumTokens;
                (kv as PagedKv)?.Register(sequence);
                if (!draws)
                {
                    continue;
                }

                sequence.NumGenerated++;
                var job = jobs[(int)sequence.Order];
                sequence.PredictedRemaining = Math.Max(0, (job.Predicted ?? job.Length) - sequence.NumGenerated);
                if (sequence.NumGenerated == job.Length)
                {
                    scheduler.Remove(sequence);
                    finish[sequence.Order] = now + 1;
                }
            }
        }

        return finish;
    }

    private sealed class Text(Job job) : ScheduledSequence
    {
        private readonly int[] tokens = [.. Enumerable.Repeat(job.Letter, job.Prompt + job.Length)];

        public override ReadOnlySpan<int> KnownTokens => tokens.AsSpan(0, NumPromptTokens + NumGenerated);
    }
}
