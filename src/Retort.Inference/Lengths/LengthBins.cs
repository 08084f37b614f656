namespace Retort.Inference.Lengths;

/// <summary>
/// The classes of a length predictor (TRAIL, arXiv 2410.01035, section 2.1 of the specification): <see cref="Count"/> bins of
/// equal width over 0 to <paramref name="MaxLength"/> tokens. Bin i is [i w, (i+1) w); longer lengths belong to the last.
/// </summary>
/// <param name="MaxLength">Upper end of the last bin, in tokens; at least <see cref="Count"/>.</param>
public readonly record struct LengthBins(int MaxLength)
{
    /// <summary>Bins, k.</summary>
    public const int Count = 10;

    /// <summary>Width w of a bin, in tokens.</summary>
    public double Width => MaxLength / (double)Count;

    /// <summary>A newcomer displaces a sequence only if its rank is better by more tokens than this: a quarter of a bin (section 3.2).</summary>
    public double Margin => Width / 4;

    /// <summary>Middle of bin <paramref name="bin"/>, in tokens.</summary>
    public double Midpoint(int bin) => (bin + 0.5) * Width;

    /// <summary>The bin of a length in tokens.</summary>
    public int Label(int length) => (int)Math.Min(Count - 1, (long)length * Count / MaxLength);

    /// <summary>The midpoints' mean under <paramref name="probabilities"/>, bins ascending.</summary>
    public double Mean(ReadOnlySpan<double> probabilities)
    {
        var mean = 0.0;
        for (var bin = 0; bin < Count; bin++)
        {
            mean += probabilities[bin] * Midpoint(bin);
        }

        return mean;
    }
}
