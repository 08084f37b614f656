using Retort.Inference.Lengths;

namespace Retort.Recipes.Figures;

/// <summary>The layer probe of the TRAIL study: each block against the error of a probe that reads it.</summary>
public static class LayerErrorsFigure
{
    /// <summary>Of a trained predictor.</summary>
    public static Figure Of(PredictorRecord record)
    {
        return new Figure(
            "layers",
            $"Block {record.Layer} tells most about the remaining length",
            new Axis("block, counted from 0") { Format = NumberFormat.Plain, Ticks = [.. record.Layers.Select(layer => (double)layer.Layer)] },
            new Axis("mean absolute error (tokens)"),
            [
                new Series("each step by itself", SeriesKind.Line, [.. record.Layers.Select(layer => new Point(layer.Layer, layer.Probe))]),
                new Series("smoothed", SeriesKind.Line, [.. record.Layers.Select(layer => new Point(layer.Layer, layer.Smoothed))]),
                Level("prompt alone", record.HeldOutMae.PromptOnly),
                Level("mean length", record.HeldOutMae.ConstantMean),
                Level("true bin", record.HeldOutMae.TrueBin),
            ])
        {
            Caption = $"Error of the remaining length over all decode steps of {record.TrainedOn.HeldOutRequests} held-out requests. "
                + "The block is chosen on other requests.",
        };

        Series Level(string label, double error) => new(
            label, SeriesKind.Band, [new Point(record.Layers[0].Layer, error), new Point(record.Layers[^1].Layer, error)])
        { Dashed = true };
    }
}
