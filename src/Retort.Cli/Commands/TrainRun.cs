using Retort.Cli.TaskKinds;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Cli.Commands;

/// <summary>One training run in its folder; goes on where the folder's checkpoint is.</summary>
internal sealed class TrainRun(CliHost host, ResolvedTraining resolved, string path, int threads, IProgressReporter progress)
{
    private const string ModelName = "model", TestName = "test", TrainPhase = "train", EvaluationPhase = "evaluation";

    private readonly ITrainSettings settings = resolved.Settings;
    private readonly ITask task = resolved.Task.Task;

    public TrainResult Execute()
    {
        var tokenizer = TaskDataset.TokenizerFor(task);
        var config = settings.Model.ToConfig(task, tokenizer);
        TrainPrice.RequireRoom(task, tokenizer, config);
        using var folder = RunFolder.Create(path, resolved.Yaml);
        var data = TrainPrice.Data(settings.Data, task, tokenizer, settings.Data.Problems, config, threads, progress, host.Cancellation);
        using var device = new CpuDevice(threads);
        using var model = new Transformer(config, device);
        model.Initialize(settings.Seed);
        var checkpoint = new TrainingCheckpoint(folder.CheckpointFolder(ModelName), inner => TaskFile.Write(inner, task, settings.Data.Positions));
        using (var trainer = new Trainer(model, new Mixture(settings.Seed, (data, 1)), settings.Training.ToTrainer()))
        {
            Train(folder, model, trainer, tokenizer, checkpoint);
            Log(folder, $"is at step {trainer.Steps}");
        }

        var graded = Test(folder, model, tokenizer);
        return new TrainResult(
            path, checkpoint.Latest!, settings.Training.Steps, config.ParameterCount.Total, device.Work.Flops, graded);
    }

    private void Train(RunFolder folder, Transformer model, Trainer trainer, ITokenizer tokenizer, TrainingCheckpoint checkpoint)
    {
        var validation = Items(Split.Validation);
        var peak = 1e9 * MachineMeter.PeakGflops(threads);
        var (metrics, timing) = (new Metric[model.Config.PredictsPositions ? 5 : 4], new Metric[4]);
        var (lastTime, lastFlops) = (host.Time.GetTimestamp(), model.Device.Work.Flops);
        TrainingLoop.Run(model, trainer, settings.Training.Steps, new TrainingLoopOptions
        {
            Name = $"train {task.Name}",
            Checkpoint = checkpoint,
            CheckpointEvery = settings.Training.CheckpointEvery,
            Tokenizer = tokenizer,
            PeakFlops = peak,
            Progress = progress,
            EvaluateEvery = settings.Evaluation.Every,
            Resumed = steps =>
            {
                folder.TruncateMetrics(TrainPhase, steps);
                folder.TruncateMetrics(EvaluationPhase, steps);
                Log(folder, $"{(steps == 0 ? "begins" : $"goes on after step {steps}")}; {threads} threads");
            },
            Stepped = step =>
            {
                var (now, flops) = (host.Time.GetTimestamp(), model.Device.Work.Flops);
                var seconds = Math.Max(1e-9, host.Time.GetElapsedTime(lastTime, now).TotalSeconds);
                metrics[0] = new("loss", step.Loss);
                metrics[1] = new("gradient_norm", step.GradientNorm);
                metrics[2] = new("learning_rate", step.LearningRate);
                metrics[3] = new("tokens", step.Tokens);
                if (model.Config.PredictsPositions)
                {
                    metrics[4] = new("position_loss", step.PositionLoss);
                }

                folder.AppendMetrics(TrainPhase, step.Step, metrics);
                timing[0] = new("seconds", seconds);
                timing[1] = new("tokens_per_second", step.Tokens / seconds);
                timing[2] = new("gflops", (flops - lastFlops) / seconds / 1e9);
                timing[3] = new("fraction_of_peak", (flops - lastFlops) / seconds / peak);
                folder.AppendTiming(TrainPhase, step.Step, timing);
                (lastTime, lastFlops) = (host.Time.GetTimestamp(), flops);
            },
            Evaluate = step =>
            {
                // Not cancelled in the middle: the loop saves its state between steps only.
                var graded = Ask(model, tokenizer, validation, CancellationToken.None);
                folder.AppendMetrics(EvaluationPhase, step,
                    [new("solved", EvalSummary.Solved(graded)), new("mean_tokens", EvalSummary.MeanLength(graded))]);
                (lastTime, lastFlops) = (host.Time.GetTimestamp(), model.Device.Work.Flops);
            },
        }, host.Cancellation);
    }

    /// <summary>The trained model on unseen problems, its samples kept for <c>compare</c>.</summary>
    private IReadOnlyList<GradedCompletion> Test(RunFolder folder, Transformer model, ITokenizer tokenizer)
    {
        var items = Items(Split.Test);
        var graded = Ask(model, tokenizer, items, host.Cancellation);
        GradedSamples.Write(folder.EvaluationPath(TestName), ModelName, items, graded, settings.Evaluation.Temperature);
        return graded;
    }

    private IReadOnlyList<GradedCompletion> Ask(Transformer model, ITokenizer tokenizer, TaskItem[] items, CancellationToken cancellation) =>
        TaskEvaluation.Run(
            model, tokenizer, task, items, samples: 1,
            new SamplingSettings { Temperature = settings.Evaluation.Temperature, MaxNewTokens = model.Config.MaxPositions },
            TrainPrice.EngineFor(settings.Evaluation, model.Config), settings.Seed, progress, "ask",
            new TaskPositions(task, settings.Data.Positions), cancellation);

    private TaskItem[] Items(Split split) => ParallelItems.Make(settings.Evaluation.Problems, threads, i => task.Create(split, i), host.Cancellation);

    private void Log(RunFolder folder, string what) =>
        folder.Log(host.Time, $"train {task.Name} {what}");
}
