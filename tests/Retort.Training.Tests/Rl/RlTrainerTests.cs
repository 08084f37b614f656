using Retort.Core;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.TinyModels;
using Retort.Training.Rl;

namespace Retort.Training.Tests.Rl;

public sealed class RlTrainerTests : IDisposable
{
    private readonly string folder = Path.Combine(
        Path.GetTempPath(), $"retort-rl-{Environment.ProcessId}-{Interlocked.Increment(ref count)}");

    private static int count;

    public static TheoryData<RlSettings> Algorithms =>
    [
        TinyRl.Default,
        TinyRl.Default with { KlPlacement = KlPlacement.Reward, AdvantageScale = AdvantageScale.Mean, LossAverage = LossAverage.Constant },
        TinyRl.Default with { Algorithm = RlAlgorithm.Reinforce, LossAverage = LossAverage.Token, Temperature = 0.7 },
        TinyRl.Default with { Algorithm = RlAlgorithm.Ppo, KlPlacement = KlPlacement.Reward },
        TinyRl.Default with { MaxStaleness = 1, MaskTruncated = true },
    ];

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(RlAlgorithm.Grpo, 1)]
    [InlineData(RlAlgorithm.Grpo, 0.7)]
    [InlineData(RlAlgorithm.Ppo, 1.3)]
    [InlineData(RlAlgorithm.Reinforce, 1)]
    public void The_first_importance_ratio_of_a_policys_own_rollout_is_exactly_1(RlAlgorithm algorithm, double temperature)
    {
        using var run = new TinyRl(TinyRl.Default with { Algorithm = algorithm, Temperature = temperature });
        for (var i = 0; i < 4; i++)
        {
            var step = run.Take();
            Assert.Equal(0, step.FirstRatioError);
            // The later updates are not on the rollout's policy any more.
            Assert.NotEqual(1, step.Ratio);
        }
    }

    [Fact]
    public void A_stale_rollouts_first_ratio_is_not_1_and_its_staleness_is_told()
    {
        using var run = new TinyRl(TinyRl.Default with { MaxStaleness = 1 });
        var (first, second) = (run.Take(), run.Take());
        Assert.Equal((0, 1), (first.Staleness, second.Staleness));
        Assert.Equal(0, first.FirstRatioError);
        Assert.InRange(second.FirstRatioError, 1e-4, 10);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Bits_do_not_depend_on_threads_or_on_sequences_decoded_together(RlSettings settings)
    {
        using var one = new TinyRl(settings, threads: 1);
        using var other = new TinyRl(settings with { DecodeSequences = 3 }, threads: 3);
        one.Take(3);
        other.Take(3);
        Assert.Equal(one.Steps, other.Steps);
        Assert.Equal(one.Hash, other.Hash);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Memory_for_no_longer_prompts_than_there_are_changes_no_bit(RlSettings settings)
    {
        using var roomy = new TinyRl(settings);
        using var tight = new TinyRl(settings with { MaxPromptTokens = TinyRl.LongestPrompt });
        Assert.True(tight.Settings.MaxLength(roomy.Model.Config.MaxPositions) < roomy.Model.Config.MaxPositions);
        roomy.Take(2);
        tight.Take(2);
        Assert.Equal(roomy.Steps, tight.Steps);
        Assert.Equal(roomy.Hash, tight.Hash);
    }

    [Fact]
    public void A_long_context_costs_a_short_task_nothing_where_the_longest_prompt_is_said()
    {
        using var device = new CpuDevice(1);
        using var model = TinyRl.NewModel(device);
        var settings = TinyRl.Default with { MaxPromptTokens = TinyRl.LongestPrompt };
        var (near, far) = (Bytes(settings, 16), Bytes(settings, 4096));
        // Tables by position are all that is left of it.
        Assert.InRange(far, near, near + 4096 * sizeof(float) * model.Config.HiddenSize);
        Assert.True(Bytes(TinyRl.Default, 4096) > 20 * far);

        long Bytes(RlSettings rl, int context) => RlPlan.Of(model.Config with { MaxPositions = context }, rl, promptTokens: 5, lanes: 1).Bytes;
    }

    [Fact]
    public void A_prompt_longer_than_is_said_is_refused_by_its_name()
    {
        using var run = new TinyRl(TinyRl.Default with { MaxPromptTokens = TinyRl.LongestPrompt - 1 });
        var refusal = Assert.Throws<UserError>(() => run.Take());
        Assert.Contains($"has {TinyRl.LongestPrompt} tokens", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("rl.maxPromptTokens", refusal.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void A_run_broken_off_in_a_rollout_and_one_that_crashed_end_with_the_unbroken_runs_bits(RlSettings settings)
    {
        using var unbroken = new TinyRl(settings);
        unbroken.Take(6);

        var checkpoint = new TrainingCheckpoint(folder);
        using (var cancelled = new TinyRl(settings))
        {
            using var source = new CancellationTokenSource();
            var finished = 0;
            if (settings.MaxStaleness == 0)
            {
                // In the third rollout, when some of its completions are there.
                cancelled.Trainer.Finished = _ => Act(++finished == 2 * settings.Completions + 5, source.Cancel);
            }

            Assert.ThrowsAny<OperationCanceledException>(() => Run(cancelled, step => Act(settings.MaxStaleness > 0 && step.Step == 2, source.Cancel), source.Token));
            Assert.EndsWith("step-00000002", checkpoint.Latest, StringComparison.Ordinal);
        }

        using (var crashed = new TinyRl(settings, threads: 1))
        {
            Assert.Throws<InvalidOperationException>(() => Run(
                crashed, step => Act(step.Step == 5, () => throw new InvalidOperationException()), TestContext.Current.CancellationToken));
            Assert.EndsWith("step-00000004", checkpoint.Latest, StringComparison.Ordinal);
        }

        using var resumed = new TinyRl(settings);
        Run(resumed, resumed.Note, TestContext.Current.CancellationToken);
        Assert.Equal(unbroken.Steps[4..], resumed.Steps);
        Assert.Equal(unbroken.Hash, resumed.Hash);

        void Run(TinyRl run, Action<RlStep> stepped, CancellationToken cancellation) => RlLoop.Run(
            run.Model, run.Trainer, 6, new RlLoopOptions { Checkpoint = checkpoint, CheckpointEvery = 2, Stepped = stepped }, cancellation);

        static void Act(bool now, Action action)
        {
            if (now)
            {
                action();
            }
        }
    }

    [Theory]
    [InlineData(RlAlgorithm.Grpo, 1)]
    [InlineData(RlAlgorithm.Ppo, 1)]
    [InlineData(RlAlgorithm.Reinforce, 1)]
    public void Every_algorithm_learns_to_repeat_a_letter(RlAlgorithm algorithm, int passes)
    {
        using var run = new TinyRl(TinyRl.Default with
        {
            Algorithm = algorithm,
            PromptsPerStep = 16,
            SamplesPerPrompt = 8,
            DecodeSequences = 64,
            Passes = passes,
            UpdatesPerPass = 1,
            LearningRate = 3e-3,
            KlCoefficient = 0,
            Steps = 60,
        });
        var before = run.Take().Reward;
        Assert.InRange(before, 0.05, 0.4);
        Assert.InRange(run.Take(59).Reward, 0.75, 1);
    }

    [Fact]
    public void The_divergence_from_the_reference_begins_at_0_and_is_held_down()
    {
        using var free = new TinyRl(TinyRl.Default with { KlCoefficient = 1e-6, Steps = 20, UpdatesPerPass = 1, Passes = 1 });
        Assert.Equal(0, free.Take().Kl);
        var drifted = free.Take(15).Kl;
        using var held = new TinyRl(TinyRl.Default with { KlCoefficient = 3, Steps = 20, UpdatesPerPass = 1, Passes = 1 });
        held.Take();
        Assert.InRange(held.Take(15).Kl, 0, drifted / 3);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void All_work_of_a_step_is_told_by_it(RlSettings settings)
    {
        using var run = new TinyRl(settings);
        var (before, told) = (run.Model.Device.Work.Flops, 0L);
        for (var i = 0; i < 3; i++)
        {
            var step = run.Take();
            Assert.InRange(step.RolloutFlops, 1, step.LearnFlops);
            // An overlapped rollout is the work of another device.
            told += step.LearnFlops + (settings.MaxStaleness == 0 ? step.RolloutFlops : 0);
        }

        Assert.Equal(run.Model.Device.Work.Flops - before, told);
    }

    [Fact]
    public void Learning_allocates_no_managed_byte()
    {
        foreach (var algorithm in Enum.GetValues<RlAlgorithm>())
        {
            var settings = TinyRl.Default with { Algorithm = algorithm, Steps = 1000 };
            using var run = new TinyRl(settings);
            run.Take(2);
            var rollouts = run.Take().Rollouts;
            Assert.Equal(0, Alone.AllocatedBytes(() => run.Trainer.Learn(rollouts)));
        }
    }

    [Fact]
    public void Rewards_all_alike_or_missing_move_nothing_and_are_counted()
    {
        var settings = TinyRl.Default with { KlCoefficient = 0, EntropyCoefficient = 0 };
        foreach (var value in new[] { 1.0, double.NaN })
        {
            using var run = new TinyRl(settings, reward: new ConstantReward(value));
            var before = run.Hash;
            var step = run.Take();
            Assert.Equal(before, run.Hash);
            Assert.Equal((settings.PromptsPerStep, double.IsNaN(value) ? settings.Completions : 0), (step.SilentGroups, step.Unrewarded));
            Assert.Equal(0, step.GradientNorm);
            Assert.True(double.IsFinite(step.Loss) && double.IsFinite(step.Reward));
        }
    }

    [Fact]
    public void A_verifier_that_fails_says_so_and_leaves_the_state_of_the_last_step()
    {
        var checkpoint = new TrainingCheckpoint(folder);
        using var run = new TinyRl(reward: new FailingReward(TinyRl.Default.Completions + 3));
        var error = Assert.Throws<UserError>(() => RlLoop.Run(
            run.Model, run.Trainer, 6, new RlLoopOptions { Checkpoint = checkpoint }, TestContext.Current.CancellationToken));
        Assert.Contains("its verifier failed on a completion of problem", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("step-00000001", checkpoint.Latest, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_of_another_shape_is_refused()
    {
        using var device = new CpuDevice(1);
        using var reference = TinyRl.NewModel(device, hiddenSize: 48);
        var error = Assert.Throws<UserError>(() => new TinyRl(reference: reference));
        Assert.Contains("has another shape", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Completions_that_never_end_are_cut_told_and_masked_if_asked_for()
    {
        using var run = new TinyRl(TinyRl.Default with { MaxNewTokens = 1, MaskTruncated = true, KlCoefficient = 0, EntropyCoefficient = 0 });
        var step = run.Take();
        Assert.InRange(step.Truncated, 0.5, 1);
        Assert.Equal(TinyRl.Default.Completions, step.LengthHistogram[7]);
        Assert.Equal(1, step.Length);
    }

    [Theory]
    [InlineData(RlAlgorithm.Grpo)]
    [InlineData(RlAlgorithm.Ppo)]
    public void Groups_are_silent_by_what_is_learned_from_alone(RlAlgorithm algorithm)
    {
        // What ends within one token is empty, so that only masked completions have rewards that differ.
        using var run = new TinyRl(TinyRl.Default with { Algorithm = algorithm, MaxNewTokens = 1, MaskTruncated = true });
        var step = run.Take();
        Assert.Contains(step.Rollouts.Samples.Chunk(step.Rollouts.GroupSize), group => group.Select(one => one.Reward).Distinct().Count() > 1);
        Assert.Equal(TinyRl.Default.PromptsPerStep, step.SilentGroups);
    }

    private sealed class ConstantReward(double value) : IReward
    {
        public double Of(in RewardInput input) => value;
    }

    private sealed class FailingReward(int after) : IReward
    {
        private readonly TaskReward broken = new(new FailingTask());
        private int calls;

        public double Of(in RewardInput input) =>
            Interlocked.Increment(ref calls) > after ? broken.Of(input) : new TinyRl.LetterReward().Of(input);
    }

    private sealed class FailingTask : TextTask
    {
        protected override (string Prompt, string Answer) Generate(ref CounterRandom random) => ("a", "a");

        protected override bool Verify(string prompt, string completion) => throw new InvalidOperationException("no verdict");
    }
}
