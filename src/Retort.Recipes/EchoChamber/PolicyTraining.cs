using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Recipes.Experiment;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Training.Rl;

namespace Retort.Recipes.EchoChamber;

/// <summary>Takes a base through a run's reinforcement: checkpoints, metrics, work and what every rollout was written in.</summary>
internal sealed class PolicyTraining(EchoChamberSettings settings, RecipeContext context, RunFolder folder, Spending spending)
{
    private readonly PolicyTrainer policies = new(context, folder, spending);

    /// <summary>What metrics.jsonl calls a run's rollouts.</summary>
    public static string PhaseOf(string name) => "curve/" + name;

    /// <summary>Reinforces the model.</summary>
    /// <param name="run">How.</param>
    /// <param name="name">Of the run's files.</param>
    /// <param name="model">The base; for PPO with a value head.</param>
    /// <param name="tokenizer">The base's.</param>
    /// <param name="task">The base's.</param>
    /// <param name="items">Problems.</param>
    /// <param name="success">Probabilities of a frozen run's coins; null: answers are judged.</param>
    /// <param name="seed">Names every random number.</param>
    /// <param name="look">Called with a step (or round) after which the run is asked; the last is one.</param>
    public void Run(
        PolicyRun run, string name, Transformer model, ITokenizer tokenizer, ScrambledArithmeticTask task, TaskItem[] items,
        IReadOnlyList<double>? success, ulong seed, Action<long> look)
    {
        IReward reward = success is null ? new TaskReward(task) : new CoinReward(seed, success);
        if (run.Method == PolicyMethod.Expert)
        {
            Iterate(name, model, tokenizer, task, items, reward, seed, look);
            return;
        }

        var rl = RlOf(settings, run);
        using var trainer = new RlTrainer(model, tokenizer, new ProblemFeed(items, seed), reward, rl, seed);
        policies.Run(
            name, model, trainer, rl.Steps, task, tokenizer, step => LookAfter(step, look),
            step => run.IsFollowed && settings.AskAfter.Contains((int)step), done => folder.TruncateMetrics(PhaseOf(name), done),
            step => Append(name, task, step));
    }

    /// <summary>The settings of a run's reinforcement.</summary>
    public static RlSettings RlOf(EchoChamberSettings settings, PolicyRun run) => settings.Rl with
    {
        Algorithm = run.Method == PolicyMethod.Ppo ? RlAlgorithm.Ppo : RlAlgorithm.Grpo,
        KlCoefficient = run.Kl,
        LearningRate = run.Base.Shape == settings.Large ? settings.LargeLearningRate : settings.Rl.LearningRate,
    };

    /// <summary>A round of expert iteration is a step of the run. What it drew is in its folder, sample by sample.</summary>
    private void Iterate(
        string name, Transformer model, ITokenizer tokenizer, ScrambledArithmeticTask task, TaskItem[] items, IReward reward, ulong seed, Action<long> look)
    {
        var phase = "expert/" + name;
        // All rounds are told again, those that are there from their files.
        folder.TruncateMetrics(phase, 0);
        ExpertIteration.Run(model, tokenizer, items, reward, settings.Expert, seed, new ExpertIterationOptions
        {
            Folder = folder.CheckpointFolder(name),
            AddFiles = inner => TaskFile.Write(inner, task),
            Name = "expert " + name,
            Progress = context.Progress,
            Rounded = round =>
            {
                RlMetrics.Append(folder, phase, round);
                spending.Flops = new(spending.Flops.Train + round.LearnFlops, spending.Flops.Sample + round.SampleFlops);
            },
            Evaluate = round => LookAfter(round, look),
        }, context.Cancellation);
    }

    private static void LookAfter(long step, Action<long> look)
    {
        if (step > 0)
        {
            look(step);
        }
    }

    private void Append(string name, ScrambledArithmeticTask task, RlStep step)
    {
        var samples = step.Rollouts.Samples;
        var (drawn, right) = (new int[3], new int[3]);
        foreach (var rollout in samples)
        {
            if (ScrambledArithmeticTask.FormatOf(rollout.Text) is { } format)
            {
                drawn[(int)format]++;
                right[(int)format] += task.Verify(rollout.Item, rollout.Text).Correct ? 1 : 0;
            }
        }

        folder.AppendMetrics(
            PhaseOf(name), step.Step, new TrajectoryStep(step.Step, samples.Count, drawn, right, step.Reward, step.RewardDeviation, step.Kl, step.Length).Metrics());
    }
}
