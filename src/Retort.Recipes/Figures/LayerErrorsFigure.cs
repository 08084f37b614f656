using Retort.Inference.Lengths;

namespace Retort.Recipes.Figures;

/// <summary>The layer probe of the TRAIL study: each layer against the error of a probe that reads it.</summary>
public static class LayerErrorsFigure
{
    /// <summary>Of a trained predictor.</summary>
    public static Figure Of(PredictorRecord record) => new(
        "layers",
        $"Block {record.Layer} of {record.Layers.Count} looked at tells most about the remaining length",
        new Axis("block, counted from 0") { Format = NumberFormat.Plain, Ticks = [.. record.Layers.Select(layer => (double)layer.Layer)] },
        new Axis("mean absolute error (tokens)"),
        [
            new Series("each step by itself", SeriesKind.Line, [.. record.Layers.Select(layer => new Point(layer.Layer, layer.Probe))]),
            new Series("smoothed", SeriesKind.Line, [.. record.Layers.Select(layer => new Point(layer.Layer, layer.Smoothed))]),
        ])
    {
        Caption = $"Error of the remaining length over all decode steps of {record.TrainedOn.HeldOutRequests} held-out requests. "
            + "The block is chosen on other requests.",
        References =
        [
            new ReferenceLine(record.HeldOutMae.ConstantMean, "mean length"),
            new ReferenceLine(record.HeldOutMae.PromptOnly, "prompt alone"),
            new ReferenceLine(record.HeldOutMae.TrueBin, "true bin"),
        ],
    };
}
