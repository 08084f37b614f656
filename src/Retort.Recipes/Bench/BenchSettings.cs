using Retort.Core;
using Retort.Tensors;

namespace Retort.Recipes.Bench;

/// <summary>What to time and for how long.</summary>
public sealed record BenchSettings
{
    /// <summary>The kinds of measurement.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["matmul", "train", "decode", "load", "prefill", "positions", "rl"];

    /// <summary>Which of <see cref="Kinds"/>.</summary>
    public IReadOnlyList<string> What { get; init; } = Kinds;

    /// <summary>Model sizes.</summary>
    public IReadOnlyList<BenchShape> Shapes { get; init; } = BenchShape.All;

    /// <summary>Sequences decoded together, one measurement each.</summary>
    public IReadOnlyList<int> DecodeBatches { get; init; } = [1, 8, 32, 64];

    /// <summary>Threads, one measurement each.</summary>
    public IReadOnlyList<int> Threads { get; init; } = [1];

    /// <summary>Seconds a measurement aims at; a few repetitions are made however long they take.</summary>
    public double Seconds { get; init; } = 1;

    /// <summary>Rows, inputs and outputs of the matrix product.</summary>
    public int MatMulSize { get; init; } = 1024;

    /// <summary>Tokens of a greedy text by <see cref="Model"/>.</summary>
    public int GreedyTokens { get; init; } = 256;

    /// <summary>A checkpoint folder or file that is timed at greedy decoding, batch 1, beside the shapes; null: none.</summary>
    public string? Model { get; init; }

    /// <summary>How the weights of models that generate are kept; training keeps float32.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>How cached keys and values are kept.</summary>
    public KvFormat Kv { get; init; }

    /// <summary>These settings, checked.</summary>
    public BenchSettings Validated()
    {
        foreach (var kind in What)
        {
            if (!Kinds.Contains(kind))
            {
                throw UserError.Request("bench", $"--what has '{kind}'", string.Join(", ", Kinds), NearestName.Of(kind, Kinds));
            }
        }

        return Seconds is >= 0 and <= 3600 ? this : throw UserError.Request("bench", $"--seconds is {Seconds}", "0 to 3600");
    }
}
