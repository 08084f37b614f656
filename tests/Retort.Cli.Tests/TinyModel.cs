using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;

namespace Retort.Cli.Tests;

/// <summary>A random model of a few thousand parameters on disk.</summary>
internal static class TinyModel
{
    /// <summary>Writes a model of the words a .. h (or others) with a context of 64 tokens; returns its folder.</summary>
    public static string Save(string folder, IReadOnlyList<string>? words = null, int context = 64)
    {
        var tokenizer = WordLevelTokenizer.ForWords(words ?? ["a", "b", "c", "d", "e", "f", "g", "h"]);
        using var device = new CpuDevice(1);
        using var model = new Transformer(
            new ModelConfig
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = 16,
                NumLayers = 2,
                NumHeads = 2,
                NumKvHeads = 1,
                IntermediateSize = 32,
                MaxPositions = context,
                BosTokenId = tokenizer.BosId,
                EosTokenId = tokenizer.EosId,
            },
            device);
        model.Initialize(7);
        ModelStore.Save(folder, model, tokenizer);
        return folder;
    }
}
