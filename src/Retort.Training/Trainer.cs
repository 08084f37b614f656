using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>What one optimiser step did.</summary>
/// <param name="Step">Steps taken, this one included.</param>
/// <param name="Loss">Weighted mean loss over the batch's targets, before the step.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">Used in this step.</param>
/// <param name="Tokens">Rows of the batch.</param>
public readonly record struct StepResult(long Step, double Loss, double GradientNorm, double LearningRate, int Tokens);

/// <summary>
/// Supervised training, one step at a time. After the first step a step allocates no managed memory; the numbers do not depend on
/// threads, micro-batching or interruptions.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Transformer model;
    private readonly TrainerSettings settings;
    private readonly Mixture mixture;
    private readonly GlobalBatch batch;
    private readonly GradientTree tree;
    private readonly Lane[] lanes;
    private readonly LeafJob leafJob;
    private readonly int[] leafOrder;
    private readonly float[] losses;
    private readonly int shardsPerLeaf;
    private bool isWarm;

    /// <summary>A trainer of <paramref name="model"/> on <paramref name="mixture"/>, at step 0.</summary>
    public Trainer(Transformer model, Mixture mixture, TrainerSettings settings)
    {
        (this.model, this.mixture, this.settings) = (model, mixture, settings.Validated());
        var device = model.Device;
        var plan = TrainingPlan.For(model.Config, settings, mixture.MaxLength, device.NumLanes);
        shardsPerLeaf = plan.ShardsPerLeaf;
        batch = new GlobalBatch(settings.BatchSequences, mixture.MaxLength, settings.TargetWeights);
        losses = new float[batch.MaxRows];
        tree = new GradientTree(device, model.Parameters, settings.GradientShards / shardsPerLeaf, plan.Lanes > 1);
        Optimizer = new AdamWOptimizer(device, model.Parameters, settings.Optimizer);
        lanes = [.. Enumerable.Range(0, plan.Lanes).Select(lane => new Lane(
            new Tape(plan.Lanes > 1 ? device.Lane(lane) : device, model.Parameters, plan.LaneActivationBytes, isRecording: true),
            new MicroBatch(settings.BatchSequences, shardsPerLeaf)))];
        (leafJob, leafOrder) = (new LeafJob(this), new int[tree.Leaves]);
    }

    /// <summary>The optimiser: its moments and its step count are the training state, with <see cref="Position"/>.</summary>
    public AdamWOptimizer Optimizer { get; }

    /// <summary>Steps taken.</summary>
    public long Steps => Optimizer.Steps;

    /// <summary>Sequences drawn from the mixture; set (with the optimiser's state) to resume.</summary>
    public long Position
    {
        get => mixture.Position;
        set => mixture.Seek(value);
    }

    /// <summary>Draws a global batch, computes its gradient and takes one optimiser step.</summary>
    public StepResult Step()
    {
        batch.Fill(mixture);
        if (lanes.Length > 1)
        {
            OrderLeaves();
            RunLeaves();
            tree.JoinLeaves();
        }
        else
        {
            for (var leaf = 0; leaf < tree.Leaves; leaf++)
            {
                ForwardBackward(leaf, lanes[0], tree.Next);
                tree.Push();
            }
        }

        // One ascending chain in double over the whole batch, whatever computed its parts.
        var totalLoss = 0.0;
        foreach (var loss in losses.AsSpan(0, batch.NumRows))
        {
            totalLoss += loss;
        }

        var learningRate = settings.Schedule.At(Steps);
        var norm = Optimizer.Step(tree.Finish(), learningRate);
        return new StepResult(Steps, totalLoss * batch.GradientScale, norm, learningRate, batch.NumRows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lane in lanes)
        {
            lane.Tape.Dispose();
        }

        tree.Dispose();
        Optimizer.Dispose();
    }

    /// <summary>The gradient of one leaf of the tree, and the losses of its rows.</summary>
    private void ForwardBackward(int leaf, Lane lane, Tensor gradient)
    {
        var (tape, microBatch) = lane;
        for (var part = 0; part < settings.MicroBatchesPerShard; part++)
        {
            tape.Reset();
            microBatch.Upload(tape, batch, leaf, tree.Leaves, shardsPerLeaf, part, settings.MicroBatchesPerShard);
            var logits = model.Forward(tape, microBatch.Input);
            var rowLosses = tape.Take(microBatch.NumRows, 1);
            tape.CrossEntropy(logits, microBatch.Targets, microBatch.Weights, settings.ZLoss, batch.GradientScale, rowLosses, default);
            tape.Backward(gradient, microBatch.Shards);
            tape.Device.Read(rowLosses, losses.AsSpan(microBatch.FirstRow, microBatch.NumRows));
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
            model.Device.RunOnLanes(tree.Leaves, leafJob);
            return;
        }

        for (var item = 0; item < tree.Leaves; item++)
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

        int Rows(int leaf) => batch.SequenceStarts[batch.FirstSequence(leaf + 1, tree.Leaves)]
            - batch.SequenceStarts[batch.FirstSequence(leaf, tree.Leaves)];
    }

    /// <summary>What one lane works with.</summary>
    private sealed record Lane(Tape Tape, MicroBatch MicroBatch);

    private sealed class LeafJob(Trainer trainer) : LaneJob
    {
        public override void Run(int item, int lane)
        {
            var leaf = trainer.leafOrder[item];
            trainer.ForwardBackward(leaf, trainer.lanes[lane], trainer.tree.Leaf(leaf));
        }
    }
}
