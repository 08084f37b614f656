using Retort.Cli.TaskKinds;
using System.Globalization;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Models.Tokenizers;
using Retort.Recipes;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Cli.Commands;

/// <summary>One run of reinforcement learning in its folder; goes on where the folder's checkpoint is.</summary>
internal sealed class RlRun(
    CliHost host, ResolvedRl resolved, string modelPath, IReadOnlyList<int> stopTokens, string path, int threads, IProgressReporter progress)
{
    private const string ModelName = "model", RlPhase = "rl", EvaluationPhase = "evaluation";

    private readonly IRlRunSettings settings = resolved.Settings;
    private readonly ITask task = resolved.Task.Task;
    private readonly ITokenizer tokenizer = Tokenizer.Open(modelPath);

    public RlResult Execute()
    {
        using var device = new CpuDevice(threads);
        var isRl = settings.Method == RlMethod.PolicyGradient;
        using var model = ModelStore.Load(modelPath, device, hasValueHead: isRl && settings.Rl.Algorithm == RlAlgorithm.Ppo);
        using var reference = settings.Reference.Length == 0 ? null : ModelStore.Load(ModelPath.Resolve(settings.Reference), device);
        RequireWords(model);
        using var folder = RunFolder.Create(path, resolved.Yaml);
        RlInputs.RequireUnchanged(folder, resolved, modelPath);
        progress.Note(RlPrice.Of(resolved, model.Config, tokenizer, threads).Line);
        // A file that is there is whole, and of the model that the run began with.
        var before = GradedSamples.Read(folder.EvaluationPath("before"), task, tokenizer, Items(Split.Test), settings.Evaluation.Samples)
            ?? Test(folder, model, "before");
        if (isRl)
        {
            LearnByGradient(folder, model, reference);
        }
        else
        {
            LearnFromExperts(folder, model);
        }

        var after = Test(folder, model, "after");
        var (steps, checkpoint) = (isRl ? settings.Rl.Steps : settings.ExpertIteration.Rounds, folder.CheckpointFolder(ModelName));
        return new RlResult(path, new TrainingCheckpoint(checkpoint).Latest ?? checkpoint, steps, settings.Evaluation.Samples, before, after);
    }

    private void LearnByGradient(RunFolder folder, Transformer model, Transformer? reference)
    {
        var (feed, rl) = (ProblemFeed.Endless(number => task.Create(settings.Data.Split, number)), settings.Rl);
        if (settings.Data.Problems > 0)
        {
            var problems = Problems();
            feed = new ProblemFeed(problems, settings.Seed);
            // Memory for the prompts there are; the bits are those of any length.
            rl = rl.MaxPromptTokens > 0 ? rl : rl with { MaxPromptTokens = problems.Max(item => tokenizer.Encode(item.Prompt).Length) };
        }

        using var trainer = new RlTrainer(model, tokenizer, feed, new TaskReward(task), rl, settings.Seed, reference, stopTokens);
        var validation = Items(ValidationSplit);
        RlLoop.Run(model, trainer, settings.Rl.Steps, new RlLoopOptions
        {
            Name = $"rl {task.Name}",
            Checkpoint = new TrainingCheckpoint(folder.CheckpointFolder(ModelName), inner => AddFiles(inner, model.Config)),
            CheckpointEvery = settings.Evaluation.Every == 0 ? settings.Rl.Steps : settings.Evaluation.Every,
            Tokenizer = tokenizer,
            Progress = progress,
            EvaluatesAfter = step => settings.Evaluation.Every > 0 && step % settings.Evaluation.Every == 0,
            Resumed = steps => Resume(folder, steps, RlPhase),
            Stepped = step =>
            {
                RlMetrics.Append(folder, RlPhase, step);
                if (step.Step == 1 || step.Step == settings.Rl.Steps || (settings.Evaluation.Every > 0 && step.Step % settings.Evaluation.Every == 0))
                {
                    Show(step);
                }
            },
            Evaluate = step => Validate(folder, model, validation, step),
        }, host.Cancellation);
    }

    private void LearnFromExperts(RunFolder folder, Transformer model)
    {
        var validation = Items(ValidationSplit);
        Resume(folder, -1, RlPhase);
        ExpertIteration.Run(model, tokenizer, Problems(), new TaskReward(task), settings.ExpertIteration, settings.Seed, new ExpertIterationOptions
        {
            Folder = Path.Combine(folder.Root, "rounds"),
            StopTokens = stopTokens,
            AddFiles = inner => AddFiles(inner, model.Config),
            Name = $"expert iteration {task.Name}",
            Progress = progress,
            Rounded = round => RlMetrics.Append(folder, RlPhase, round),
            Evaluate = round => Validate(folder, model, validation, round),
        }, host.Cancellation);
        ModelStore.Save(folder.CheckpointFolder(ModelName), model, tokenizer, inner => AddFiles(inner, model.Config));
    }

    /// <summary>What a checkpoint has besides the model: its task and all its end tokens.</summary>
    private void AddFiles(string inner, ModelConfig config)
    {
        TaskFile.Write(inner, task);
        CheckpointFolder.WriteEndTokens(inner, config, stopTokens);
    }

    private void Resume(RunFolder folder, long steps, string phase)
    {
        folder.TruncateMetrics(phase, steps);
        // The evaluation before the first step is step 0 and is done again with it.
        folder.TruncateMetrics(EvaluationPhase, steps == 0 ? -1 : steps);
        folder.Log(host.Time, $"rl {task.Name} {(steps <= 0 ? "begins" : $"goes on after step {steps}")}; {threads} threads");
    }

    /// <summary>Not cancelled in the middle: the loop saves its state between steps only.</summary>
    private void Validate(RunFolder folder, Transformer model, TaskItem[] validation, long step)
    {
        var graded = Ask(model, validation, 1, 0, CancellationToken.None);
        folder.AppendMetrics(EvaluationPhase, step,
            [new("solved", EvalSummary.Solved(graded)), new("mean_tokens", EvalSummary.MeanLength(graded))]);
        progress.Note(string.Create(CultureInfo.InvariantCulture,
            $"after {step}: {EvalSummary.Solved(graded):0.0%} of {graded.Count} validation problems, {EvalSummary.MeanLength(graded):0.0} tokens"));
    }

    /// <summary>The best and the worst completion of a few problems of the rollout.</summary>
    private void Show(RlStep step)
    {
        const int problems = 2;
        var (samples, size) = (step.Rollouts.Samples, step.Rollouts.GroupSize);
        progress.Note($"  step {step.Step}, reward {step.Reward.ToString("0.000", CultureInfo.InvariantCulture)}   reward tokens  completion");
        for (var first = 0; first < Math.Min(problems * size, samples.Count); first += size)
        {
            var group = samples.Skip(first).Take(size).OrderByDescending(sample => double.IsNaN(sample.Reward) ? double.NegativeInfinity : sample.Reward).ToArray();
            progress.Note("    " + Short(group[0].Item.Prompt, host.Width - 5));
            foreach (var sample in new[] { group[0], group[^1] })
            {
                progress.Note(string.Create(CultureInfo.InvariantCulture,
                    $"    {sample.Reward,6:0.00} {sample.Completion.Tokens.Length,6}  {Short(sample.Text, host.Width - 21)}"));
            }
        }

        static string Short(string text, int room)
        {
            var line = text.ReplaceLineEndings(" ");
            return line.Length <= room ? line : line[..Math.Max(1, room - 3)] + "...";
        }
    }

    /// <summary>Graded samples of the test problems; a resumed run draws the same again.</summary>
    private IReadOnlyList<GradedCompletion> Test(RunFolder folder, Transformer model, string name)
    {
        var items = Items(Split.Test);
        var graded = Ask(model, items, settings.Evaluation.Samples, settings.Evaluation.Temperature, host.Cancellation);
        GradedSamples.Write(folder.EvaluationPath(name), ModelName, items, graded, settings.Evaluation.Temperature);
        return graded;
    }

    private IReadOnlyList<GradedCompletion> Ask(Transformer model, TaskItem[] items, int samples, float temperature, CancellationToken cancellation) =>
        TaskEvaluation.Run(
            model, tokenizer, task, items, samples,
            new SamplingSettings { Temperature = temperature, MaxNewTokens = MaxNewTokens > 0 ? MaxNewTokens : model.Config.MaxPositions },
            new EngineSettings { MaxSequences = settings.Evaluation.Batch, StopTokens = stopTokens }, settings.Seed, progress, "ask", cancellation: cancellation);

    private int MaxNewTokens => settings.Method == RlMethod.PolicyGradient ? settings.Rl.MaxNewTokens : settings.ExpertIteration.MaxNewTokens;

    private Split ValidationSplit => RlInputs.ValidationSplit(settings);

    private TaskItem[] Problems() =>
        ParallelItems.Make(settings.Data.Problems, threads, i => task.Create(settings.Data.Split, i), host.Cancellation);

    private TaskItem[] Items(Split split) =>
        ParallelItems.Make(settings.Evaluation.Problems, threads, i => task.Create(split, i), host.Cancellation);

    /// <summary>A task in words that the model never read cannot be learned.</summary>
    private void RequireWords(Transformer model)
    {
        var item = task.Create(settings.Data.Split, 0);
        var prompt = Encode(item.Prompt);
        if (prompt.Length == 0 || (tokenizer.UnknownId is { } unknown && prompt.Contains(unknown)))
        {
            throw UserError.Request(
                modelPath, $"its tokenizer does not know a word of {task.Name} ('{item.Prompt}')", "a model trained on this task and these ranges");
        }

        if (prompt.Length + 1 >= model.Config.MaxPositions)
        {
            throw UserError.Request(modelPath, $"its context is {model.Config.MaxPositions} tokens and a prompt of {task.Name} has {prompt.Length}", "room for an answer");
        }
    }

    /// <summary>Empty for words that a tokenizer without an unknown token refuses.</summary>
    private int[] Encode(string prompt)
    {
        try
        {
            return tokenizer.Encode(prompt);
        }
        catch (UserError)
        {
            return [];
        }
    }
}
