using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class LengthGeneralizationPlan
{
    /// <summary>Fractions of peak that training and sampling with models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.25, SamplingFraction = 0.1;

    private const int ProblemsLookedAt = 512;

    /// <summary>Prices every kind of model.</summary>
    public static RecipeOutcome Of(LengthGeneralizationSettings settings, IReadOnlyList<ModelKind> cells, RecipeContext context)
    {
        ModelPrice[] rows = [.. cells.Select(cell => Price(settings, cell, context.Threads))];
        return ModelPrices.Plan(rows, "model", context, Config.Write(settings), settings.Seeds, TrainingFraction, SamplingFraction);
    }

    private static ModelPrice Price(LengthGeneralizationSettings settings, ModelKind cell, int threads)
    {
        var study = Study.Of(cell.Study, settings);
        var tokenizer = TaskDataset.TokenizerFor(study.Task);
        var config = study.Config(cell.Scheme, tokenizer);
        var looked = Math.Min(ProblemsLookedAt, study.Settings.Problems);
        var sample = TaskDataset.BuildAnswers(study.Task, tokenizer, looked, config.MaxPositions, threads, new TaskPositions(study.Task, cell.Scheme.Ids));
        var (trainer, mean) = (study.Trainer(cell.Scheme), (int)Math.Max(2, sample.NumTokens / sample.Count));
        var step = TrainingPlan.For(config, trainer, mean, threads).StepWork;
        var plan = TrainingPlan.For(config, trainer, study.Task.MaxTokens, threads);
        var asked = study.Settings.TestLengths.Sum(length => GenerationCost.Flops(config, study.At(length).MaxTokens)) * study.Settings.TestProblems;
        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.DecodeSequences });
        return new(
            cell.Name, config.ParameterCount.Total, study.Settings.Training.Steps, (double)step.Flops * study.Settings.Training.Steps,
            (cell.Scheme.Predicts ? 2 : 1) * asked,
            plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + (long)(sample.Bytes / (double)looked * study.Settings.Problems));
    }
}
