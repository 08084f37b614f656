using Retort.Core;
using Retort.Recipes.Experiment;
using Retort.Tasks.GraphConnectivity;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>Every setting of the recipe. A preset is this record with some fields changed.</summary>
public sealed record GraphStudySettings : ICheckedSettings
{
    /// <summary>Seeds of weights, data order and samples. The problems are the same for all.</summary>
    [Doc("Seeds of weights, data order and samples")]
    public IReadOnlyList<ulong> Seeds { get; init; } = [1];

    /// <summary>Blocks, labels and how edges are written; depth and strategy are the models' own.</summary>
    [Doc("The task: blocks, labels, how edges are written; depth and strategy are each model's own")]
    public GraphConnectivitySettings Task { get; init; } = new();

    /// <summary>The model of every claim.</summary>
    [Doc("The model of every claim")]
    public ModelShape Model { get; init; } = new() { HiddenSize = 128, NumLayers = 2, NumHeads = 4, NumKvHeads = 4, IntermediateSize = 256 };

    /// <summary>Blocks of the deeper model of A8.</summary>
    [Doc("Blocks of the deeper model that A8 compares with"), Positive]
    public int DeeperLayers { get; init; } = 4;

    /// <summary>How models are trained; the steps of each depth are their own.</summary>
    [Doc("How models are trained; steps follow from depths and searchSteps")]
    public ModelTraining Training { get; init; } = new() { BatchSequences = 64, PeakLearningRate = 3e-3, WarmupSteps = 50, Steps = 2200 };

    /// <summary>Decoupled weight decay of matrices.</summary>
    [Doc("Decoupled weight decay of matrices"), NotNegative]
    public float WeightDecay { get; init; } = 0.05f;

    /// <summary>Depths that A2 and A5 follow.</summary>
    [Doc("Depths of bridges that models are trained on, ascending", Unit = "blocks")]
    public IReadOnlyList<int> Depths { get; init; } = [1, 2, 3];

    /// <summary>Steps of the search teacher's model at each depth.</summary>
    [Doc("Optimiser steps of the model taught to search, at each depth; the others' take as many answer tokens", Unit = "steps")]
    public IReadOnlyList<int> SearchSteps { get; init; } = [1000, 2800, 5600];

    /// <summary>The depth of the claims that look at one.</summary>
    [Doc("The depth of the claims that look at one", Unit = "blocks"), Positive]
    public int Depth { get; init; } = 2;

    /// <summary>Training problems of a model; each comes again when all have come.</summary>
    [Doc("Training problems of a model, at most; each comes again when all have come", Unit = "problems"), Positive]
    public int Problems { get; init; } = 150_000;

    /// <summary>Bounds L of the walks that A9 teaches.</summary>
    [Doc("Most steps of the walks that A9 teaches, ascending", Unit = "steps")]
    public IReadOnlyList<int> WalkSteps { get; init; } = [8, 10, 14, 20];

    /// <summary>Test problems.</summary>
    [Doc("Test problems", Unit = "problems"), Positive]
    public int TestProblems { get; init; } = 400;

    /// <summary>Samples at temperature 1 of each test problem: all cells of S and N are made from them.</summary>
    [Doc("Samples of a test problem at temperature 1; every cell of the sweep is made from them", Unit = "samples"), Range(2, 1000)]
    public int Samples { get; init; } = 32;

    /// <summary>Self-training (A7).</summary>
    [Doc("Self-training with a verifier (A7)")]
    public ExpertIterationSettings SelfTraining { get; init; } =
        new() { Rounds = 3, SamplesPerPrompt = 1, LearningRate = 5e-4, Refit = RefitStart.Last, Epochs = 4, MaxNewTokens = 0 };

    /// <summary>Problems sampled in each round.</summary>
    [Doc("Problems sampled in each round of self-training", Unit = "problems"), Positive]
    public int SelfProblems { get; init; } = 8000;

    /// <summary>Depths of the query model's bridges (T3).</summary>
    [Doc("Depths of the bridges on which queries are counted, ascending", Unit = "blocks")]
    public IReadOnlyList<int> QueryDepths { get; init; } = [1, 2, 4, 8, 12, 16, 24];

    /// <summary>Vertices of each of the query model's two paths (T2).</summary>
    [Doc("Vertices of each of the two paths on which queries are counted", Unit = "vertices"), Range(4, 256)]
    public int PathVertices { get; init; } = 16;

    /// <summary>Runs of each policy of the query model.</summary>
    [Doc("Runs of each policy in the query model", Unit = "runs"), Range(100, 10_000_000)]
    public int QueryRuns { get; init; } = 20_000;

    /// <summary>Sequences decoded together.</summary>
    [Doc("Sequences decoded together", Unit = "sequences"), Range(1, 4096)]
    public int DecodeSequences { get; init; } = 128;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        SeedList.FindProblem(nameof(Seeds), Seeds)
        ?? Ascending(nameof(Depths), Depths, 1) ?? Ascending(nameof(WalkSteps), WalkSteps, 1) ?? Ascending(nameof(QueryDepths), QueryDepths, 1)
        ?? (Depths.Count < 2 ? new(nameof(Depths), "has one depth", "two or more: A2 and A5 compare them")
            : SearchSteps.Count != Depths.Count ? new(nameof(SearchSteps), $"has {SearchSteps.Count} numbers for {Depths.Count} depths", "one for each of depths")
            : SearchSteps.FirstOrDefault(steps => steps < 1, 1) < 1 ? new(nameof(SearchSteps), $"has {SearchSteps.First(steps => steps < 1)}", "steps above 0")
            : !Depths.Contains(Depth) ? new(nameof(Depth), $"is {Depth}", $"one of depths: {string.Join(", ", Depths)}")
            : Task.Shape != GraphShape.Bridge ? new(nameof(Task), $"has the shape {Task.Shape}", "bridge")
            : SelfTraining.MaxNewTokens != 0 ? new(nameof(SelfTraining), $"has maxNewTokens {SelfTraining.MaxNewTokens}", "0: the rest of the context")
            : null);

    /// <summary>The task of a depth and a strategy.</summary>
    internal GraphConnectivitySettings TaskOf(int depth, ChainStrategy strategy, int walkSteps = 0) => Task with
    {
        Depth = new(depth, depth),
        Strategy = strategy,
        WalkSteps = walkSteps == 0 ? Task.WalkSteps : walkSteps,
    };

    /// <summary>The trainer's settings for so many steps.</summary>
    internal TrainerSettings TrainerFor(int steps) => (Training with { Steps = steps }).TrainerSettings with
    {
        Optimizer = new AdamWSettings { WeightDecay = WeightDecay },
        // Shifted ids let a model write longer chains than those it was taught.
        PositionJitter = Task.Edges == EdgeFormat.Token ? PositionJitterKind.Offset : PositionJitterKind.None,
    };

    private static SettingProblem? Ascending(string property, IReadOnlyList<int> values, int least) =>
        values.Count == 0 ? new(property, "is empty", "one number at least")
        : values[0] < least ? new(property, $"has {values[0]}", $"numbers from {least}")
        : values.Zip(values.Skip(1)).Any(pair => pair.First >= pair.Second) ? new(property, $"is {string.Join(", ", values)}", "ascending numbers") : null;
}
