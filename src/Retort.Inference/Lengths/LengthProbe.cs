namespace Retort.Inference.Lengths;

/// <summary>A classifier of remaining length that reads one layer's hidden states.</summary>
/// <param name="Layer">The block, counted from 0, whose output it reads.</param>
/// <param name="Bins">Its classes.</param>
/// <param name="Network">Hidden states to logits.</param>
public sealed record LengthProbe(int Layer, LengthBins Bins, BinClassifier Network) : IDisposable
{
    /// <summary>What its outputs weigh in a request's belief.</summary>
    public BinSmoothing Smoothing { get; init; } = BinSmoothing.Published;

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
