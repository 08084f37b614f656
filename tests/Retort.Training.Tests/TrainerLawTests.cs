using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>How a global batch is cut up, and by how many threads it is computed, changes no bit of a training run.</summary>
public sealed class TrainerLawTests
{
    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Micro_batches_of_shards_and_of_parts_of_shards_give_the_same_bits(string name)
    {
        // 24 sequences are 3 a shard; 5 leave shards empty.
        foreach (var sequences in new[] { 24, 5 })
        {
            var settings = TinyRun.Settings with { BatchSequences = sequences };
            using var expected = new TinyRun(name, settings with { MicroBatchShards = 8 });
            expected.Take(3);
            foreach (var (shards, parts) in new[] { (0, 1), (4, 1), (2, 1), (1, 1), (1, 2), (1, 3), (1, 5) })
            {
                using var run = new TinyRun(name, settings with { MicroBatchShards = shards, MicroBatchesPerShard = parts });
                run.Take(3);
                Assert.Equal(expected.Steps, run.Steps);
                Assert.True(expected.Hash == run.Hash, $"{sequences} sequences, {shards} shards, {parts} parts");
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Threads_change_no_bit(string name)
    {
        using var expected = new TinyRun(name, threads: 1);
        expected.Take(3);
        foreach (var threads in new[] { 2, 5 })
        {
            using var run = new TinyRun(name, threads: threads);
            run.Take(3);
            Assert.Equal(expected.Steps, run.Steps);
            Assert.Equal(expected.Hash, run.Hash);
        }
    }

    [Fact]
    public void Lanes_and_one_micro_batch_after_another_give_the_same_bits()
    {
        var settings = TinyRun.Settings with { TargetWeights = new Dictionary<int, float> { [3] = 5, [7] = 0.25f } };
        var lengths = TinyRun.Data().MaxLength;
        using var alone = new TinyRun(settings: settings, threads: 1);
        alone.Take(4);
        foreach (var (threads, shards, lanes) in new[] { (2, 0, 2), (4, 0, 4), (2, 2, 2), (2, 4, 1), (5, 0, 1) })
        {
            var cut = settings with { MicroBatchShards = shards };
            Assert.Equal(lanes, TrainingPlan.For(alone.Model.Config, cut, lengths, threads).Lanes);
            using var run = new TinyRun(settings: cut, threads: threads);
            run.Take(4);
            Assert.Equal(alone.Steps, run.Steps);
            Assert.Equal(alone.Hash, run.Hash);
        }

        using var unweighted = new TinyRun(threads: 2);
        unweighted.Take(4);
        Assert.NotEqual(alone.Hash, unweighted.Hash);
    }

    [Fact]
    public void Large_models_share_each_operation_instead_of_a_gradient_a_micro_batch()
    {
        var config = TransformerCases.All["llama"] with { VocabularySize = 200_000, HiddenSize = 512 };
        Assert.Equal(1, TrainingPlan.For(config, TinyRun.Settings, 8, lanes: 2).Lanes);
    }

    [Fact]
    public void The_number_of_gradient_shards_is_part_of_the_numbers()
    {
        // If it were not, the tests above would prove nothing: shards would not reach the sums.
        using var eight = new TinyRun();
        using var two = new TinyRun(settings: TinyRun.Settings with { GradientShards = 2 });
        eight.Take(1);
        two.Take(1);
        Assert.NotEqual(eight.Hash, two.Hash);
        Assert.Equal(
            BitConverter.Int64BitsToDouble(eight.Steps[0].Norm), BitConverter.Int64BitsToDouble(two.Steps[0].Norm), 1e-5);
    }

    [Theory]
    [InlineData("llama", 0, 1)]
    [InlineData("llama", 2, 1)]
    [InlineData("llama", 1, 3)]
    [InlineData("biases that a network gives", 0, 1)]
    [InlineData("biases that a network gives", 1, 3)]
    public void A_plan_counts_the_work_of_a_step_of_full_sequences(string name, int shards, int parts)
    {
        var set = new SequenceSet();
        for (var i = 0UL; i < 24; i++)
        {
            set.Add(TransformerCases.Sequence(17, i));
        }

        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var settings = TinyRun.Settings with { MicroBatchShards = shards, MicroBatchesPerShard = parts };
        var plan = TrainingPlan.For(model.Config, settings, set.MaxLength, device.NumLanes);
        using var trainer = new Trainer(model, new Mixture(1, (set, 1)), settings);
        var before = device.Work;
        trainer.Step();
        Assert.Equal(plan.StepWork, device.Work - before);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_nothing_and_is_an_error_of_the_loop()
    {
        using var run = new TinyRun();
        run.Model.Device.Fill(run.Model.Parameters.Values.Slice(0, 1), float.NaN);
        var before = run.Hash;
        var fault = Assert.Throws<Core.UserError>(() => TrainingLoop.Run(
            run.Model, run.Trainer, 2, new TrainingLoopOptions(), TestContext.Current.CancellationToken));
        Assert.Contains("step 1", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, run.Hash);
        Assert.Equal(0, run.Trainer.Steps);
    }

    [Fact]
    public void Wrong_settings_name_their_field()
    {
        Wrong("batchSequences", new TrainerSettings { BatchSequences = 0 });
        Wrong("gradientShards", new TrainerSettings { GradientShards = 6 });
        Wrong("microBatchShards", new TrainerSettings { MicroBatchShards = 16 });
        Wrong("microBatchesPerShard", new TrainerSettings { MicroBatchesPerShard = 2 });
        Wrong("targetWeights.3", new TrainerSettings { TargetWeights = new Dictionary<int, float> { [3] = 0 } });
        Wrong("schedule.totalSteps", new TrainerSettings { Schedule = new LearningRateSchedule { TotalSteps = 0 } });

        static void Wrong(string field, TrainerSettings settings) => Assert.Contains(
            $"training.{field}", Assert.Throws<Core.UserError>(() => settings.Validated()).Message, StringComparison.Ordinal);
    }
}
