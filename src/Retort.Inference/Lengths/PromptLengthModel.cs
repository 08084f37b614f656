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

    /// <summary>Numbers a prompt.</summary>
    public int Count => Counted + NumPositions * Placed + 1;

    private int Counted => Math.Min(VocabularySize, MostCounted);

    private int Placed => Math.Min(VocabularySize, MostPlaced);

    /// <summary>Writes the features of a prompt.</summary>
    public void Write(ReadOnlySpan<int> prompt, Span<float> features)
    {
        features.Clear();
        for (var position = 0; position < prompt.Length; position++)
        {
            features[Place(prompt[position], Counted)]++;
            if (position < NumPositions)
            {
                features[Counted + position * Placed + Place(prompt[position], Placed)] = 1;
            }
        }

        foreach (ref var count in features[..Counted])
        {
            count = count == 0 ? 0 : (float)ExactMath.Log(1 + count);
        }

        features[^1] = (float)ExactMath.Log(1 + prompt.Length);
    }

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
    private readonly float[] features, logits = new float[LengthBins.Count];
    private readonly double[] probabilities = new double[LengthBins.Count];

    /// <summary>A model over a trained network of as many inputs as there are features, which it owns.</summary>
    public PromptLengthModel(PromptFeatures features, LengthBins bins, BinClassifier network)
    {
        (Features, Bins, Network) = (features, bins, network);
        this.features = new float[features.Count];
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
        Features.Write(prompt, features);
        classifier.Classify(features, logits);
        BinClassifier.Softmax(logits, probabilities);
        return Bins.Mean(probabilities);
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
