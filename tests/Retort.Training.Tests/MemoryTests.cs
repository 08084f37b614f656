using Retort.Core;
using Retort.Tensors;
using Retort.TinyModels;

namespace Retort.Training.Tests;

/// <summary>Law 3: after warm-up nothing is allocated; and what was taken is given back.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Theory]
    [InlineData("llama", 0, 1)]
    [InlineData("layer norm, gelu, learned positions, all biases", 1, 3)]
    public void A_training_step_allocates_no_managed_byte_on_any_thread(string name, int shards, int parts)
    {
        var settings = TinyRun.Settings with { MicroBatchShards = shards, MicroBatchesPerShard = parts };
        using var run = new TinyRun(name, settings, threads: 3);
        Steps();
        Assert.Equal(0, Alone.AllocatedBytes(Steps));

        void Steps()
        {
            for (var i = 0; i < 8; i++)
            {
                run.Trainer.Step();
            }
        }
    }

    [Fact]
    public void Filling_a_batch_allocates_no_managed_byte()
    {
        var mixture = TinyRun.Data();
        var batch = new GlobalBatch(16, mixture.MaxLength, numColumns: 0);
        var loss = new NextTokenLoss(new TrainerSettings(), TransformerCases.All["llama"], batch.MaxRows);
        loss.Fill(batch, mixture, 16);
        Assert.Equal(0, Alone.AllocatedBytes(() => loss.Fill(batch, mixture, 16)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 3)]
    public void A_trainer_takes_the_memory_of_its_plan_and_gives_it_back(int shards, int parts)
    {
        var before = Storage.LiveBytes;
        var settings = TinyRun.Settings with { MicroBatchShards = shards, MicroBatchesPerShard = parts };
        using (var run = new TinyRun(settings: settings))
        {
            run.Take(2);
            var config = run.Model.Config;
            var planned = TrainingPlan.For(config, settings, TinyRun.Data().MaxLength, run.Model.Device.NumLanes).TotalBytes
                + (long)config.MaxPositions * config.HeadDim * sizeof(float);
            // Storages end on cache lines.
            Assert.InRange(Storage.LiveBytes - before, planned, planned + 16 * Storage.Alignment);
        }

        Assert.Equal(before, Storage.LiveBytes);
    }

    [Fact]
    public void A_model_whose_data_cannot_be_made_leaves_nothing_behind()
    {
        var before = Storage.LiveBytes;
        Assert.Throws<UserError>(() => TaskModel.Train(new BrokenTask()));
        Assert.Equal(before, Storage.LiveBytes);
    }
}
