using Retort.Core;
using Retort.Models;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>What one optimiser step did.</summary>
/// <param name="Step">Steps taken, this one included.</param>
/// <param name="Loss">Weighted mean loss over the batch's targets, before the step.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">Used in this step.</param>
/// <param name="Tokens">Rows of the batch.</param>
/// <param name="PositionLoss">Mean loss of the targets' position ids; 0 for a model that does not predict them.</param>
public readonly record struct StepResult(
    long Step, double Loss, double GradientNorm, double LearningRate, int Tokens, double PositionLoss = 0);

/// <summary>
/// Supervised training, one step at a time. After the first step a step allocates no managed memory; the numbers do not depend on
/// threads, micro-batching or interruptions.
/// </summary>
public sealed class Trainer : ITrainingState, IDisposable
{
    private readonly TrainerSettings settings;
    private readonly Mixture mixture;
    private readonly GlobalBatch batch;
    private readonly NextTokenLoss loss;
    private readonly BatchRunner runner;

    /// <summary>A trainer of <paramref name="model"/> on <paramref name="mixture"/>, at step 0.</summary>
    public Trainer(Transformer model, Mixture mixture, TrainerSettings settings)
    {
        (this.mixture, this.settings) = (mixture, settings.Validated());
        var device = model.Device;
        var highest = mixture.MaxPositionId(settings.PositionJitter != PositionJitterKind.None || model.Config.PredictsPositions);
        if (highest >= model.Config.NumPositionIds)
        {
            throw UserError.Request(
                "model.numPositionIds", $"is {model.Config.NumPositionIds}, and the data has the position id {highest}", $"at least {highest + 1}");
        }

        var plan = TrainingPlan.For(model.Config, settings, mixture.MaxLength, device.NumLanes);
        batch = new GlobalBatch(
            settings.BatchSequences, mixture.MaxLength, settings.TargetWeights is null ? 0 : 1, vocabularySize: model.Config.VocabularySize);
        loss = new NextTokenLoss(settings, model.Config, batch.MaxRows);
        runner = new BatchRunner(model, settings, plan, loss);
        Optimizer = new AdamWOptimizer(device, model.Parameters, settings.Optimizer);
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

    /// <inheritdoc/>
    public TrainingProgress Progress
    {
        get => new(Steps, Position, Steps);
        set => (Optimizer.Steps, Position) = (value.OptimizerSteps, value.Position);
    }

    /// <summary>Draws a global batch, computes its gradient and takes one optimiser step.</summary>
    public StepResult Step()
    {
        loss.Fill(batch, mixture, settings.BatchSequences);
        var gradient = runner.Run(batch);
        var learningRate = settings.Schedule.At(Steps);
        var norm = Optimizer.Step(gradient, learningRate);
        return new StepResult(Steps, loss.Mean(batch), norm, learningRate, batch.NumRows, loss.PositionMean(batch));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        runner.Dispose();
        Optimizer.Dispose();
    }
}
