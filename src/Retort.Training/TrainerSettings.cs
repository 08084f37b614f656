using Retort.Core;
using Retort.Tensors;

namespace Retort.Training;

/// <summary>How a model is trained. Sizes are of the global batch; how it is cut into micro-batches changes no bit.</summary>
public sealed record TrainerSettings
{
    /// <summary>Sequences in a global batch.</summary>
    public int BatchSequences { get; init; } = 32;

    /// <summary>Contiguous shards of the batch, a power of two; part of the numbers, not of the hardware.</summary>
    public int GradientShards { get; init; } = 8;

    /// <summary>Whole shards in a micro-batch, a power of two; 0 picks by size.</summary>
    public int MicroBatchShards { get; init; }

    /// <summary>Micro-batches that make up one shard, for batches too large for memory; needs MicroBatchShards 1 if above 1.</summary>
    public int MicroBatchesPerShard { get; init; } = 1;

    /// <summary>Most branches of a sequence; 1: none branches.</summary>
    internal int MaxBranches { get; init; } = 1;

    /// <summary>Learning rate by step, and the number of steps.</summary>
    public LearningRateSchedule Schedule { get; init; } = new();

    /// <summary>The optimiser.</summary>
    public AdamWSettings Optimizer { get; init; } = new();

    /// <summary>Coefficient of the squared log-partition in the loss (z-loss); 0 is off.</summary>
    public float ZLoss { get; init; }

    /// <summary>
    /// Weights of target tokens in the loss, by token; 1 for those not named. Rare tokens that decide much, such as the marks of
    /// a search, are learned sooner with more weight.
    /// </summary>
    public IReadOnlyDictionary<int, float>? TargetWeights { get; init; }

    /// <summary>How position ids are changed from step to step.</summary>
    public PositionJitterKind PositionJitter { get; init; }

    /// <summary>Weight of the position ids' mean loss beside the tokens', for a model that predicts them.</summary>
    public float PositionLossWeight { get; init; } = 1;

    /// <summary>These settings, checked.</summary>
    public TrainerSettings Validated(string where = "training")
    {
        Schedule.Validate($"{where}.schedule");
        foreach (var (token, weight) in TargetWeights ?? new Dictionary<int, float>())
        {
            Check(weight > 0 && float.IsFinite(weight), $"targetWeights.{token}", weight, "a positive number");
        }

        Check(Enum.IsDefined(PositionJitter), "positionJitter", PositionJitter, string.Join(", ", Enum.GetNames<PositionJitterKind>()));
        Check(PositionLossWeight is >= 0 and <= 1000, "positionLossWeight", PositionLossWeight, "0 to 1000");
        Check(BatchSequences >= 1, "batchSequences", BatchSequences, "at least 1");
        Check(IsPowerOfTwo(GradientShards), "gradientShards", GradientShards, "a power of two");
        Check(MicroBatchShards == 0 || (IsPowerOfTwo(MicroBatchShards) && MicroBatchShards <= GradientShards),
            "microBatchShards", MicroBatchShards, $"0 or a power of two up to gradientShards = {GradientShards}");
        Check(MicroBatchesPerShard >= 1 && (MicroBatchesPerShard == 1 || MicroBatchShards == 1),
            "microBatchesPerShard", MicroBatchesPerShard, "at least 1, and 1 unless microBatchShards is 1");
        return this;

        void Check(bool valid, string field, object value, string expected)
        {
            if (!valid)
            {
                throw UserError.Request($"{where}.{field}", $"is {value}", expected);
            }
        }
    }

    private static bool IsPowerOfTwo(int value) => value >= 1 && (value & (value - 1)) == 0;
}
