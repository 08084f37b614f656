using Retort.Core;
using Retort.Inference;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.Instructions;
using Retort.Tensors;
using Retort.Training;
using Retort.Training.Lengths;

namespace Retort.Recipes.Trail;

/// <summary>The model, its predictor and engines that serve with them. Trains what the run's folder does not have yet.</summary>
internal sealed class ServedModel : IDisposable
{
    private const string Name = "instructions";

    private readonly TrailSettings settings;
    private readonly InstructionTask task;
    private readonly ITokenizer tokenizer;

    private ServedModel(TrailSettings settings, Device device)
    {
        (this.settings, task) = (settings, new InstructionTask(settings.Task));
        tokenizer = TaskDataset.TokenizerFor(task);
        Model = new Transformer(Config(settings), device);
    }

    /// <summary>The model.</summary>
    public Transformer Model { get; }

    /// <summary>Its predictor.</summary>
    public TrainedPredictor Predictor { get; private set; } = null!;

    /// <summary>The predictor's errors, request by request.</summary>
    public HeldOutErrors Errors { get; private set; } = null!;

    /// <summary>The network's configuration.</summary>
    public static ModelConfig Config(TrailSettings settings) => settings.Model.Config(
        TaskDataset.TokenizerFor(new InstructionTask(settings.Task)), settings.Context, ropeBase: 1e4, "model");

    /// <summary>The predictor's settings.</summary>
    public static PredictorSettings PredictorSettings(TrailSettings settings) => new()
    {
        MaxLength = settings.Task.MaxOutputTokens,
        Sampling = Sampling(settings),
        Requests = settings.Predictor.Requests,
        ProbingRequests = settings.Predictor.ProbingRequests,
        StepsPerRequest = settings.Predictor.StepsPerRequest,
        InnerSize = settings.Predictor.InnerSize,
        Epochs = settings.Predictor.Epochs,
        RefineEvery = settings.Predictor.RefineEvery,
        BatchVectors = settings.Predictor.BatchVectors,
        LearningRate = settings.Predictor.LearningRate,
        Seed = settings.ModelSeed,
    };

    /// <summary>Prompts of the training split.</summary>
    public static int[][] TrainPrompts(TrailSettings settings, int threads, CancellationToken cancellation) =>
        Prompts(settings, Split.Train, settings.Predictor.Requests, threads, cancellation);

    /// <summary>Trains the model and the predictor, or reads them from the run's folder.</summary>
    public static ServedModel Make(TrailSettings settings, RecipeContext context, RunFolder folder, Stages stages, Device device, Spending spending)
    {
        var served = new ServedModel(settings, device);
        try
        {
            served.Train(context, folder, spending);
            var path = folder.CheckpointFolder("predictor");
            served.Errors = stages.Once("predictor", () => Counted(device, spending, () =>
            {
                HeldOutErrors? errors = null;
                using var predictor = PredictorTrainer.Run(
                    served.Model, TrainPrompts(settings, context.Threads, context.Cancellation), served.StopTokens, PredictorSettings(settings),
                    Name, "the training split", context.Progress, measured => errors = measured, context.Cancellation);
                predictor.Save(path);
                return errors!;
            }));
            served.Predictor = TrainedPredictor.Load(path, served.Model);
            return served;
        }
        catch
        {
            served.Dispose();
            throw;
        }
    }

    /// <summary>Tokens that end a completion.</summary>
    public int[] StopTokens => [tokenizer.EosId!.Value];

    /// <summary>The workload: unseen prompts, a seed each.</summary>
    public GenerationRequest[] Requests(int threads, CancellationToken cancellation) =>
        [.. Prompts(settings, Split.Test, settings.RecordedRequests, threads, cancellation).Select((prompt, i) => new GenerationRequest(
            prompt, Sampling(settings), CounterRandom.For(settings.ModelSeed, "trail/completion", (ulong)i).NextUInt64()))];

    /// <summary>An engine that serves by a policy, with the lengths the policy looks at.</summary>
    public GenerationEngine Engine(NamedScheduler scheduler, int kvTokens, TimeProvider? time = null) =>
        new(Model, EngineSettings(scheduler.Policy, kvTokens), LengthsOf(scheduler.Lengths), time);

    /// <summary>The engine's sizes and a policy.</summary>
    public EngineSettings EngineSettings(SchedulerPolicy policy, int kvTokens) => new()
    {
        MaxSequences = settings.Places,
        PrefillTokens = settings.PrefillTokens,
        KvTokens = kvTokens,
        StopTokens = StopTokens,
        Policy = policy,
    };

    /// <summary>Where a policy's lengths come from; null: it looks at none.</summary>
    public ILengthPredictor? LengthsOf(LengthSource source) => source switch
    {
        LengthSource.Prompt => Predictor.PromptOnly(),
        LengthSource.HiddenStates => Predictor.Trail(),
        LengthSource.Oracle => new OracleLengthPredictor(),
        _ => null,
    };

    /// <summary>Runs something whose FLOPs count as sampling.</summary>
    public static T Counted<T>(Device device, Spending spending, Func<T> work)
    {
        var before = device.Work.Flops;
        try
        {
            return work();
        }
        finally
        {
            spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Predictor?.Dispose();
        Model.Dispose();
    }

    private static SamplingSettings Sampling(TrailSettings settings) => new() { Temperature = 1, MaxNewTokens = settings.Task.MaxOutputTokens };

    private static int[][] Prompts(TrailSettings settings, Split split, int count, int threads, CancellationToken cancellation)
    {
        var task = new InstructionTask(settings.Task);
        var tokenizer = TaskDataset.TokenizerFor(task);
        return ParallelItems.Make(count, threads, i => tokenizer.Encode(task.Create(split, i).Prompt), cancellation);
    }

    private void Train(RecipeContext context, RunFolder folder, Spending spending)
    {
        Model.Initialize(settings.ModelSeed);
        var data = TaskDataset.Build(
            task, tokenizer, settings.TrainProblems, settings.Context, context.Threads, 0, context.Progress, context.Cancellation);
        using var trainer = new Trainer(Model, new Mixture(settings.ModelSeed, (data, 1)), settings.Training.TrainerSettings);
        new ModelTrainer(context, folder, spending).Run(Name, Model, trainer, settings.Training.Steps, task, tokenizer);
    }
}
