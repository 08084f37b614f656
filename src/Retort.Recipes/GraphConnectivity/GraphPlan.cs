using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tasks.GraphConnectivity;
using Retort.Training;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class GraphPlan
{
    /// <summary>Fractions of peak that training and sampling with models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.35, SamplingFraction = 0.12;

    /// <summary>Prices every kind of model.</summary>
    public static RecipeOutcome Of(GraphStudySettings settings, IReadOnlyList<GraphModel> models, RecipeContext context)
    {
        ModelPrice[] rows = [.. models.Select(model => Price(settings, model, context.Threads))];
        return ModelPrices.Plan(rows, "model", context, Config.Write(settings), settings.Seeds, TrainingFraction, SamplingFraction);
    }

    private static ModelPrice Price(GraphStudySettings settings, GraphModel model, int threads)
    {
        var task = new GraphConnectivityTask(settings.TaskOf(model.Depth, model.Strategy, model.WalkSteps));
        var config = model.Config(settings, TaskDataset.TokenizerFor(task));
        var tokens = (int)(task.Settings.MaxPromptTokens + model.MeanAnswerTokens(settings));
        var steps = model.Steps(settings);
        double StepFlops(int batch) => TrainingPlan.For(config, settings.TrainerFor(steps) with { BatchSequences = batch }, tokens, threads).StepWork.Flops;
        var sequence = GenerationCost.Flops(config, tokens);
        var asked = settings.TestProblems * (1.0 + settings.Samples) * sequence;
        var plan = TrainingPlan.For(config, settings.TrainerFor(steps), task.Settings.MaxTokens, threads);
        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.DecodeSequences });
        var bytes = plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + Math.Min(settings.Problems, (long)steps * settings.Training.BatchSequences) * tokens * 2L * sizeof(int);
        if (model.Further == FurtherTraining.None)
        {
            return new(model.Name, config.ParameterCount.Total, steps, steps * StepFlops(settings.Training.BatchSequences), asked, bytes);
        }

        // The model it begins as is priced in its own row; of what is drawn, all is learned at most.
        var self = settings.SelfTraining;
        var updates = Math.Max(1, self.Rounds * self.Epochs * settings.SelfProblems / self.BatchSequences);
        var drawn = model.Further == FurtherTraining.Demonstrations ? 0 : (double)self.Rounds * settings.SelfProblems * sequence;
        return new(model.Name, config.ParameterCount.Total, updates, updates * StepFlops(self.BatchSequences), drawn + asked, bytes);
    }
}
