using Retort.Models;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;
using Retort.Training;
using Retort.Training.Rl;

namespace Retort.Recipes.SolutionTree;

/// <summary>Reinforcement learning of a run's models under the condition's name. Reward: exact match.</summary>
internal sealed class PolicyTraining(RecipeContext context, RunFolder folder, Spending spending)
{
    private readonly PolicyTrainer policies = new(context, folder, spending);

    /// <summary>Takes a pretrained model, which also is the reference, through a condition.</summary>
    public void Run(string name, Transformer model, SolutionTreeTask task, TreeCondition condition, ulong seed, LearningCurve curve)
    {
        var (tokenizer, steps) = (TaskDataset.TokenizerFor(task), condition.Rl.Steps);
        var settings = RlOf(task, condition);
        var problems = condition.Problems == 0
            ? ProblemFeed.Endless(number => task.Create(Split.Validation, number))
            : new ProblemFeed([.. Enumerable.Range(0, condition.Problems).Select(i => task.Create(Split.Validation, i))], seed);
        using var trainer = new RlTrainer(model, tokenizer, problems, new TaskReward(task), settings, seed);
        var every = curve.Every(steps);
        policies.Run(
            name, model, trainer, steps, task, tokenizer,
            step =>
            {
                var before = model.Device.Work.Flops;
                curve.Add(step, model, tokenizer);
                spending.Flops = spending.Flops with { Sample = spending.Flops.Sample + model.Device.Work.Flops - before };
            },
            step => step % every == 0,
            done => folder.TruncateMetrics(curve.Phase, done == 0 ? -1 : done));
    }

    /// <summary>The settings of a condition's reinforcement learning.</summary>
    public static RlSettings RlOf(SolutionTreeTask task, TreeCondition condition) =>
        condition.Rl with { MaxNewTokens = TreeRunner.Sampling(task, 1).MaxNewTokens };
}
