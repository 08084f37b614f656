using Retort.Models;

namespace Retort.Training.Rl;

/// <summary>Writes what a model says of a rollout's tokens into one of the experience's columns, by a forward pass.</summary>
internal sealed class Scorer : IDisposable
{
    private readonly ScoringObjective objective;
    private readonly BatchRunner runner;

    public Scorer(Transformer model, RlSettings settings, int maxLength)
    {
        var trainer = settings.TrainerFor(settings.PromptsPerStep, maxLength);
        var plan = PlanOf(model.Config, settings, maxLength, model.Device.NumLanes, model.HasValueHead);
        objective = new ScoringObjective((float)settings.Temperature, settings.Completions * (maxLength - 1));
        runner = new BatchRunner(model, trainer, plan, objective, learns: false);
    }

    /// <summary>Scores the learned tokens.</summary>
    public void Score(Experience experience, ExperienceColumn column)
    {
        runner.Run(experience.Batch);
        objective.Scores.AsSpan(0, experience.Batch.NumRows).CopyTo(experience.Batch.Column((int)column));
    }

    /// <inheritdoc/>
    public void Dispose() => runner.Dispose();

    /// <summary>What scoring needs.</summary>
    public static TrainingPlan PlanOf(ModelConfig config, RlSettings settings, int maxLength, int lanes, bool hasValueHead) => TrainingPlan.For(
        config, settings.TrainerFor(settings.PromptsPerStep, maxLength), maxLength, lanes,
        rows => new ScoringObjective((float)settings.Temperature, rows), hasValueHead, learns: false);
}
