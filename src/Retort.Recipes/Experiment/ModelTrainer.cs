using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tensors.Cpu;
using Retort.Training;

namespace Retort.Recipes.Experiment;

/// <summary>
/// Trains models of a run in its folder: checkpoints, metrics and work under the model's name. A half-trained model goes on from its
/// checkpoint, a trained one is loaded.
/// </summary>
/// <param name="context">Progress and cancellation.</param>
/// <param name="folder">Of the run.</param>
/// <param name="spending">Where FLOPs are booked.</param>
internal sealed class ModelTrainer(RecipeContext context, RunFolder folder, Spending spending)
{
    private const int CheckpointEvery = 500;

    /// <summary>The machine's, to show how much of it is used; a smoke run is over before it is measured.</summary>
    private readonly double peakFlops = context.Preset == "smoke" ? 0 : 1e9 * MachineMeter.PeakGflops(context.Threads);

    /// <summary>
    /// Takes <paramref name="trainer"/> to so many steps; every <paramref name="evaluateEvery"/> (0: never) and at the end
    /// <paramref name="evaluate"/> looks at the model. What it writes down as phase "curve/NAME" ends where a resumed run begins.
    /// <paramref name="positions"/>: which ids the data's tokens have.
    /// </summary>
    public void Run(
        string name, Transformer model, Trainer trainer, int steps, ITask task, ITokenizer tokenizer, int evaluateEvery = 0,
        Action<long>? evaluate = null, PositionScheme positions = PositionScheme.Consecutive)
    {
        var phase = "train/" + name;
        var (before, spent, asked) = (model.Device.Work.Flops, spending.Flops, 0L);
        var values = new Metric[model.Config.PredictsPositions ? 5 : 4];
        TrainingLoop.Run(model, trainer, steps, new TrainingLoopOptions
        {
            Name = "train " + name,
            Checkpoint = new TrainingCheckpoint(folder.CheckpointFolder(name), inner => TaskFile.Write(inner, task, positions)),
            CheckpointEvery = CheckpointEvery,
            Tokenizer = tokenizer,
            PeakFlops = peakFlops,
            Progress = context.Progress,
            EvaluateEvery = evaluateEvery,
            Evaluate = evaluate is null ? null : step =>
            {
                var start = model.Device.Work.Flops;
                evaluate(step);
                asked += model.Device.Work.Flops - start;
            },
            Resumed = done =>
            {
                folder.TruncateMetrics(phase, done);
                folder.TruncateMetrics("curve/" + name, done);
            },
            Stepped = step =>
            {
                values[0] = new("loss", step.Loss);
                values[1] = new("gradient_norm", step.GradientNorm);
                values[2] = new("learning_rate", step.LearningRate);
                values[3] = new("tokens", step.Tokens);
                if (model.Config.PredictsPositions)
                {
                    values[4] = new("position_loss", step.PositionLoss);
                }

                folder.AppendMetrics(phase, step.Step, values);
                if (step.Step % CheckpointEvery == 0)
                {
                    Count();
                    spending.Book();
                }
            },
        }, context.Cancellation);
        Count();

        void Count() => spending.Flops = new(spent.Train + model.Device.Work.Flops - before - asked, spent.Sample + asked);
    }
}
