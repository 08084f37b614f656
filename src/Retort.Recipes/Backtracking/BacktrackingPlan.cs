using System.Globalization;
using System.Text;
using System.Text.Json;
using Retort.Inference;
using Retort.Recipes.Configuration;
using Retort.Recipes.Experiment;
using Retort.Tensors.Cpu;
using Retort.Training;

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
        var (flops, bytes) = (rows.Sum(row => row.Flops) * settings.Seeds.Count, rows.Max(row => row.Bytes) + RuntimeBytes);
        var seconds = flops / (ExpectedFraction * peak);
        var yaml = Config.Write(settings);
        var text = new StringBuilder(yaml).AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"{"model",-26}{"parameters",12}{"steps",9}{"FLOPs",11}{"memory",10}");
        foreach (var row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{row.Name,-26}{row.Parameters,12:N0}{row.Steps,9:N0}{row.Flops,11:0.0e0}{row.Bytes >> 20,7:N0} MB");
        }

        text.AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"seeds          {string.Join(", ", settings.Seeds)}")
            .AppendLine(CultureInfo.InvariantCulture, $"FLOPs          {flops:0.00e0}")
            .AppendLine(CultureInfo.InvariantCulture, $"peak memory    {bytes >> 20:N0} MB")
            .AppendLine(CultureInfo.InvariantCulture, $"expected time  {Duration(seconds)} at {ExpectedFraction:0%} of {peak / 1e9:0} GFLOP/s");
        var json = JsonSerializer.Serialize(new
        {
            preset = context.Preset,
            config = yaml,
            models = rows.Select(row => new { name = row.Name, parameters = row.Parameters, steps = row.Steps, flops = row.Flops, bytes = row.Bytes }),
            flops,
            peak_bytes = bytes,
            expected_seconds = Math.Round(seconds),
        });
        return new(false, text.ToString(), json);
    }

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} seconds"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} minutes"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} hours"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400:0} days"),
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
        var engine = GenerationEngine.Bytes(config, new EngineSettings { MaxSequences = settings.DecodeSequences });
        var data = (double)sample.Bytes * cell.Study.TrainProblems / looked;
        return (cell.Name, config.ParameterCount.Total, cell.Training.Steps, flops,
            plan.StateBytes + Math.Max(plan.ActivationBytes, engine) + (long)data);
    }
}
