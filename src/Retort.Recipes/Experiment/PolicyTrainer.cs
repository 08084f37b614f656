using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.Experiment;

/// <summary>
/// Improves models of a run by reinforcement learning in its folder: checkpoints, metrics and work under the model's name, as
/// <see cref="ModelTrainer"/> does for training. What is half done goes on from its checkpoint, what is done is loaded.
/// </summary>
/// <param name="context">Progress and cancellation.</param>
/// <param name="folder">Of the run.</param>
/// <param name="spending">Where FLOPs are booked.</param>
internal sealed class PolicyTrainer(RecipeContext context, RunFolder folder, Spending spending)
{
    private const int CheckpointEvery = 25;

    /// <summary>Takes <paramref name="trainer"/> to the end of its settings.</summary>
    /// <param name="name">Of the model and its files.</param>
    /// <param name="model">Learns; as it was when the trainer was made.</param>
    /// <param name="trainer">Of the model.</param>
    /// <param name="steps">Steps of the settings.</param>
    /// <param name="task">Written beside the model.</param>
    /// <param name="tokenizer">Likewise.</param>
    /// <param name="evaluate">Called before the first step with 0, after steps that <paramref name="evaluatesAfter"/> names, and after the last.</param>
    /// <param name="evaluatesAfter">Null: after the last only.</param>
    /// <param name="resumed">Called before with the steps that a checkpoint has.</param>
    /// <param name="stepped">Called after every step.</param>
    public void Run(
        string name, Transformer model, RlTrainer trainer, int steps, ITask task, ITokenizer tokenizer,
        Action<long>? evaluate = null, Func<long, bool>? evaluatesAfter = null, Action<long>? resumed = null, Action<RlStep>? stepped = null)
    {
        var phase = "rl/" + name;
        RlLoop.Run(model, trainer, steps, new RlLoopOptions
        {
            Name = "rl " + name,
            Checkpoint = new TrainingCheckpoint(folder.CheckpointFolder(name), inner => TaskFile.Write(inner, task)),
            CheckpointEvery = CheckpointEvery,
            Tokenizer = tokenizer,
            Progress = context.Progress,
            Resumed = done =>
            {
                folder.TruncateMetrics(phase, done);
                resumed?.Invoke(done);
            },
            Evaluate = evaluate,
            EvaluatesAfter = evaluatesAfter ?? (_ => false),
            Stepped = step =>
            {
                RlMetrics.Append(folder, phase, step);
                stepped?.Invoke(step);
                spending.Flops = spending.Flops with
                {
                    Train = spending.Flops.Train + step.LearnFlops,
                    Sample = spending.Flops.Sample + step.RolloutFlops,
                };
                if (step.Step % CheckpointEvery == 0)
                {
                    spending.Book();
                }
            },
        }, context.Cancellation);
    }
}
