using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>What one optimiser step did.</summary>
/// <param name="Step">Steps taken, this one included.</param>
/// <param name="Loss">Mean loss over the batch's targets, before the step.</param>
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
    private readonly MicroBatch microBatch;
    private readonly GradientTree tree;
    private readonly Tape tape;
    private readonly float[] losses;
    private readonly int shardsPerLeaf;

    /// <summary>A trainer of <paramref name="model"/> on <paramref name="mixture"/>, at step 0.</summary>
    public Trainer(Transformer model, Mixture mixture, TrainerSettings settings)
    {
        (this.model, this.mixture, this.settings) = (model, mixture, settings.Validated());
        var plan = TrainingPlan.For(model.Config, settings, mixture.MaxLength);
        shardsPerLeaf = plan.ShardsPerLeaf;
        batch = new GlobalBatch(settings.BatchSequences, mixture.MaxLength);
        microBatch = new MicroBatch(settings.BatchSequences, shardsPerLeaf);
        tree = new GradientTree(model.Device, model.Parameters, settings.GradientShards / shardsPerLeaf);
        Optimizer = new AdamWOptimizer(model.Device, model.Parameters, settings.Optimizer);
        tape = new Tape(model.Device, model.Parameters, plan.ActivationBytes, isRecording: true);
        losses = new float[plan.RowsPerMicroBatch];
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
        var (totalLoss, gradientScale) = (0.0, 1f / Math.Max(1, batch.NumTargets));
        for (var leaf = 0; leaf < tree.Leaves; leaf++)
        {
            for (var part = 0; part < settings.MicroBatchesPerShard; part++)
            {
                tape.Reset();
                microBatch.Upload(tape, batch, leaf, tree.Leaves, shardsPerLeaf, part, settings.MicroBatchesPerShard);
                totalLoss = ForwardBackward(totalLoss, gradientScale);
            }

            tree.Push();
        }

        var learningRate = settings.Schedule.At(Steps);
        var norm = Optimizer.Step(tree.Finish(), learningRate);
        return new StepResult(Steps, totalLoss * gradientScale, norm, learningRate, batch.NumRows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        tape.Dispose();
        tree.Dispose();
        Optimizer.Dispose();
    }

    /// <summary>Adds the micro-batch's losses to the running sum, one ascending chain in double over the whole batch.</summary>
    private double ForwardBackward(double totalLoss, float gradientScale)
    {
        var logits = model.Forward(tape, microBatch.Input);
        var lossTensor = tape.Take(microBatch.NumRows, 1);
        tape.CrossEntropy(logits, microBatch.Targets, default, settings.ZLoss, gradientScale, lossTensor, default);
        tape.Backward(tree.Next, microBatch.Shards);
        var rowLosses = losses.AsSpan(0, microBatch.NumRows);
        model.Device.Read(lossTensor, rowLosses);
        foreach (var loss in rowLosses)
        {
            totalLoss += loss;
        }

        return totalLoss;
    }
}
