using System.Globalization;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.GraphConnectivity;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>
/// Trains and asks the study's models. What is there already is not done again: answers are read, trained models loaded, half-trained ones go on from
/// their checkpoints.
/// </summary>
internal sealed class GraphRunner(GraphStudySettings settings, RecipeContext context, RunFolder folder, Device device, Spending spending)
{
    private const string QueryStage = "queries";

    private readonly ModelTrainer models = new(context, folder, spending);
    private readonly Stages stages = new(folder, context.Time, spending);
    private (GraphConnectivitySettings Task, SequenceSet Set)? data;
    private readonly Dictionary<int, GraphConnectivityItem[]> problems = [];

    /// <summary>Whether a model of one seed was asked.</summary>
    public bool IsThere(GraphModel model, ulong seed) => File.Exists(folder.StagePath(model.FileName(seed)));

    /// <summary>What the query model says; no seed of models enters.</summary>
    public QueryStudy Queries() => stages.Once(QueryStage, () => QueryStudy.Measure(settings, context.Threads, context.Cancellation));

    /// <summary>A model of one seed, asked.</summary>
    public GraphOutcome Run(GraphModel model, ulong seed) => stages.Once(model.FileName(seed), () =>
    {
        var task = model.Task(settings);
        var tokenizer = TaskDataset.TokenizerFor(task);
        using var network = new Transformer(model.Config(settings, tokenizer), device);
        Train(model with { Further = FurtherTraining.None }, task, network, tokenizer, seed);
        switch (model.Further)
        {
            case FurtherTraining.Verified or FurtherTraining.Unverified:
                LearnFromItself(model, task, network, tokenizer, seed);
                break;
            case FurtherTraining.Demonstrations:
                LearnFromDemonstrations(model, task, network, tokenizer, seed);
                break;
        }

        return Ask(model.FileName(seed), model, task, network, tokenizer, seed);
    });

    private void Train(GraphModel model, GraphConnectivityTask task, Transformer network, ITokenizer tokenizer, ulong seed)
    {
        var steps = model.Steps(settings);
        network.Initialize(seed);
        using var trainer = new Trainer(
            network, new Mixture(seed, (DataOf(model, task, tokenizer, network.Config), 1)), settings.TrainerFor(steps));
        models.Run(model.FileName(seed), network, trainer, steps, task, tokenizer, positions: GraphModel.Ids(settings));
    }

    /// <summary>Rounds of sampling, checking and learning (section 6.3). Nothing but evidence is rewarded; the decision is not looked at.</summary>
    private void LearnFromItself(GraphModel model, GraphConnectivityTask task, Transformer network, ITokenizer tokenizer, ulong seed)
    {
        var name = model.FileName(seed);
        var items = ParallelItems.Make(settings.SelfProblems, context.Threads, i => (TaskItem)task.Create(Split.Train, FirstSelfProblem + i), context.Cancellation);
        var rounds = settings.SelfTraining with { Threshold = model.Further == FurtherTraining.Verified ? 1 : 0 };
        folder.TruncateMetrics(SelfPhase(name), 0);
        ExpertIteration.Run(network, tokenizer, items, new EvidenceReward(task), rounds, seed, new ExpertIterationOptions
        {
            Folder = folder.CheckpointFolder(name),
            Name = name,
            Progress = context.Progress,
            Positions = new TaskPositions(task, GraphModel.Ids(settings)),
            AddFiles = inner => TaskFile.Write(inner, task, GraphModel.Ids(settings)),
            Rounded = round =>
            {
                RlMetrics.Append(folder, SelfPhase(name), round);
                spending.Flops = new(spending.Flops.Train + round.LearnFlops, spending.Flops.Sample + round.SampleFlops);
                spending.Book();
            },
        }, context.Cancellation);
    }

    /// <summary>Control: as many updates as self-training can take at most, at its rate, on fresh demonstrations.</summary>
    private void LearnFromDemonstrations(GraphModel model, GraphConnectivityTask task, Transformer network, ITokenizer tokenizer, ulong seed)
    {
        var (self, name) = (settings.SelfTraining, model.FileName(seed));
        var steps = Math.Max(1, self.Rounds * self.Epochs * settings.SelfProblems / self.BatchSequences);
        var trainerSettings = settings.TrainerFor(steps) with { BatchSequences = self.BatchSequences };
        using var trainer = new Trainer(
            network, new Mixture(CounterRandom.For(seed, "graph-connectivity/demonstrations").NextUInt64(), (DataOf(model, task, tokenizer, network.Config), 1)),
            trainerSettings with { Schedule = trainerSettings.Schedule with { PeakLearningRate = self.LearningRate } });
        models.Run(name, network, trainer, steps, task, tokenizer, positions: GraphModel.Ids(settings));
    }

    private GraphOutcome Ask(string name, GraphModel model, GraphConnectivityTask task, Transformer network, ITokenizer tokenizer, ulong seed)
    {
        var items = Problems(model.Depth);
        IReadOnlyList<GradedCompletion> Answers(int count, float temperature, string kind)
        {
            var before = device.Work.Flops;
            var graded = TaskEvaluation.Run(
                network, tokenizer, task, items, count, new SamplingSettings { Temperature = temperature, MaxNewTokens = network.Config.MaxPositions },
                new EngineSettings { MaxSequences = settings.DecodeSequences }, seed, context.Progress, $"ask {name}, {kind}",
                new TaskPositions(task, GraphModel.Ids(settings)), context.Cancellation);
            spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
            GradedSamples.Write(folder.EvaluationPath(string.Create(CultureInfo.InvariantCulture, $"{name}-{kind}")), name, items, graded, temperature);
            return graded;
        }

        return GraphOutcome.Of(task, items, Answers(1, 0, "greedy"), Answers(settings.Samples, 1, "sampled"));
    }

    /// <summary>All models of a depth are asked the same problems.</summary>
    private GraphConnectivityItem[] Problems(int depth)
    {
        if (!problems.TryGetValue(depth, out var items))
        {
            var task = new GraphConnectivityTask(settings.TaskOf(depth, ChainStrategy.ShortestPath));
            items = problems[depth] = ParallelItems.Make(settings.TestProblems, context.Threads, i => task.Create(Split.Test, i), context.Cancellation);
        }

        return items;
    }

    /// <summary>All seeds of a kind of model learn from the same data.</summary>
    private SequenceSet DataOf(GraphModel model, GraphConnectivityTask task, ITokenizer tokenizer, ModelConfig config)
    {
        var wanted = (long)model.Steps(settings) * settings.Training.BatchSequences;
        if (data is not { } made || made.Task != task.Settings)
        {
            data = made = (task.Settings, TaskDataset.BuildAnswers(
                task, tokenizer, (int)Math.Min(wanted, settings.Problems), config.MaxPositions, context.Threads,
                new TaskPositions(task, GraphModel.Ids(settings)), context.Progress, context.Cancellation));
        }

        return made.Set;
    }

    /// <summary>Problems of self-training are others than those demonstrated.</summary>
    private long FirstSelfProblem => settings.Problems;

    private static string SelfPhase(string name) => "self/" + name;

    /// <summary>1 for a chain that is evidence, whatever is decided.</summary>
    private sealed class EvidenceReward(GraphConnectivityTask task) : IReward
    {
        public double Of(in RewardInput input) => task.Verify(input.Item, input.Text).Proof == true ? 1 : 0;
    }
}
