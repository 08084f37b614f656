using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tensors.Cpu;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.SolutionTree;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class TreePlan
{
    /// <summary>Fractions of peak that training and sampling models of this size are expected to reach.</summary>
    private const double TrainingFraction = 0.25, SamplingFraction = 0.1;

    /// <summary>Bytes of the runtime, code, marks and buffers beside models and data, roughly.</summary>
    private const long RuntimeBytes = 150L << 20;

    /// <summary>Prices every world and condition.</summary>
    public static RecipeOutcome Of(TreeSettings settings, TreeWork work, RecipeContext context)
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        var rows = work.Worlds.Select(world => Price(settings, world, work.SeedsOf(world).Count, context))
            .Concat(work.Conditions.Select(item => Price(settings, item.Condition, item.Seeds.Count, context.Threads))).ToArray();
        var (train, sample) = (rows.Sum(row => row.Train), rows.Sum(row => row.Sample));
        double Seconds(double train, double sample) => (train / TrainingFraction + sample / SamplingFraction) / peak;
        var seconds = Seconds(train, sample);
        var price = new RunPrice(
            train + sample, rows.Max(row => row.Bytes) + RuntimeBytes, seconds,
            FormattableString.Invariant(
                $"{seconds / 60:0} minutes at {TrainingFraction:0%} (training) and {SamplingFraction:0%} (sampling) of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, Config.Write(settings), settings.Seeds,
            [
                $"{"world or condition",-26}{"seeds",7}{"steps",9}{"FLOPs",11}{"minutes",9}",
                .. rows.Select(row => FormattableString.Invariant(
                    $"{row.Name,-26}{row.Seeds,7}{row.Steps,9:N0}{row.Train + row.Sample,11:0.0e0}{Seconds(row.Train, row.Sample) / 60,9:0.0}")),
                "",
            ],
            ("parts", rows.Select(row => new
            {
                name = row.Name,
                seeds = row.Seeds,
                steps = row.Steps,
                train_flops = row.Train,
                sample_flops = row.Sample,
                bytes = row.Bytes,
            })));
    }

    private static Row Price(TreeSettings settings, TreeWorld world, int seeds, RecipeContext context)
    {
        var (config, trainer) = (world.Config(settings.Model, TaskDataset.TokenizerFor(world.Task(0))), settings.Pretraining.TrainerSettings);
        var plan = TrainingPlan.For(config, trainer, config.MaxPositions, context.Threads);
        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.Evaluation.DecodeSequences });
        var data = (long)settings.Pretraining.Problems * config.MaxPositions * sizeof(int);
        var asked = world.IsControl ? settings.Evaluation.TestProblems : 2 * (settings.Evaluation.TestProblems + settings.Evaluation.RlProblems);
        var temperatures = world.IsSide || world.IsControl ? settings.Evaluation.SideTemperatures.Count : settings.Evaluation.Temperatures.Count;
        return new(
            "pretrain " + world.Name, seeds, settings.Pretraining.Steps, (double)seeds * plan.StepWork.Flops * settings.Pretraining.Steps,
            seeds * Asking(settings, world, asked, temperatures), plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + data);
    }

    private static Row Price(TreeSettings settings, TreeCondition condition, int seeds, int threads)
    {
        var task = condition.World.Task(0);
        var tokenizer = TaskDataset.TokenizerFor(task);
        var config = condition.World.Config(settings.Model, tokenizer);
        var rl = PolicyTraining.RlOf(task, condition);
        var plan = RlPlan.Of(config, rl, TaskDataset.LongestPrompt(task, tokenizer), threads);
        var asked = settings.Evaluation.TestProblems + condition.Asked(settings);
        var temperatures = condition.IsSide ? settings.Evaluation.SideTemperatures.Count : settings.Evaluation.Temperatures.Count;
        return new(
            condition.Name, seeds, rl.Steps, seeds * plan.LearnFlops * rl.Steps,
            seeds * (plan.RolloutFlops * rl.Steps + Asking(settings, condition.World, asked, temperatures)), plan.Bytes);
    }

    /// <summary>Every sample priced with its prompt, which the engine reads once for all samples of a problem.</summary>
    private static double Asking(TreeSettings settings, TreeWorld world, int problems, int temperatures)
    {
        var config = world.Config(settings.Model, TaskDataset.TokenizerFor(world.Task(0)));
        var answer = 4.0 * world.Settings.Steps.High + 3;
        var samples = (double)temperatures * problems * settings.Evaluation.Samples;
        return samples * GenerationCost.Flops(config, config.MaxPositions) * answer / config.MaxPositions;
    }

    private sealed record Row(string Name, int Seeds, int Steps, double Train, double Sample, long Bytes);
}
