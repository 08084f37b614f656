using Retort.Tensors.Cpu;

namespace Retort.Recipes.Experiment;

/// <summary>What one model of a study would cost a seed.</summary>
/// <param name="Name">Of the model or the run.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Train">FLOPs of learning.</param>
/// <param name="Sample">FLOPs of sampling.</param>
/// <param name="Bytes">Memory.</param>
internal sealed record ModelPrice(string Name, long Parameters, int Steps, double Train, double Sample, long Bytes);

/// <summary>A study's dry run, model by model.</summary>
internal static class ModelPrices
{
    /// <summary>Bytes of the runtime, code and buffers beside models and data, roughly.</summary>
    private const long RuntimeBytes = 150L << 20;

    /// <summary>The plan of models that are trained and asked one after the other, once a seed.</summary>
    /// <param name="models">Their prices.</param>
    /// <param name="title">What they are called.</param>
    /// <param name="context">Preset and threads.</param>
    /// <param name="yaml">The settings.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="trainingFraction">Share of peak that learning is expected to reach.</param>
    /// <param name="samplingFraction">Share of peak that sampling is expected to reach.</param>
    /// <param name="bound">Said after the minutes: " at most", or nothing.</param>
    public static RecipeOutcome Plan(
        IReadOnlyList<ModelPrice> models, string title, RecipeContext context, string yaml, IReadOnlyList<ulong> seeds, double trainingFraction,
        double samplingFraction, string bound = "")
    {
        var peak = 1e9 * MachineMeter.PeakGflops(context.Threads);
        double Seconds(ModelPrice model) => (model.Train / trainingFraction + model.Sample / samplingFraction) / peak;
        var (seconds, width) = (seeds.Count * models.Sum(Seconds), models.Select(model => model.Name.Length).Append(title.Length).Max() + 2);
        var price = new RunPrice(
            seeds.Count * models.Sum(model => model.Train + model.Sample), models.Select(model => model.Bytes).DefaultIfEmpty(0).Max() + RuntimeBytes, seconds,
            FormattableString.Invariant(
                $"{seconds / 60:0} minutes{bound}, at {trainingFraction:0%} (learning) and {samplingFraction:0%} (sampling) of {peak / 1e9:0} GFLOP/s"));
        return price.Plan(
            context.Preset, yaml, seeds,
            [
                $"{title.PadRight(width)}{"parameters",14}{"steps",9}{"FLOPs",11}{"minutes",9}{"memory",10}",
                .. models.Select(model => FormattableString.Invariant(
                    $"{model.Name.PadRight(width)}{model.Parameters,14:N0}{model.Steps,9:N0}{model.Train + model.Sample,11:0.0e0}{Seconds(model) / 60,9:0.0}{model.Bytes >> 20,7:N0} MB")),
                "",
            ],
            ("parts", models.Select(model => new
            {
                name = model.Name,
                parameters = model.Parameters,
                steps = model.Steps,
                train_flops = model.Train,
                sample_flops = model.Sample,
                bytes = model.Bytes,
            })));
    }
}
