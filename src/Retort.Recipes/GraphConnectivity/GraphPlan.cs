using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tasks.GraphConnectivity;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class GraphPlan
{
    /// <summary>Fractions of peak that training and sampling with models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.35, SamplingFraction = 0.12;

    /// <summary>Bytes of the runtime, code and buffers beside models and data, roughly.</summary>
    private const long RuntimeBytes = 150L << 20;

    /// <summary>Prices every kind of model.</summary>
    public static RecipeOutcome Of(GraphStudySettings settings, IReadOnlyList<GraphModel> models, RecipeContext context)
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        Row[] rows = [.. models.Select(model => Price(settings, model, context.Threads))];
        double Seconds(Row row) => (row.Train / TrainingFraction + row.Sample / SamplingFraction) / peak;
        var seeds = settings.Seeds.Count;
        var seconds = seeds * rows.Sum(Seconds);
        var price = new RunPrice(
            seeds * rows.Sum(row => row.Train + row.Sample), (rows.Length == 0 ? 0 : rows.Max(row => row.Bytes)) + RuntimeBytes, seconds,
            FormattableString.Invariant($"{seconds / 60:0} minutes, at {TrainingFraction:0%} (learning) and {SamplingFraction:0%} (sampling) of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, Config.Write(settings), settings.Seeds,
            [
                $"{"model",-24}{"parameters",14}{"steps",9}{"FLOPs",11}{"minutes",9}{"memory",10}",
                .. rows.Select(row => FormattableString.Invariant(
                    $"{row.Name,-24}{row.Parameters,14:N0}{row.Steps,9:N0}{row.Train + row.Sample,11:0.0e0}{Seconds(row) / 60,9:0.0}{row.Bytes >> 20,7:N0} MB")),
                "",
            ],
            ("parts", rows.Select(row => new
            {
                name = row.Name,
                parameters = row.Parameters,
                steps = row.Steps,
                train_flops = row.Train,
                sample_flops = row.Sample,
                bytes = row.Bytes,
            })));
    }

    private static Row Price(GraphStudySettings settings, GraphModel model, int threads)
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

    private sealed record Row(string Name, long Parameters, int Steps, double Train, double Sample, long Bytes);
}
