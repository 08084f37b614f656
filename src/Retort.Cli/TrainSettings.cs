using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tensors;
using Retort.Training;

namespace Retort.Cli;

/// <summary>The settings of a training run, the task's apart.</summary>
internal interface ITrainSettings
{
    ulong Seed { get; }

    TrainDataSettings Data { get; }

    TrainModelSettings Model { get; }

    TrainStepSettings Training { get; }

    TrainEvaluationSettings Evaluation { get; }
}

/// <summary>Everything that decides a training run.</summary>
internal sealed record TrainSettings<TTask> : ITrainSettings
    where TTask : notnull
{
    [Doc("The task, as train's --task names it")]
    public string Name { get; init; } = "";

    [Doc("Seed of weights, order of the data and samples; the problems have their own, task.seed")]
    public ulong Seed { get; init; } = 1;

    [Doc("The task's settings")]
    public required TTask Task { get; init; }

    [Doc("What is learned from")]
    public TrainDataSettings Data { get; init; } = new();

    [Doc("The network; its vocabulary is the task's")]
    public TrainModelSettings Model { get; init; } = new();

    [Doc("How it is trained")]
    public TrainStepSettings Training { get; init; } = new();

    [Doc("How it is tried")]
    public TrainEvaluationSettings Evaluation { get; init; } = new();
}

internal sealed record TrainDataSettings : ICheckedSettings
{
    [Doc("Problems of the training split; each is seen again when all have been", Unit = "problems"), Range(1, 100_000_000)]
    public int Problems { get; init; } = 50_000;

    [Doc("Windows of a long trace that are trained on, from its beginning; 0: all", Unit = "windows"), NotNegative]
    public int MaxWindows { get; init; }

    [Doc("Only answers are learned, of problems that fit the context whole; else prompts too")]
    public bool AnswersOnly { get; init; }

    [Doc("Position ids: places in the sequence, or the task's own (needs answersOnly)")]
    public PositionScheme Positions { get; init; }

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => Positions != PositionScheme.Consecutive && !AnswersOnly
        ? new(nameof(AnswersOnly), "is false", $"true with positions {Positions}")
        : AnswersOnly && MaxWindows > 0 ? new(nameof(MaxWindows), $"is {MaxWindows}", "0 with answersOnly") : null;
}

internal sealed record TrainModelSettings
{
    [Doc("Tensor names and configuration of the checkpoint")]
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    [Doc("Width of the residual stream"), Positive]
    public int HiddenSize { get; init; } = 96;

    [Doc("Blocks"), Positive]
    public int NumLayers { get; init; } = 3;

    [Doc("Query heads"), Positive]
    public int NumHeads { get; init; } = 3;

    [Doc("Key/value heads, a divisor of numHeads; 0: as many as query heads"), NotNegative]
    public int NumKvHeads { get; init; }

    [Doc("Width of the feed-forward block"), Positive]
    public int IntermediateSize { get; init; } = 288;

    [Doc("Context; longer demonstrations are learned in windows", Unit = "tokens"), Range(8, 1 << 20)]
    public int MaxPositions { get; init; } = 256;

    [Doc("How rows are normalised")]
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    [Doc("The feed-forward block")]
    public Activation Activation { get; init; } = Activation.SwiGlu;

    [Doc("How a token knows its place")]
    public PositionKind Position { get; init; } = PositionKind.Rope;

    [Doc("Rotary base"), Positive]
    public double RopeBase { get; init; } = 10_000;

    [Doc("Position ids there are; 0: as many as the context has tokens"), NotNegative]
    public int NumPositionIds { get; init; }

    [Doc("position T5: buckets of the distance"), Positive]
    public int T5Buckets { get; init; } = 32;

    [Doc("position T5: from this distance on all are one bucket", Unit = "tokens"), Positive]
    public int T5MaxDistance { get; init; } = 128;

    [Doc("position Fire: width of the network that turns distances into biases"), Positive]
    public int FireWidth { get; init; } = 32;

    [Doc("position Fire: places before this one measure distances by it, where learning begins; later ones by themselves", Unit = "tokens"), Positive]
    public float FireThreshold { get; init; } = 512;

    [Doc("A second head predicts the next token's position id, which generation then gives it")]
    public bool PredictsPositions { get; init; }

    [Doc("Tokens that stand for two others, such as edges, have the sum of their embeddings and no weights of their own")]
    public bool SumsPairs { get; init; } = true;

    [Doc("Query, key and value projections have a bias")]
    public bool QkvBias { get; init; }

    [Doc("Queries and keys are normalised in each head")]
    public bool QueryKeyNorm { get; init; }

    [Doc("The output head is the token embedding")]
    public bool TiedEmbeddings { get; init; } = true;

    public ModelConfig ToConfig(ITask task, ITokenizer tokenizer) => new ModelConfig
    {
        Family = Family,
        VocabularySize = tokenizer.VocabularySize - (PairsOf(task, tokenizer)?.Count ?? 0),
        PairTokens = PairsOf(task, tokenizer),
        HiddenSize = HiddenSize,
        NumLayers = NumLayers,
        NumHeads = NumHeads,
        NumKvHeads = NumKvHeads,
        IntermediateSize = IntermediateSize,
        MaxPositions = MaxPositions,
        Norm = Norm,
        Activation = Activation,
        Position = Position,
        NumPositionIds = NumPositionIds,
        T5Buckets = T5Buckets,
        T5MaxDistance = T5MaxDistance,
        FireWidth = FireWidth,
        FireThreshold = FireThreshold,
        PredictsPositions = PredictsPositions,
        RopeBase = RopeBase,
        QkvBias = QkvBias,
        QueryKeyNorm = QueryKeyNorm,
        TiedEmbeddings = TiedEmbeddings,
        BosTokenId = tokenizer.BosId,
        EosTokenId = tokenizer.EosId,
        PadTokenId = tokenizer.PadId,
    }.Validated();

    private PairTokens? PairsOf(ITask task, ITokenizer tokenizer) => SumsPairs ? TaskDataset.PairsOf(task, tokenizer) : null;
}

internal sealed record TrainStepSettings : ICheckedSettings
{
    [Doc("Optimiser steps"), Positive]
    public int Steps { get; init; } = 1000;

    [Doc("Sequences in a global batch", Unit = "sequences"), Positive]
    public int BatchSequences { get; init; } = 64;

    [Doc("Highest learning rate"), Positive]
    public double LearningRate { get; init; } = 3e-3;

    [Doc("Course of the learning rate after warm-up")]
    public ScheduleShape Schedule { get; init; } = ScheduleShape.Cosine;

    [Doc("Steps of linear warm-up", Unit = "steps"), NotNegative]
    public int WarmupSteps { get; init; } = 50;

    [Doc("Last learning rate as a share of the highest"), Range(0, 1)]
    public double FinalFraction { get; init; } = 0.1;

    [Doc("Decoupled weight decay of matrices"), NotNegative]
    public float WeightDecay { get; init; } = 0.01f;

    [Doc("Longer gradients are scaled down to this norm; 0: never"), NotNegative]
    public float MaxGradientNorm { get; init; } = 1;

    [Doc("Coefficient of the squared log-partition in the loss; 0: off"), NotNegative]
    public float ZLoss { get; init; }

    [Doc("How position ids change from step to step: all shifted, shifted after a cut, or spread over all there are or a stretch of them")]
    public PositionJitterKind PositionJitter { get; init; }

    [Doc("Weight of the position ids' loss beside the tokens', for a model that predicts them"), Range(0, 1000)]
    public float PositionLossWeight { get; init; } = 1;

    [Doc("Shards of the batch whose gradients are summed by one tree; a power of two, part of the numbers"), Positive]
    public int GradientShards { get; init; } = 8;

    [Doc("Steps between checkpoints", Unit = "steps"), Positive]
    public int CheckpointEvery { get; init; } = 200;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => WarmupSteps > Steps
        ? new(nameof(WarmupSteps), $"is {WarmupSteps}", $"at most training.steps = {Steps}")
        : int.IsPow2(GradientShards) ? null : new(nameof(GradientShards), $"is {GradientShards}", "a power of two");

    public TrainerSettings ToTrainer() => new()
    {
        BatchSequences = BatchSequences,
        GradientShards = GradientShards,
        ZLoss = ZLoss,
        PositionJitter = PositionJitter,
        PositionLossWeight = PositionLossWeight,
        Optimizer = new AdamWSettings { WeightDecay = WeightDecay, MaxGradientNorm = MaxGradientNorm },
        Schedule = new LearningRateSchedule
        {
            Shape = Schedule,
            PeakLearningRate = LearningRate,
            WarmupSteps = WarmupSteps,
            TotalSteps = Steps,
            FinalFraction = FinalFraction,
        },
    };
}

internal sealed record TrainEvaluationSettings
{
    [Doc("Steps between evaluations on validation problems; 0: none", Unit = "steps"), NotNegative]
    public int Every { get; init; } = 200;

    [Doc("Problems asked each time", Unit = "problems"), Range(1, 1_000_000)]
    public int Problems { get; init; } = 100;

    [Doc("Sequences decoded together", Unit = "sequences"), Range(1, 4096)]
    public int Batch { get; init; } = 64;

    [Doc("Temperature; 0 is greedy"), Range(0, 100)]
    public float Temperature { get; init; }
}
