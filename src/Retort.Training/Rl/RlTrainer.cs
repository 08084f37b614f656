using System.Diagnostics;
using Retort.Core;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>
/// Reinforcement learning from rewards that a program can check, one step at a time: complete problems, reward the completions, turn
/// rewards into advantages, learn. The engine generates on the very weights that learn, and law 1 makes the first importance ratio
/// exactly 1. The numbers do not depend on threads, micro-batching or interruptions.
/// </summary>
public sealed class RlTrainer : ITrainingState, IDisposable
{
    private readonly Transformer model;
    private readonly RlSettings settings;
    private readonly IAdvantageRule rule;
    private readonly IRolloutSource rollouts;
    private readonly Experience experience;
    private readonly PolicyLearner learner;
    private readonly Scorer? reference, values;
    private readonly Transformer? ownReference;
    private readonly int maxLength;

    /// <summary>A trainer at step 0.</summary>
    /// <param name="model">Learns; with <see cref="RlAlgorithm.Ppo"/> it must have a value head.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="problems">What is completed.</param>
    /// <param name="reward">What completions are worth.</param>
    /// <param name="settings">How.</param>
    /// <param name="seed">Names every random number.</param>
    /// <param name="reference">
    /// Where the policy is held near, if the KL coefficient is not 0; null: the model as it is now. Its shape must be the model's.
    /// </param>
    /// <param name="stopTokens">Tokens that end a completion; null: the tokenizer's.</param>
    public RlTrainer(
        Transformer model, ITokenizer tokenizer, ProblemFeed problems, IReward reward, RlSettings settings, ulong seed,
        Transformer? reference = null, IReadOnlyList<int>? stopTokens = null)
    {
        Check(model, settings, reference);
        (this.model, this.settings) = (model, settings);
        maxLength = settings.MaxLength(model.Config.MaxPositions);
        rule = AdvantageRules.Of(settings.Algorithm);
        experience = new Experience(settings.PromptsPerStep, settings.SamplesPerPrompt, maxLength);
        learner = new PolicyLearner(model, settings, maxLength, seed);
        if (settings.KlCoefficient > 0)
        {
            ownReference = reference is null ? CopyOf(model) : null;
            this.reference = new Scorer(reference ?? ownReference!, settings, maxLength);
        }

        values = settings.Algorithm == RlAlgorithm.Ppo ? new Scorer(model, settings, maxLength) : null;
        stopTokens ??= tokenizer.EosId is { } end ? [end] : [];
        rollouts = settings.MaxStaleness == 0
            ? new FreshRollouts(new RolloutWorker(model, tokenizer, problems, reward, settings, seed, stopTokens))
            : new OverlappedRollouts(model, tokenizer, problems, reward, settings, seed, stopTokens);
    }

    /// <summary>Called with the number of completions of the running rollout that are there.</summary>
    public Action<int>? Finished { get; set; }

    /// <inheritdoc/>
    public AdamWOptimizer Optimizer => learner.Optimizer;

    /// <inheritdoc/>
    public long Steps { get; private set; }

    /// <inheritdoc/>
    public TrainingProgress Progress
    {
        get => new(Steps, Steps * settings.PromptsPerStep, Optimizer.Steps);
        set => (Steps, Optimizer.Steps) = (value.Steps, value.OptimizerSteps);
    }

    /// <inheritdoc/>
    public void SaveFiles(string folder) => rollouts.Save(folder);

    /// <inheritdoc/>
    public void RestoreFiles(string folder) => rollouts.Restore(folder, Steps);

    /// <summary>One rollout and the updates from it. Cancelled, or failing, while it generates, the trainer is as it was before.</summary>
    public RlStep Step(CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var began = Stopwatch.GetTimestamp();
        var (batch, staleness, flops) = rollouts.Next(Steps, Finished, cancellation);
        var (rolledOut, before) = (Stopwatch.GetTimestamp(), model.Device.Work.Flops);
        var (silent, tally) = Learn(batch);
        Steps++;
        return Describe(batch, staleness, silent, tally) with
        {
            RolloutSeconds = Stopwatch.GetElapsedTime(began, rolledOut).TotalSeconds,
            RolloutFlops = flops,
            LearnFlops = model.Device.Work.Flops - before,
            LearnSeconds = Stopwatch.GetElapsedTime(rolledOut).TotalSeconds,
        };
    }

    /// <summary>The updates from a rollout: scores, advantages, gradients. Allocates nothing once it has run.</summary>
    internal (int SilentGroups, LearningTally Tally) Learn(RolloutBatch batch)
    {
        experience.Load(batch, settings.MaskTruncated);
        reference?.Score(experience, ExperienceColumn.ReferenceLogprob);
        values?.Score(experience, ExperienceColumn.OldValue);
        var silent = rule.Apply(experience, settings);
        return (silent, learner.Learn(experience, Steps));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        rollouts.Dispose();
        values?.Dispose();
        reference?.Dispose();
        ownReference?.Dispose();
        learner.Dispose();
    }

    /// <summary>Refuses what cannot be learned.</summary>
    private static void Check(Transformer model, RlSettings settings, Transformer? reference)
    {
        if (settings.FindProblem() is { } problem)
        {
            throw UserError.Request($"rl.{char.ToLowerInvariant(problem.Property[0])}{problem.Property[1..]}", problem.What, problem.Expected);
        }

        if (settings.Algorithm == RlAlgorithm.Ppo != model.HasValueHead)
        {
            throw new ArgumentException("ppo needs a model with a value head, the others one without", nameof(model));
        }

        if (reference is not null && reference.Config != model.Config)
        {
            throw UserError.Request(
                "the reference model", $"has another shape ({reference.Config.Shape})", $"the policy's own ({model.Config.Shape})");
        }
    }

    private static Transformer CopyOf(Transformer model)
    {
        var copy = new Transformer(model.Config, model.Device);
        foreach (var (from, to) in model.NamedTensors.Zip(copy.NamedTensors))
        {
            var values = new float[from.Rows * from.Columns];
            from.Read(model.Device, model.Parameters.Values, values);
            to.Write(copy, values);
        }

        return copy;
    }

    private RlStep Describe(RolloutBatch batch, int staleness, int silent, in LearningTally tally)
    {
        var (rewards, count, truncated, drawn) = (0.0, 0, 0, 0L);
        var (byReward, byLength) = (new int[8], new int[8]);
        foreach (var rollout in batch.Samples)
        {
            var length = rollout.Completion.Tokens.Length;
            drawn += length;
            truncated += rollout.IsTruncated ? 1 : 0;
            var most = settings.MaxNewTokens > 0 ? settings.MaxNewTokens : maxLength - rollout.Prompt.Length;
            byLength[Math.Clamp((8 * length - 1) / most, 0, 7)]++;
            if (!double.IsNaN(rollout.Reward))
            {
                (rewards, count) = (rewards + rollout.Reward, count + 1);
                byReward[BinOf(rollout.Reward)]++;
            }
        }

        var mean = count == 0 ? 0 : rewards / count;
        var squares = batch.Samples.Where(rollout => !double.IsNaN(rollout.Reward)).Sum(rollout => Math.Pow(rollout.Reward - mean, 2));
        return new RlStep
        {
            Step = Steps,
            Reward = mean,
            RewardDeviation = count < 2 ? 0 : Math.Sqrt(squares / (count - 1)),
            Length = (double)drawn / batch.Samples.Count,
            Truncated = (double)truncated / batch.Samples.Count,
            SilentGroups = silent,
            Unrewarded = batch.Samples.Count - count,
            Loss = tally.Loss,
            ValueLoss = tally.ValueLoss,
            GradientNorm = tally.GradientNorm,
            LearningRate = tally.LearningRate,
            Entropy = tally.Entropy,
            Kl = tally.Kl,
            Ratio = tally.Ratio,
            FirstRatioError = tally.FirstRatioError,
            ClipFraction = tally.ClipFraction,
            Staleness = staleness,
            RewardHistogram = byReward,
            LengthHistogram = byLength,
            Rollouts = batch,
            TokensLearned = (long)experience.Batch.NumRows * settings.Passes,
            TokensDrawn = drawn,
            RolloutFlops = 0,
            LearnFlops = 0,
            RolloutSeconds = 0,
            LearnSeconds = 0,
        };
    }

    private static int BinOf(double reward) => reward switch
    {
        < 0 => 0,
        0 => 1,
        <= 0.25 => 2,
        <= 0.5 => 3,
        <= 0.75 => 4,
        < 1 => 5,
        1 => 6,
        _ => 7,
    };
}
