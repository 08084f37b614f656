using Retort.Inference.Lengths;

namespace Retort.Training.Lengths;

/// <summary>
/// What predictors missed on held-out requests, request by request, so that differences can be paired: absolute errors of the remaining length in
/// tokens, summed over each request's decode steps.
/// </summary>
/// <param name="Steps">Decode steps of each request: its length.</param>
/// <param name="ConstantMean">The mean training length, counted down.</param>
/// <param name="PromptOnly">The prompt model's length, counted down.</param>
/// <param name="Probe">The chosen layer's probe, each step by itself.</param>
/// <param name="Smoothed">The same, smoothed over the steps.</param>
/// <param name="Published">The same, smoothed by the published rule at every token.</param>
/// <param name="TrueBin">The midpoint of the true bin.</param>
/// <param name="LayerProbes">Each layer's probe, trained alike, each step by itself.</param>
/// <param name="LayerSmoothed">The same, smoothed.</param>
/// <param name="PromptBins">Steps by true bin of the remaining length (outer) and predicted bin (inner), by <paramref name="PromptOnly"/>.</param>
/// <param name="SmoothedBins">The same, by <paramref name="Smoothed"/>.</param>
public sealed record HeldOutErrors(
    int[] Steps, double[] ConstantMean, double[] PromptOnly, double[] Probe, double[] Smoothed, double[] Published, double[] TrueBin,
    double[][] LayerProbes, double[][] LayerSmoothed, long[][] PromptBins, long[][] SmoothedBins)
{
    /// <summary>Mean absolute error over all steps of these <paramref name="errors"/>.</summary>
    public double Mean(double[] errors) => errors.Sum() / Steps.Sum(steps => (double)steps);
}

/// <summary>Steps by true and predicted bin.</summary>
internal sealed class BinCounts
{
    /// <summary>[true][predicted].</summary>
    public long[][] Counts { get; } = [.. Enumerable.Range(0, LengthBins.Count).Select(_ => new long[LengthBins.Count])];

    /// <summary>Counts a step.</summary>
    public void Add(LengthBins bins, int remaining, double predicted) =>
        Counts[bins.Label(remaining)][bins.Label((int)Math.Floor(predicted))]++;
}
