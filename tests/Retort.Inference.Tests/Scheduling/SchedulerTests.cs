using CsCheck;
using Retort.Inference.Kv;
using Retort.Inference.Scheduling;
using Retort.Tensors;

namespace Retort.Inference.Tests.Scheduling;

public sealed class SchedulerTests
{
    private static readonly SchedulerLimits OnePlace = new(1, 1);

    private static SchedulerPolicy Limited(double c) => new() { Order = OrderingKey.PredictedRemaining, Preemption = PreemptionRule.Limited(c) };

    [Fact]
    public void The_papers_example_is_scheduled_as_it_says()
    {
        // Section 3.6.
        Assert.Equal([15, 5, 9], UnitClock.Finish(Limited(0.5), OnePlace, [new(0, 10), new(2, 3), new(7, 2)]));
        Assert.Equal([13, 5, 15], UnitClock.Finish(Limited(0.5), OnePlace, [new(0, 10), new(2, 3), new(8, 2)]));
    }

    [Fact]
    public void The_threshold_is_rounded_down()
    {
        // floor(0.5 * 9) = 4: displaced with 3 tokens drawn, not with 4.
        Assert.Equal([10, 4], UnitClock.Finish(Limited(0.5), OnePlace, [new(0, 9), new(3, 1)]));
        Assert.Equal([9, 10], UnitClock.Finish(Limited(0.5), OnePlace, [new(0, 9), new(4, 1)]));
    }

    [Fact]
    public void Each_order_serves_as_its_name_says()
    {
        Job[] jobs = [new(0, 6), new(1, 5, Priority: 3), new(1, 2, Priority: 2), new(1, 4, Priority: 1)];
        Assert.Equal([6, 11, 13, 17], UnitClock.Finish(new SchedulerPolicy(), OnePlace, jobs));
        Assert.Equal([6, 17, 8, 12], UnitClock.Finish(new SchedulerPolicy { Order = OrderingKey.PredictedLength }, OnePlace, jobs));
        Assert.Equal([6, 17, 8, 12], UnitClock.Finish(Limited(0), OnePlace, jobs));
        Assert.Equal([12, 17, 3, 7], UnitClock.Finish(Limited(1), OnePlace, jobs));
        Assert.Equal([6, 17, 12, 10], UnitClock.Finish(new SchedulerPolicy { Order = OrderingKey.Priority }, OnePlace, jobs));
        var total = new SchedulerPolicy { Order = OrderingKey.PredictedLength, Preemption = PreemptionRule.Always };
        Assert.Equal([17, 12, 3, 7], UnitClock.Finish(total, OnePlace, jobs));
    }

    [Fact]
    public void A_newcomer_displaces_only_beyond_the_margin_and_a_sequence_only_so_often()
    {
        Job[] jobs = [new(0, 10), new(2, 6), new(3, 1)];
        Assert.Equal([17, 9, 4], UnitClock.Finish(Limited(1), OnePlace, jobs));
        Assert.Equal([17, 10, 4], UnitClock.Finish(Limited(1) with { Margin = 2 }, OnePlace, jobs));
        Assert.Equal([17, 9, 4], UnitClock.Finish(Limited(1) with { Margin = 1.5 }, OnePlace, jobs));
        Job[] many = [new(0, 10), new(1, 1), new(3, 1)];
        Assert.Equal([12, 2, 4], UnitClock.Finish(Limited(1), OnePlace, many));
        Assert.Equal([11, 2, 12], UnitClock.Finish(Limited(1) with { MaxPreemptions = 1 }, OnePlace, many));
    }

    [Fact]
    public void Guards_bound_the_wait_of_a_long_sequence()
    {
        // A stream of short jobs fills the only place; the long one never gets it unless guarded.
        Job[] jobs = [new(0, 3), new(0, 40), .. Enumerable.Range(1, 60).Select(i => new Job(2 * i, 2))];
        var policy = new SchedulerPolicy { Order = OrderingKey.PredictedRemaining, Preemption = PreemptionRule.Always };
        var starved = UnitClock.Finish(policy, OnePlace, jobs)[1];
        Assert.Equal(163, starved);
        Assert.InRange(UnitClock.Finish(policy with { Guard = StarvationGuard.Aging(1) }, OnePlace, jobs)[1], 43, 120);
        Assert.InRange(UnitClock.Finish(policy with { Guard = StarvationGuard.Promotion(20, 45) }, OnePlace, jobs)[1], 60, 75);
        var never = policy with { Guard = StarvationGuard.Promotion(1000, 5) };
        Assert.Equal(starved, UnitClock.Finish(never, OnePlace, jobs)[1]);
    }

    [Fact]
    public void Prompts_share_what_decode_rows_leave_of_the_budget()
    {
        var plans = new List<string>();
        UnitClock.Finish(
            new SchedulerPolicy(), new SchedulerLimits(3, 10), [new(0, 3, Prompt: 4), new(0, 2, Prompt: 25), new(1, 1, Prompt: 6)],
            check: (_, plan) => plans.Add(string.Join(' ', plan.Rows.ToArray().Select(rows => $"{rows.Sequence.Order}:{rows.NumTokens}"))));
        Assert.Equal(["0:4 1:6", "0:1 1:9", "0:1 1:9", "1:1 2:6", "1:1"], plans);
    }

    public static TheoryData<KvMode> Modes => [KvMode.Resident, KvMode.Discard, KvMode.Swap];

    [Theory, MemberData(nameof(Modes))]
    public void Invariants_hold_under_random_arrivals_in_every_mode_however_few_pages(KvMode mode)
    {
        var job = Gen.Select(Gen.Int[0, 60], Gen.Int[1, 50], Gen.Double[0, 60], Gen.Int[1, 60], Gen.Int[0, 5], (arrival, length, predicted, prompt, letter) =>
            new Job(arrival, length, predicted, prompt, Letter: letter));
        var order = One(OrderingKey.Arrival, OrderingKey.PredictedLength, OrderingKey.PredictedRemaining);
        var rule = One([PreemptionRule.Never, PreemptionRule.Always, .. new[] { 0, 0.2, 0.5, 0.8, 1 }.Select(PreemptionRule.Limited)]);
        var guard = One(StarvationGuard.None, StarvationGuard.Aging(0.5), StarvationGuard.Promotion(7, 3));
        var victim = One(VictimRule.WorstRank, VictimRule.LeastCached);
        var sizes = Gen.Select(Gen.Int[1, 6], Gen.Int[0, 30], Gen.Int[7, 40], Gen.Int[0, 20], Gen.Int[0, 2]);
        Gen.Select(job.Array[1, 30], order, rule, guard, victim, sizes).Sample(
            (jobs, key, preemption, starvation, victims, size) =>
            {
                var (places, extra, pages, hostPages, watermark) = size;
                var policy = new SchedulerPolicy
                {
                    Order = key,
                    Preemption = preemption,
                    Guard = starvation,
                    Victim = victims,
                    KvMode = mode,
                    Margin = extra % 3,
                };
                var kv = new PagedKv(pages, hostPages, cachesPrefixes: pages % 2 == 0);
                var limits = new SchedulerLimits(places, places + extra, watermark);
                var protectedOnes = new HashSet<ScheduledSequence>();
                long preemptions = 0, evictions = 0;
                var finish = UnitClock.Finish(policy, limits, jobs, kv, (scheduler, plan) =>
                {
                    CheckPages(kv, scheduler, plan, limits);
                    // With nothing evicted, whoever was protected still has its place.
                    Assert.True(
                        scheduler.NumEvictions > evictions
                        || protectedOnes.All(sequence => sequence.Phase is SequencePhase.Running or SequencePhase.Ended));
                    (preemptions, evictions) = (scheduler.NumPreemptions, scheduler.NumEvictions);
                    protectedOnes = [.. scheduler.Running.ToArray().Where(sequence => preemption.Protects(sequence))];
                });
                Assert.All(finish, at => Assert.True(at > 0));
                Assert.Equal(pages, kv.NumFreePages);
                Assert.Equal(hostPages, kv.NumFreeHostPages);
                Assert.True(!ReferenceEquals(preemption, PreemptionRule.Never) || preemptions == 0);
            },
            iter: 400);
    }

    [Fact]
    public void Paused_sequences_that_share_pages_give_them_up_to_one_that_fits_no_other_way()
    {
        // Two of one text are put aside by two short ones; when these are done, nobody runs, and no page of the text is held once only.
        Job[] jobs =
        [
            new(0, 40, Prompt: 97), new(2, 40, Prompt: 97), new(4, 2, Prompt: 2, Letter: 1), new(4, 2, Prompt: 2, Letter: 2),
            new(5, 4, Prompt: 80, Letter: 3),
        ];
        var finish = UnitClock.Finish(Limited(1), new SchedulerLimits(2, 200), jobs, new PagedKv(10, cachesPrefixes: true));
        Assert.True(finish[4] < finish[0], $"{finish[4]} {finish[0]}");
    }

    [Fact]
    public void Promotion_looks_once_a_round_at_each_that_waits()
    {
        var guard = new CountingGuard();
        var policy = new SchedulerPolicy { Order = OrderingKey.PredictedRemaining, Guard = guard };
        var scheduler = new Scheduler(policy, OnePlace, new UnlimitedKv());
        for (var i = 0; i < 200; i++)
        {
            scheduler.Add(new ScheduledSequence { Order = i, NumPromptTokens = 1, MaxLength = 9, PredictedRemaining = i * 37 % 101 });
        }

        for (var round = 1; round <= 5; round++)
        {
            scheduler.Plan();
            Assert.InRange(guard.NumLooks, 1, 200 * round);
        }
    }

    private sealed record CountingGuard : StarvationGuard
    {
        public int NumLooks { get; private set; }

        public override int PinnedTokens => 3;

        public override bool Promotes(ScheduledSequence waiting, long round) => ++NumLooks > 0 && round > 2 && waiting.Order % 2 == 0;
    }

    [Fact]
    public void A_place_lost_is_counted_once_whatever_becomes_of_the_pages()
    {
        // The second displaces the first and takes its pages too; the third takes a place and leaves the pages, which the fourth needs.
        Job[] jobs = [new(0, 30, Prompt: 40), new(3, 5, Prompt: 70)];
        Scheduler? last = null;
        UnitClock.Finish(Limited(1), new SchedulerLimits(2, 100), jobs, new PagedKv(6), (scheduler, _) => last = scheduler);
        Assert.Equal((1, 1, 1), (last!.NumPreemptions, last.NumEvictions, last.NumPlacesLost));
        jobs = [new(0, 30, Prompt: 40), new(3, 20, Prompt: 2), new(5, 4, Prompt: 50)];
        UnitClock.Finish(Limited(1), OnePlace with { MaxTokens = 100 }, jobs, new PagedKv(6), (scheduler, _) => last = scheduler);
        Assert.Equal((2, 1, 2), (last!.NumPreemptions, last.NumEvictions, last.NumPlacesLost));
    }

    [Fact]
    public void Nothing_is_preempted_where_nothing_is_short()
    {
        Job[] jobs = [.. Enumerable.Range(0, 20).Select(i => new Job(i, 30 - i))];
        UnitClock.Finish(Limited(1), new SchedulerLimits(20, 40), jobs, new PagedKv(100), (scheduler, _) =>
        {
            Assert.Equal(0, scheduler.NumPreemptions + scheduler.NumEvictions);
            Assert.Equal(0, scheduler.Waiting.Length);
        });
    }

    [Fact]
    public void A_protected_sequence_loses_its_pages_last_whatever_the_rule()
    {
        // The first two are protected from their first token on; the second has the fewest cached tokens when pages run out.
        Job[] jobs = [new(0, 60, 10, Prompt: 16), new(0, 60, 10, Prompt: 2), new(0, 60, 600, Prompt: 60)];
        var policy = Limited(0.1) with { Victim = VictimRule.LeastCached };
        Scheduler? last = null;
        UnitClock.Finish(policy, new SchedulerLimits(3, 100), jobs, new PagedKv(12), (scheduler, _) =>
        {
            last = scheduler;
            Assert.DoesNotContain(scheduler.Waiting.ToArray(), sequence => sequence.Order < 2);
        });
        Assert.True(last!.NumEvictions > 0);
    }

    [Fact]
    public void A_newcomer_leaves_the_watermark_free()
    {
        Job[] jobs = [new(0, 9, Prompt: 48), new(1, 2, Prompt: 16, Letter: 1)];
        Assert.Equal([9, 3], UnitClock.Finish(new SchedulerPolicy(), new SchedulerLimits(2, 64), jobs, new PagedKv(6)));
        Assert.Equal([9, 11], UnitClock.Finish(new SchedulerPolicy(), new SchedulerLimits(2, 64, WatermarkPages: 3), jobs, new PagedKv(6)));
    }

    [Fact]
    public void A_protected_sequence_that_lost_its_pages_comes_back_first()
    {
        // Both are past their thresholds when pages run out; the later one loses its pages and then goes before the shorter newcomers.
        Job[] jobs = [new(0, 60, Prompt: 16), new(0, 60, Prompt: 16), .. Enumerable.Range(0, 8).Select(_ => new Job(30, 4, Prompt: 16))];
        var finish = UnitClock.Finish(Limited(0.1), new SchedulerLimits(2, 40), jobs, new PagedKv(8));
        Assert.True(finish[1] < finish[9], $"{finish[1]} {finish[9]}");
    }

    private static Gen<T> One<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    private static void CheckPages(PagedKv kv, Scheduler scheduler, StepPlan plan, SchedulerLimits limits)
    {
        var held = new Dictionary<int, int>();
        ScheduledSequence[] all = [.. scheduler.Running, .. scheduler.Waiting];
        foreach (var sequence in all)
        {
            Assert.Equal(scheduler.Running.Contains(sequence), sequence.Phase == SequencePhase.Running);
            Assert.True(sequence.Phase != SequencePhase.Waiting || sequence.NumPages == 0);
            Assert.True(sequence.NumPages * KvPages.PageTokens >= sequence.NumCached);
            foreach (var page in sequence.Phase == SequencePhase.Swapped ? [] : sequence.Pages)
            {
                held[page] = held.GetValueOrDefault(page) + 1;
            }
        }

        // Free and used pages make up the pool; a page in two tables has as many references.
        Assert.Equal(kv.NumPages, held.Count + kv.NumFreePages);
        Assert.All(held, pair => Assert.Equal(pair.Value, kv.References(pair.Key)));
        Assert.InRange(scheduler.Running.Length, 0, limits.MaxSequences);
        Assert.InRange(plan.NumTokens, 0, limits.MaxTokens);
        foreach (var rows in plan.Rows)
        {
            Assert.Equal(SequencePhase.Running, rows.Sequence.Phase);
            Assert.True(rows.Sequence.NumPages * KvPages.PageTokens >= rows.Sequence.NumCached + rows.NumTokens);
            // Before decoding: prompt + generated - 1 tokens are cached.
            Assert.True(rows.NumTokens > 1 || !rows.Draws
                || rows.Sequence.NumCached == rows.Sequence.NumPromptTokens + rows.Sequence.NumGenerated - 1);
        }
    }
}
