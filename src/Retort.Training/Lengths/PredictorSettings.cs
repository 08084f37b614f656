using Retort.Core;
using Retort.Inference;
using Retort.Inference.Lengths;

namespace Retort.Training.Lengths;

/// <summary>How a length predictor is trained (TRAIL, arXiv 2410.01035; specification, sections 2.3 and 7.2).</summary>
public sealed record PredictorSettings
{
    /// <summary>Longest completion in tokens, and the upper end of the last bin.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>How completions are drawn; their limit is <see cref="MaxLength"/>.</summary>
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>Requests; 0: one a prompt. With more than there are prompts, these come again with other random numbers.</summary>
    public int Requests { get; init; }

    /// <summary>The first so many requests choose the layer; the chosen one's probe is then trained on all.</summary>
    public int ProbingRequests { get; init; } = 1000;

    /// <summary>Blocks to look at, counted from 0; null: all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Hidden vectors taken from a request, in the mean: its prompt's mean, and decode steps drawn at the same rate from all requests.</summary>
    public int StepsPerRequest { get; init; } = 16;

    /// <summary>Width of the networks' hidden layer.</summary>
    public int InnerSize { get; init; } = 64;

    /// <summary>Passes over the training vectors.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>Vectors in a batch.</summary>
    public int BatchVectors { get; init; } = 32;

    /// <summary>Learning rate of the probes' first step; it falls to 0 along half a cosine.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>The same of the prompt model, which overfits at the probes'.</summary>
    public double PromptLearningRate { get; init; } = 1e-3;

    /// <summary>AdamW's weight decay.</summary>
    public float WeightDecay { get; init; } = 0.01f;

    /// <summary>Tokens from one refinement of a belief to the next: the paper has 1, its authors' later port 8.</summary>
    public int RefineEvery { get; init; } = 8;

    /// <summary>Sequences decoded together; changes no bit.</summary>
    public int BatchSequences { get; init; } = 32;

    /// <summary>Seed of completions, steps, weights and the order of the batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>These settings, checked for a model of so many blocks.</summary>
    public PredictorSettings Validated(int numLayers, string where = "predictor")
    {
        Sampling.Validated($"{where}.sampling");
        Check(MaxLength is >= LengthBins.Count and <= 1 << 24, "maxLength", MaxLength, $"{LengthBins.Count} to {1 << 24}");
        Check(Requests >= 0, "requests", Requests, "0 (one a prompt) or more");
        Check(ProbingRequests >= 1, "probingRequests", ProbingRequests, "at least 1");
        Check(StepsPerRequest >= 1, "stepsPerRequest", StepsPerRequest, "at least 1");
        Check(InnerSize is >= 1 and <= 1 << 16, "innerSize", InnerSize, $"1 to {1 << 16}");
        Check(RefineEvery >= 1, "refineEvery", RefineEvery, "at least 1");
        Check(Epochs >= 1, "epochs", Epochs, "at least 1");
        Check(BatchVectors is >= 1 and <= 1 << 16, "batchVectors", BatchVectors, $"1 to {1 << 16}");
        Check(LearningRate > 0 && double.IsFinite(LearningRate), "learningRate", LearningRate, "a positive number");
        Check(PromptLearningRate > 0 && double.IsFinite(PromptLearningRate), "promptLearningRate", PromptLearningRate, "a positive number");
        foreach (var layer in Layers ?? [])
        {
            Check(layer >= 0 && layer < numLayers, "layers", layer, $"blocks from 0 to {numLayers - 1}");
        }

        Check(Layers is null || (Layers.Count > 0 && Layers.Distinct().Count() == Layers.Count), "layers", "empty or double", "each block once");
        return this;

        void Check(bool valid, string field, object value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {value}", expected);
            }
        }
    }
}
