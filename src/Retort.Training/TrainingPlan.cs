using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>What training will need, found by running the model's own code on a device that only counts.</summary>
/// <param name="Lanes">Micro-batches computed side by side; 1: one after another, each by all threads.</param>
/// <param name="ShardsPerLeaf">Whole shards in a micro-batch.</param>
/// <param name="RowsPerMicroBatch">Most tokens in a micro-batch.</param>
/// <param name="LaneActivationBytes">Arena of one micro-batch.</param>
/// <param name="StateBytes">Weights, moments and the buffers of the gradient tree.</param>
/// <param name="StepWork">Work of one step at full length.</param>
public sealed record TrainingPlan(
    int Lanes, int ShardsPerLeaf, int RowsPerMicroBatch, long LaneActivationBytes, long StateBytes, Work StepWork)
{
    /// <summary>Tokens a micro-batch aims at: enough to feed every core, few enough to stay near the caches.</summary>
    private const int TargetRows = 2048;

    /// <summary>The same for micro-batches side by side, of which each has one core and its caches.</summary>
    private const int LaneRows = 512;

    /// <summary>
    /// Most bytes of gradients that micro-batches side by side may hold, one gradient each. Larger models have operations
    /// large enough for all threads to share.
    /// </summary>
    private const long MaxLaneGradientBytes = 256L << 20;

    /// <summary>Arenas of all lanes.</summary>
    public long ActivationBytes => Lanes * LaneActivationBytes;

    /// <summary>Bytes of native memory in all.</summary>
    public long TotalBytes => ActivationBytes + StateBytes;

    /// <summary>
    /// The plan for batches whose longest sequence has <paramref name="maxLength"/> tokens, on a device of
    /// <paramref name="lanes"/> lanes. They are used where every lane gets two micro-batches or more: it need not meet the others
    /// between operations, and takes the next when it is done.
    /// </summary>
    public static TrainingPlan For(ModelConfig config, TrainerSettings settings, int maxLength, int lanes) =>
        For(config, settings, maxLength, lanes, rows => new NextTokenLoss(settings, config, rows));

    /// <summary>
    /// As above for any objective, which <paramref name="createObjective"/> makes for so many rows.
    /// </summary>
    internal static TrainingPlan For(
        ModelConfig config, TrainerSettings settings, int maxLength, int lanes, Func<int, Objective> createObjective,
        bool hasValueHead = false, bool learns = true)
    {
        var shardSequences = (settings.BatchSequences + settings.GradientShards - 1) / settings.GradientShards;
        var leafShards = Math.Max(1, settings.MicroBatchShards);
        var gradientBytes = sizeof(float) * config.ParameterCount.Total * settings.GradientShards / leafShards;
        if (settings.GradientShards / leafShards < 2 * lanes || gradientBytes > MaxLaneGradientBytes)
        {
            lanes = 1;
        }

        var shardsPerLeaf = leafShards;
        if (settings.MicroBatchShards == 0)
        {
            var (fewestLeaves, rowsWanted) = lanes > 1 ? (2 * lanes, LaneRows) : (1, TargetRows);
            while (settings.GradientShards / (2 * shardsPerLeaf) >= fewestLeaves
                && 2 * shardsPerLeaf * shardSequences * settings.MaxBranches * (maxLength - 1) <= rowsWanted)
            {
                shardsPerLeaf *= 2;
            }
        }

        var sequences = (shardSequences * shardsPerLeaf + settings.MicroBatchesPerShard - 1) / settings.MicroBatchesPerShard;
        var rows = sequences * settings.MaxBranches * (maxLength - 1);
        using var device = new CountingDevice();
        using var model = new Transformer(config, device, hasValueHead: hasValueHead);
        using var tape = new Tape(device, model.Parameters, long.MaxValue / 4, learns);
        var objective = createObjective(rows + sequences);
        // Sequences that branch have a common row more than can be, so that rows and their copies differ in number and no memory is
        // used again that in a run would not be.
        var common = settings.MaxBranches > 1 ? 1 : 0;
        var batch = new GlobalBatch(sequences, maxLength + common, objective.NumColumns, settings.MaxBranches);
        for (var s = 0; s < sequences; s++)
        {
            batch.AddCommon(new int[common]);
            for (var b = 0; b < settings.MaxBranches; b++)
            {
                batch.AddBranch(0, 0, new int[maxLength - 1]);
            }
        }

        var microBatch = new MicroBatch(sequences, shardsPerLeaf, objective.NumColumns, settings.MaxBranches, batch.MaxRows, objective.ReadsNextPositions);
        microBatch.Upload(tape, batch, 0, 1, shardsPerLeaf, 0, 1);
        model.Parameters.RefreshDerived();
        var once = device.Work;
        objective.Run(model, tape, microBatch);
        var repeated = device.Work - once;
        if (learns)
        {
            var gradient = model.Parameters.AllocateGradient(device, out var gradientOwner);
            using var owner = gradientOwner;
            tape.Backward(gradient, microBatch.Shards);
            repeated = device.Work - once;
            foreach (var table in model.Parameters.Derived)
            {
                table.PassBack(gradient);
            }
        }

        once = device.Work - repeated;
        var leaves = settings.GradientShards / shardsPerLeaf;
        var treeBuffers = GradientTree.NumBuffers(leaves, lanes > 1);
        var microBatches = leaves * settings.MicroBatchesPerShard;
        return new TrainingPlan(
            lanes, shardsPerLeaf, rows, tape.PeakBytes,
            sizeof(float) * (3 * model.Parameters.FlatLength + treeBuffers * model.Parameters.GradientLength)
                + model.Parameters.Derived.Sum(table => table.Bytes),
            once + Repeat(repeated, microBatches));
    }

    private static Work Repeat(Work work, int times)
    {
        var total = default(Work);
        for (var i = 0; i < times; i++)
        {
            total += work;
        }

        return total;
    }
}
