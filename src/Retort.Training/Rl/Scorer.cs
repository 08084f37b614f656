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
        var plan = PlanOf(model, settings, maxLength);
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

    private static TrainingPlan PlanOf(Transformer model, RlSettings settings, int maxLength) => TrainingPlan.For(
        model.Config, settings.TrainerFor(settings.PromptsPerStep, maxLength), maxLength, model.Device.NumLanes,
        rows => new ScoringObjective((float)settings.Temperature, rows), model.HasValueHead, learns: false);
}
