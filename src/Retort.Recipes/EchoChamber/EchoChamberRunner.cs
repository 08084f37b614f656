using System.Globalization;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Tensors;
using Retort.Training;

namespace Retort.Recipes.EchoChamber;

/// <summary>
/// Pretrains, reinforces and asks the study's models. What is there already is not done again: finished runs are read, half-trained models go on from
/// their checkpoints.
/// </summary>
internal sealed class EchoChamberRunner(EchoChamberSettings settings, RecipeContext context, RunFolder folder, Device device, Spending spending)
{
    private readonly ModelTrainer models = new(context, folder, spending);
    private readonly PolicyTraining policies = new(settings, context, folder, spending);
    private readonly Stages stages = new(folder, context.Time, spending);
    private readonly Dictionary<(IntRange Steps, Split Split), TaskItem[]> problems = [];
    private (BaseModel Base, SequenceSet Set)? data;

    /// <summary>Whether a run of one seed is finished.</summary>
    public bool IsThere(PolicyRun run, ulong seed) => File.Exists(folder.StagePath(PolicyRun.FileName(run.Name, seed)))
        && IsAsked(PolicyRun.FileName(run.Base.Name, seed), 0, run.TestSteps)
        && LooksOf(run).All(step => IsAsked(PolicyRun.FileName(run.Name, seed), step, run.TestSteps));

    /// <summary>How a base was pretrained.</summary>
    public IReadOnlyList<PretrainingLook> PretrainingOf(BaseModel model, ulong seed) =>
        stages.SoFar<List<PretrainingLook>>(PretrainingStage(PolicyRun.FileName(model.Name, seed))) ?? [];

    /// <summary>A run of one seed.</summary>
    public RunOutcome Run(PolicyRun run, ulong seed)
    {
        var name = PolicyRun.FileName(run.Name, seed);
        var task = new ScrambledArithmeticTask(run.Base.Data);
        var tokenizer = TaskDataset.TokenizerFor(task);
        var start = Base(run, seed, task, tokenizer);
        var trajectory = stages.Once(name, () => Reinforce(run, seed, name, task, tokenizer, start));
        var looks = LooksOf(run).Select(step => ReadLook(name, step, run.TestSteps));
        return new(run, [start, .. looks], trajectory);
    }

    /// <summary>Steps, or rounds, after which a run is asked.</summary>
    private long[] LooksOf(PolicyRun run)
    {
        var last = run.Method == PolicyMethod.Expert ? settings.Expert.Rounds : settings.Rl.Steps;
        var between = run.Method == PolicyMethod.Expert ? Enumerable.Range(1, last - 1) : settings.AskAfter.Where(step => step < last);
        return [.. (run.IsFollowed ? between : []).Select(step => (long)step), last];
    }

    private Trajectory Reinforce(PolicyRun run, ulong seed, string name, ScrambledArithmeticTask task, ITokenizer tokenizer, Look start)
    {
        using var model = ModelStore.Load(
            new TrainingCheckpoint(folder.CheckpointFolder(PolicyRun.FileName(run.Base.Name, seed))).Latest!, device,
            hasValueHead: run.Method == PolicyMethod.Ppo);
        var all = Enumerable.Range(0, settings.TestProblems).ToArray();
        double[]? success = run.IsFrozen
            ? [.. Enum.GetValues<ArithmeticFormat>().Select(format => start.Sampled.Within(format, all)).Select(p => double.IsNaN(p) ? 0 : p)]
            : null;
        // Looks are not cancelled in the middle: a policy saves its state between steps.
        policies.Run(
            run, name, model, tokenizer, task, Problems(run.TrainSteps, Split.Train), success, seed,
            step => Ask(name, step, model, tokenizer, run.TestSteps, run.Samples, seed, CancellationToken.None));
        return new(TrajectoryStep.Read(folder.MetricsPath, PolicyTraining.PhaseOf(name)));
    }

    /// <summary>The run's base as its test problems see it; pretrained if it is not there yet.</summary>
    private Look Base(PolicyRun run, ulong seed, ScrambledArithmeticTask task, ITokenizer tokenizer)
    {
        var name = PolicyRun.FileName(run.Base.Name, seed);
        if (!IsAsked(name, 0, run.TestSteps))
        {
            using var model = new Transformer(run.Base.Config(tokenizer), device);
            Pretrain(run.Base, seed, name, model, task, tokenizer);
            Ask(name, 0, model, tokenizer, run.TestSteps, settings.Samples, seed, context.Cancellation);
        }

        return ReadLook(name, 0, run.TestSteps);
    }

    /// <summary>
    /// Trains, looking at the greedy accuracy every so often, until it is high enough or the steps are over. Every look is written down, so that a
    /// killed run stops where an unbroken one does.
    /// </summary>
    private void Pretrain(BaseModel model, ulong seed, string name, Transformer transformer, ScrambledArithmeticTask task, ITokenizer tokenizer)
    {
        var looks = stages.SoFar<List<PretrainingLook>>(PretrainingStage(name)) ?? [];
        transformer.Initialize(seed);
        using var trainer = new Trainer(transformer, new Mixture(seed, (DataOf(model, task, tokenizer), 1)), model.Training.TrainerFor(model.Steps));
        while (!model.IsOver(looks))
        {
            var step = model.StopsEarly ? Math.Min((looks.LastOrDefault()?.Step ?? 0) + model.Training.LookEvery, model.Steps) : model.Steps;
            models.Run(name, transformer, trainer, step, task, tokenizer);
            var items = Problems(settings.Task.Steps, Split.Validation)[..model.Training.LookProblems];
            var greedy = Graded(transformer, tokenizer, items, 1, 0, seed, "look at " + name, context.Cancellation);
            looks.Add(new(step, greedy.Count(sample => sample.Verdict.Correct) / (double)items.Length));
            stages.Write(PretrainingStage(name), looks);
        }

        // Nothing is left to do if this run did it; otherwise the checkpoint is loaded.
        models.Run(name, transformer, trainer, looks[^1].Step, task, tokenizer);
    }

    private static string PretrainingStage(string name) => name + "-pretraining";

    /// <summary>Asks a model the test problems, once greedily and so often at temperature 1; what was asked is not asked again.</summary>
    private void Ask(
        string name, long step, Transformer model, ITokenizer tokenizer, IntRange steps, int samples, ulong seed, CancellationToken cancellation)
    {
        var items = Problems(steps, Split.Test);
        foreach (var (kind, count, temperature) in (ReadOnlySpan<(string, int, float)>)[("sampled", samples, 1), ("greedy", 1, 0)])
        {
            var path = folder.EvaluationPath(LookName(name, step, steps, kind));
            if (!File.Exists(path))
            {
                var graded = Graded(model, tokenizer, items, count, temperature, seed, $"ask {name}, {kind}", cancellation);
                GradedSamples.Write(path, name, items, graded, temperature);
            }
        }
    }

    private IReadOnlyList<GradedCompletion> Graded(
        Transformer model, ITokenizer tokenizer, TaskItem[] items, int samples, float temperature, ulong seed, string what, CancellationToken cancellation)
    {
        var before = device.Work.Flops;
        var graded = TaskEvaluation.Run(
            model, tokenizer, FormatOutcome.Task, items, samples,
            new SamplingSettings { Temperature = temperature, MaxNewTokens = model.Config.MaxPositions },
            new EngineSettings { MaxSequences = settings.DecodeSequences }, seed, context.Progress, what, cancellation: cancellation);
        spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + device.Work.Flops - before };
        return graded;
    }

    private bool IsAsked(string name, long step, IntRange steps) =>
        File.Exists(folder.EvaluationPath(LookName(name, step, steps, "sampled"))) && File.Exists(folder.EvaluationPath(LookName(name, step, steps, "greedy")));

    private Look ReadLook(string name, long step, IntRange steps)
    {
        FormatOutcome Read(string kind) => FormatOutcome.Read(folder.EvaluationPath(LookName(name, step, steps, kind)), Problems(steps, Split.Test));
        return new(step, Read("sampled"), Read("greedy"));
    }

    private static string LookName(string name, long step, IntRange steps, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-after{step:D4}-{steps.Low}to{steps.High}-{kind}");

    private TaskItem[] Problems(IntRange steps, Split split)
    {
        if (!problems.TryGetValue((steps, split), out var items))
        {
            var count = split switch
            {
                Split.Train => settings.RlProblems,
                Split.Test => settings.TestProblems,
                _ => Math.Max(settings.Pretraining.LookProblems, settings.SizePretraining.LookProblems),
            };
            items = problems[(steps, split)] = PolicyRun.Problems(settings, steps, split, count, context.Threads);
        }

        return items;
    }

    /// <summary>All seeds of a base learn from the same data.</summary>
    private SequenceSet DataOf(BaseModel model, ScrambledArithmeticTask task, ITokenizer tokenizer)
    {
        if (data?.Base != model)
        {
            data = (model, TaskDataset.Build(
                task, tokenizer, model.Training.Sequences, model.Context, context.Threads, progress: context.Progress, cancellation: context.Cancellation));
        }

        return data.Value.Set;
    }
}

/// <summary>The greedy accuracy on validation problems at a step of pretraining.</summary>
internal sealed record PretrainingLook(int Step, double Accuracy);
