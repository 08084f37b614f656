using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>
/// Runs an objective over a global batch, micro-batch by micro-batch, on lanes side by side where the plan says so. The bits do not
/// depend on how the batch is cut or who computes what.
/// </summary>
internal sealed class BatchRunner : IDisposable
{
    private readonly Transformer model;
    private readonly TrainerSettings settings;
    private readonly Objective objective;
    private readonly GradientTree? tree;
    private readonly Lane[] lanes;
    private readonly LeafJob leafJob;
    private readonly int[] leafOrder;
    private readonly int shardsPerLeaf, numLeaves;
    private GlobalBatch batch = null!;
    private bool isWarm;

    /// <summary>A runner for batches that the plan was made for; with <paramref name="learns"/> false it only goes forward.</summary>
    public BatchRunner(Transformer model, TrainerSettings settings, TrainingPlan plan, Objective objective, bool learns = true)
    {
        (this.model, this.settings, this.objective) = (model, settings, objective);
        var device = model.Device;
        shardsPerLeaf = plan.ShardsPerLeaf;
        numLeaves = settings.GradientShards / shardsPerLeaf;
        tree = learns ? new GradientTree(device, model.Parameters, numLeaves, plan.Lanes > 1) : null;
        lanes = [.. Enumerable.Range(0, plan.Lanes).Select(lane => new Lane(
            new Tape(plan.Lanes > 1 ? device.Lane(lane) : device, model.Parameters, plan.LaneActivationBytes, learns),
            new MicroBatch(settings.BatchSequences, shardsPerLeaf, objective.NumColumns, settings.MaxBranches, plan.RowsPerMicroBatch, objective.ReadsNextPositions)))];
        (leafJob, leafOrder) = (new LeafJob(this), new int[numLeaves]);
    }

    /// <summary>Runs the objective over the batch; returns the batch's gradient, or nothing if it only goes forward.</summary>
    public Tensor Run(GlobalBatch batch)
    {
        this.batch = batch;
        model.Parameters.RefreshDerived();
        if (lanes.Length > 1)
        {
            OrderLeaves();
            RunLeaves();
            tree?.JoinLeaves();
        }
        else
        {
            for (var leaf = 0; leaf < numLeaves; leaf++)
            {
                RunLeaf(leaf, lanes[0], tree?.Next ?? default);
                tree?.Push();
            }
        }

        return tree?.Finish() ?? default;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lane in lanes)
        {
            lane.Tape.Dispose();
        }

        tree?.Dispose();
    }

    private void RunLeaf(int leaf, Lane lane, Tensor gradient)
    {
        var (tape, microBatch) = lane;
        for (var part = 0; part < settings.MicroBatchesPerShard; part++)
        {
            tape.Reset();
            microBatch.Upload(tape, batch, leaf, numLeaves, shardsPerLeaf, part, settings.MicroBatchesPerShard);
            objective.Run(model, tape, microBatch);
            if (tape.IsRecording)
            {
                tape.Backward(gradient, microBatch.Shards);
            }
        }
    }

    /// <summary>
    /// Which lane takes a leaf is a race. The first step gives every lane its share, so that what a lane allocates once it has
    /// allocated by then.
    /// </summary>
    private void RunLeaves()
    {
        if (isWarm)
        {
            model.Device.RunOnLanes(numLeaves, leafJob);
            return;
        }

        for (var item = 0; item < numLeaves; item++)
        {
            leafJob.Run(item, item % lanes.Length);
        }

        isWarm = true;
    }

    /// <summary>Longest leaves first, so that the lanes end together. No sum depends on the order.</summary>
    private void OrderLeaves()
    {
        for (var i = 0; i < leafOrder.Length; i++)
        {
            var place = i;
            for (; place > 0 && Rows(leafOrder[place - 1]) < Rows(i); place--)
            {
                leafOrder[place] = leafOrder[place - 1];
            }

            leafOrder[place] = i;
        }

        int Rows(int leaf) => batch.SequenceStarts[batch.FirstSequence(leaf + 1, numLeaves)]
            - batch.SequenceStarts[batch.FirstSequence(leaf, numLeaves)];
    }

    /// <summary>What one lane works with.</summary>
    private sealed record Lane(Tape Tape, MicroBatch MicroBatch);

    private sealed class LeafJob(BatchRunner runner) : LaneJob
    {
        public override void Run(int item, int lane)
        {
            var leaf = runner.leafOrder[item];
            runner.RunLeaf(leaf, runner.lanes[lane], runner.tree?.Leaf(leaf) ?? default);
        }
    }
}
