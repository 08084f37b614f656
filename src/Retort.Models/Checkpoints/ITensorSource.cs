using Retort.Models.Tokenizers;

namespace Retort.Models.Checkpoints;

/// <summary>
/// A model's weights wherever they lie: named, shaped and laid out as Hugging Face does (<see cref="TensorLayout"/>), all
/// of them present and of the right shape. Reading is safe from several threads.
/// </summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The model.</summary>
    ModelConfig Config { get; }

    /// <summary>Tokens that end a text: the configuration's and, where a generation_config.json lists more, those.</summary>
    IReadOnlyList<int> EndTokenIds { get; }

    /// <summary>All tensors of <see cref="TensorLayout.Of"/>, in its order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>A tensor's shape; matrices are [out, in].</summary>
    IReadOnlyList<int> Shape(string name);

    /// <summary>Reads a tensor in row-major order; NaN and infinite weights are a <see cref="Core.UserError"/>.</summary>
    void Read(string name, Span<float> destination);
}

/// <summary>Opens weights of any supported form.</summary>
public static class Checkpoint
{
    /// <summary>
    /// Opens a folder in the Hugging Face layout, or a llama2.c file (.bin, version 0).
    /// </summary>
    public static ITensorSource Open(string path)
    {
        if (File.Exists(path))
        {
            return path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) ? Llama2cFile.Open(path)
                : throw Core.UserError.Request(path, "is a file", "a checkpoint folder, or a llama2.c model (.bin)");
        }

        return HuggingFaceCheckpoint.Open(path);
    }

    /// <summary>Tokens that end a text of the model: its own and its tokenizer's.</summary>
    public static int[] StopTokens(this ITensorSource source, ITokenizer tokenizer) =>
        [.. source.EndTokenIds.Concat(tokenizer.EosId is { } end ? [end] : []).Distinct()];
}
