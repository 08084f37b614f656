using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tensors.Cpu;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.Backtracking;

/// <summary>What a run would cost, priced by the code that would run: <c>--dry-run</c>.</summary>
internal static class BacktrackingPlan
{
    /// <summary>Fraction of peak that training and sampling together are expected to reach.</summary>
    private const double ExpectedFraction = 0.5;

    /// <summary>Bytes of the runtime, code and buffers beside models and data, roughly.</summary>
    private const long RuntimeBytes = 90L << 20;

    /// <summary>Problems and sequences that a price looks at.</summary>
    private const int ProblemsLookedAt = 512, DrawsLookedAt = 2000;

    /// <summary>Prices every cell.</summary>
    public static RecipeOutcome Of(BacktrackingSettings settings, IReadOnlyList<Cell> cells, RecipeContext context)
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        var rows = cells.Select(cell => Price(settings, cell, context)).ToArray();
        var flops = rows.Sum(row => row.Flops) * settings.Seeds.Count;
        var seconds = flops / (ExpectedFraction * peak);
        var price = new RunPrice(
            flops, rows.Max(row => row.Bytes) + RuntimeBytes, seconds,
            FormattableString.Invariant($"{Duration(seconds)} at {ExpectedFraction:0%} of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, Config.Write(settings), settings.Seeds,
            [
                $"{"model",-26}{"parameters",12}{"steps",9}{"FLOPs",11}{"memory",10}",
                .. rows.Select(row => FormattableString.Invariant(
                    $"{row.Name,-26}{row.Parameters,12:N0}{row.Steps,9:N0}{row.Flops,11:0.0e0}{row.Bytes >> 20,7:N0} MB")),
                "",
            ],
            ("models", rows.Select(row =>
                new { name = row.Name, parameters = row.Parameters, steps = row.Steps, flops = row.Flops, bytes = row.Bytes })));
    }

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => FormattableString.Invariant($"{seconds:0} seconds"),
        < 7200 => FormattableString.Invariant($"{seconds / 60:0} minutes"),
        < 172_800 => FormattableString.Invariant($"{seconds / 3600:0.0} hours"),
        _ => FormattableString.Invariant($"{seconds / 86_400:0} days"),
    };

    /// <summary>Sizes come from the longest sequences, work and data from some of the training set's own.</summary>
    private static (string Name, long Parameters, int Steps, double Flops, long Bytes) Price(
        BacktrackingSettings settings, Cell cell, RecipeContext context)
    {
        var tokenizer = TaskDataset.TokenizerFor(cell.Task);
        var config = cell.Config(tokenizer);
        var trainer = cell.TrainerSettings(tokenizer);
        var plan = TrainingPlan.For(config, trainer, cell.Context, context.Threads);
        var looked = Math.Min(ProblemsLookedAt, cell.Study.TrainProblems);
        var sample = TaskDataset.Build(
            cell.Task, tokenizer, looked, cell.Context, context.Threads, cell.Study.WindowsPerTrace, cancellation: context.Cancellation);
        // A part whose traces are rare may have none in the sample.
        var lengths = cell.Lengths.Where(part => sample.UpTo(part.MaxTokens).Count > 0).ToArray();
        var mixture = LengthShare.Mix(1, sample, lengths.Any(part => part.From == 0) ? lengths : [], DrawsLookedAt);
        var tokens = Enumerable.Range(0, DrawsLookedAt).Select(_ => mixture.Next()).Average(item => item.Set[item.Index].Length);
        var step = TrainingPlan.For(config, trainer, (int)Math.Ceiling(tokens), context.Threads).StepWork;
        var samples = (double)settings.TestProblems * (cell.IsDirect ? settings.DirectSamples : 1);
        var flops = (double)step.Flops * cell.Training.Steps + samples * GenerationCost.Flops(config, cell.Context);
        if (cell.Rl is { } rl)
        {
            var learning = RlPlan.Of(config, rl, TaskDataset.LongestPrompt(cell.Task, tokenizer), context.Threads);
            return (cell.Name, config.ParameterCount.Total, rl.Steps,
                (learning.RolloutFlops + learning.LearnFlops) * rl.Steps + samples * GenerationCost.Flops(config, cell.Context), learning.Bytes);
        }

        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.DecodeSequences });
        var data = (double)sample.Bytes * cell.Study.TrainProblems / looked;
        return (cell.Name, config.ParameterCount.Total, cell.Training.Steps, flops,
            plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + (long)data);
    }
}
