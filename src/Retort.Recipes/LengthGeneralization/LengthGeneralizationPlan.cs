using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class LengthGeneralizationPlan
{
    /// <summary>Fractions of peak that training and sampling with models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.25, SamplingFraction = 0.1;

    /// <summary>Bytes of the runtime, code and buffers beside models and data, roughly.</summary>
    private const long RuntimeBytes = 150L << 20;

    private const int ProblemsLookedAt = 512;

    /// <summary>Prices every kind of model.</summary>
    public static RecipeOutcome Of(LengthGeneralizationSettings settings, IReadOnlyList<ModelKind> cells, RecipeContext context)
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        Row[] rows = [.. cells.Select(cell => Price(settings, cell, context.Threads))];
        double Seconds(Row row) => (row.Train / TrainingFraction + row.Sample / SamplingFraction) / peak;
        var seeds = settings.Seeds.Count;
        var seconds = seeds * rows.Sum(Seconds);
        var price = new RunPrice(
            seeds * rows.Sum(row => row.Train + row.Sample), rows.Max(row => row.Bytes) + RuntimeBytes, seconds,
            FormattableString.Invariant($"{seconds / 60:0} minutes, at {TrainingFraction:0%} (learning) and {SamplingFraction:0%} (sampling) of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, Config.Write(settings), settings.Seeds,
            [
                $"{"model",-30}{"parameters",14}{"steps",9}{"FLOPs",11}{"minutes",9}{"memory",10}",
                .. rows.Select(row => FormattableString.Invariant(
                    $"{row.Name,-30}{row.Parameters,14:N0}{row.Steps,9:N0}{row.Train + row.Sample,11:0.0e0}{Seconds(row) / 60,9:0.0}{row.Bytes >> 20,7:N0} MB")),
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

    private static Row Price(LengthGeneralizationSettings settings, ModelKind cell, int threads)
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

    private sealed record Row(string Name, long Parameters, int Steps, double Train, double Sample, long Bytes);
}
