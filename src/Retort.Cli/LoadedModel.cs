using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;
using Retort.Tensors;
using Retort.Tensors.Cpu;

namespace Retort.Cli;

/// <summary>A model from disk with its tokenizer, ready to generate.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly CpuDevice device;

    private LoadedModel(string path, CpuDevice device, Transformer transformer, ITokenizer tokenizer, IReadOnlyList<int> stopTokens) =>
        (Path, this.device, Transformer, Tokenizer, StopTokens) = (path, device, transformer, tokenizer, stopTokens);

    /// <summary>The checkpoint folder or file.</summary>
    public string Path { get; }

    public Transformer Transformer { get; }

    public ITokenizer Tokenizer { get; }

    /// <summary>Tokens that end a text: the checkpoint's and the tokenizer's.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    /// <summary>Opens what <see cref="ModelPath"/> makes of <paramref name="model"/>.</summary>
    public static LoadedModel Open(string model, int threads, WeightFormat weights = WeightFormat.Float32)
    {
        var path = ModelPath.Resolve(model);
        using var source = Checkpoint.Open(path);
        var tokenizer = Models.Tokenizers.Tokenizer.Open(path);
        var device = new CpuDevice(threads);
        try
        {
            return new LoadedModel(path, device, ModelStore.Load(source, device, weights), tokenizer, source.StopTokens(tokenizer));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Transformer.Dispose();
        device.Dispose();
    }
}
