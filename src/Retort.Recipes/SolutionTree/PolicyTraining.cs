using Retort.Models;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.SolutionTree;

/// <summary>Reinforcement learning of a run's models: checkpoints, metrics and work under the condition's name. Reward: exact match.</summary>
internal sealed class PolicyTraining(RecipeContext context, RunFolder folder, Spending spending)
{
    private const int CheckpointEvery = 25;

    /// <summary>Takes a pretrained model, which also is the reference, through a condition.</summary>
    public void Run(string name, Transformer model, SolutionTreeTask task, TreeCondition condition, ulong seed, LearningCurve curve)
    {
        var (phase, tokenizer, steps) = ("rl/" + name, TaskDataset.TokenizerFor(task), condition.Rl.Steps);
        var settings = condition.Rl with { MaxNewTokens = TreeRunner.Sampling(task, 1).MaxNewTokens };
        var problems = condition.Problems == 0
            ? ProblemFeed.Endless(number => task.Create(Split.Validation, number))
            : new ProblemFeed([.. Enumerable.Range(0, condition.Problems).Select(i => task.Create(Split.Validation, i))], seed);
        using var trainer = new RlTrainer(model, tokenizer, problems, new TaskReward(task), settings, seed);
        var (values, every) = (new Metric[8], curve.Every(steps));
        RlLoop.Run(model, trainer, steps, new RlLoopOptions
        {
            Name = "improve " + name,
            Checkpoint = new TrainingCheckpoint(folder.CheckpointFolder(name), inner => TaskFile.Write(inner, task)),
            CheckpointEvery = CheckpointEvery,
            Tokenizer = tokenizer,
            Progress = context.Progress,
            EvaluatesAfter = step => step % every == 0,
            Evaluate = step =>
            {
                var before = model.Device.Work.Flops;
                curve.Add(step, model, tokenizer);
                spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + model.Device.Work.Flops - before };
            },
            Resumed = done =>
            {
                folder.TruncateMetrics(phase, done);
                folder.TruncateMetrics(curve.Phase, done == 0 ? -1 : done);
            },
            Stepped = step =>
            {
                values[0] = new("reward", step.Reward);
                values[1] = new("silent_groups", step.SilentGroups);
                values[2] = new("entropy", step.Entropy);
                values[3] = new("kl", step.Kl);
                values[4] = new("ratio", step.Ratio);
                values[5] = new("clip_fraction", step.ClipFraction);
                values[6] = new("gradient_norm", step.GradientNorm);
                values[7] = new("tokens", step.Length);
                folder.AppendMetrics(phase, step.Step, values);
                spending.Flops = new(spending.Flops.Train + step.LearnFlops, spending.Flops.Sample + step.RolloutFlops);
                if (step.Step % CheckpointEvery == 0)
                {
                    spending.Book();
                }
            },
        }, context.Cancellation);
    }
}
