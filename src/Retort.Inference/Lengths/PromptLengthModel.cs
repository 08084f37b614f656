using Retort.Core;

namespace Retort.Inference.Lengths;

/// <summary>
/// Numbers that describe a prompt: log(1 + count) of each token, one-hot the first <see cref="NumPositions"/> tokens, log of its length.
/// Vocabularies too large for that share places by a hash.
/// </summary>
/// <param name="VocabularySize">Of the model.</param>
public readonly record struct PromptFeatures(int VocabularySize)
{
    /// <summary>Leading tokens whose position counts.</summary>
    public const int NumPositions = 8;

    private const int MostCounted = 512, MostPlaced = 128;

    /// <summary>log(1 + n) for n from 0 on: most counts are small.</summary>
    private static readonly float[] Logs = [.. Enumerable.Range(0, 32).Select(LogOf)];

    /// <summary>Numbers a prompt.</summary>
    public int Count => Counted + NumPositions * Placed + 1;

    /// <summary>Of those, the most that are not 0.</summary>
    public int MostNonzero => Counted + NumPositions + 1;

    private int Counted => Math.Min(VocabularySize, MostCounted);

    private int Placed => Math.Min(VocabularySize, MostPlaced);

    /// <summary>Writes the features of a prompt that are not 0, in ascending order of their <paramref name="indices"/>; returns how many.</summary>
    public int Write(ReadOnlySpan<int> prompt, Span<int> indices, Span<float> values)
    {
        Span<int> counts = stackalloc int[Counted];
        counts.Clear();
        foreach (var token in prompt)
        {
            counts[Place(token, Counted)]++;
        }

        var written = 0;
        for (var place = 0; place < counts.Length; place++)
        {
            if (counts[place] > 0)
            {
                (indices[written], values[written]) = (place, Log(counts[place]));
                written++;
            }
        }

        for (var position = 0; position < Math.Min(NumPositions, prompt.Length); position++)
        {
            (indices[written], values[written]) = (Counted + position * Placed + Place(prompt[position], Placed), 1);
            written++;
        }

        (indices[written], values[written]) = (Count - 1, Log(prompt.Length));
        return written + 1;
    }

    private static float Log(int n) => n < Logs.Length ? Logs[n] : LogOf(n);

    private static float LogOf(int n) => (float)ExactMath.Log(1 + n);

    /// <summary>The token itself where there is room, else by a multiplicative hash.</summary>
    private int Place(int token, int places) =>
        VocabularySize <= places ? token : (int)(((ulong)((uint)token * 0x9E3779B1u) * (ulong)places) >> 32);
}

/// <summary>
/// Predicts a completion's length from the prompt's tokens alone: the baseline that TRAIL improves on. It computes on the host: of a thousand
/// features a prompt has a few dozen, and a request that arrives should not wait for a device.
/// </summary>
public sealed class PromptLengthModel : IDisposable
{
    private readonly SparseClassifier classifier;
    private readonly int[] indices;
    private readonly float[] values, logits = new float[LengthBins.Count];
    private readonly double[] probabilities = new double[LengthBins.Count];

    /// <summary>A model over a trained network of as many inputs as there are features, which it owns.</summary>
    public PromptLengthModel(PromptFeatures features, LengthBins bins, BinClassifier network)
    {
        (Features, Bins, Network) = (features, bins, network);
        (indices, values) = (new int[features.MostNonzero], new float[features.MostNonzero]);
        classifier = new SparseClassifier(network);
    }

    /// <summary>What it reads of a prompt.</summary>
    public PromptFeatures Features { get; }

    /// <summary>Its classes.</summary>
    public LengthBins Bins { get; }

    /// <summary>Features to logits.</summary>
    public BinClassifier Network { get; }

    /// <summary>The expected length of the completion in tokens, r. Allocates nothing.</summary>
    public double Predict(ReadOnlySpan<int> prompt)
    {
        var count = Features.Write(prompt, indices, values);
        classifier.Classify(indices.AsSpan(0, count), values.AsSpan(0, count), logits);
        BinClassifier.Softmax(logits, probabilities);
        return Bins.Mean(probabilities);
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
