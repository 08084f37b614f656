using Retort.Core;
using Retort.Models;

namespace Retort.Recipes.Bench;

/// <summary>
/// A model size to time: pre-norm RMSNorm, rotary positions, SwiGLU, no biases, an output head of its own, float32. The three
/// in <see cref="All"/> are those that eager PyTorch is timed on.
/// </summary>
/// <param name="Name">What <c>--shape</c> calls it.</param>
/// <param name="Width">Width of the residual stream.</param>
/// <param name="Layers">Blocks.</param>
/// <param name="Heads">Query heads, and as many key/value heads.</param>
/// <param name="Context">Longest context in tokens.</param>
/// <param name="TrainBatch">Sequences of a whole context in a training step.</param>
/// <param name="Vocabulary">Tokens in the vocabulary.</param>
public sealed record BenchShape(string Name, int Width, int Layers, int Heads, int Context, int TrainBatch, int Vocabulary)
{
    /// <summary>tiny, small, medium.</summary>
    public static IReadOnlyList<BenchShape> All { get; } =
    [
        new("tiny", 64, 2, 2, 128, 32, 64),
        new("small", 256, 6, 4, 256, 16, 128),
        new("medium", 512, 8, 8, 256, 8, 4096),
    ];

    /// <summary>The model; its feed-forward width is 8/3 of the width, to the nearest multiple of 64.</summary>
    public ModelConfig Model => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = Width,
        NumLayers = Layers,
        NumHeads = Heads,
        IntermediateSize = Math.Max(64, (int)Math.Round(8.0 * Width / 3 / 64) * 64),
        MaxPositions = Context,
        NormEpsilon = 1e-6f,
        TiedEmbeddings = false,
    };

    /// <summary>The shape of this name, or an error that names the nearest.</summary>
    public static BenchShape Named(string name) => All.FirstOrDefault(shape => shape.Name == name) ?? throw UserError.Request(
        "bench", $"--shape has '{name}'", string.Join(", ", All.Select(shape => shape.Name)), NearestName.Of(name, All.Select(shape => shape.Name)));
}
