using Retort.Core;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>How a policy is improved.</summary>
public enum RlAlgorithm
{
    /// <summary>Group-relative policy optimisation: see <see cref="Grpo"/>.</summary>
    Grpo,

    /// <summary>Proximal policy optimisation with a value head: see <see cref="Ppo"/>.</summary>
    Ppo,

    /// <summary>The plain policy gradient with the group's mean as baseline: see <see cref="Reinforce"/>.</summary>
    Reinforce,
}

/// <summary>Where the divergence from the reference enters.</summary>
public enum KlPlacement
{
    /// <summary>A term of the loss, by the low-variance estimator exp(d) - d - 1, d = reference - policy log-probability.</summary>
    Loss,

    /// <summary>Taken off the reward, token by token, by the log-ratio policy - reference.</summary>
    Reward,
}

/// <summary>How a group's rewards become advantages.</summary>
public enum AdvantageScale
{
    /// <summary>(reward - mean) / standard deviation (Shao et al. 2024, eq. 3).</summary>
    Deviation,

    /// <summary>reward - mean, which does not weigh easy and hard problems more (Liu et al. 2025).</summary>
    Mean,
}

/// <summary>What a completion's tokens are divided by in the loss.</summary>
public enum LossAverage
{
    /// <summary>
    /// Its own length, then by the completions: each counts alike (Shao et al. 2024). A wrong completion's tokens are then blamed the less
    /// the longer it is, and completions that never end become more.
    /// </summary>
    Sequence,

    /// <summary>All the update's tokens: each token counts alike (Yu et al. 2025).</summary>
    Token,

    /// <summary>The longest length there can be, then by the completions: length has no influence on a token's weight (Liu et al. 2025).</summary>
    Constant,
}

/// <summary>How a policy learns from its own completions.</summary>
public sealed record RlSettings : ICheckedSettings
{
    /// <summary>How the policy is improved.</summary>
    [Doc("grpo, ppo or reinforce")]
    public RlAlgorithm Algorithm { get; init; }

    /// <summary>Rollouts and the updates from them.</summary>
    [Doc("Rollouts, each with its updates", Unit = "steps"), Positive]
    public int Steps { get; init; } = 100;

    /// <summary>Problems of a rollout.</summary>
    [Doc("Problems of a rollout", Unit = "problems"), Positive]
    public int PromptsPerStep { get; init; } = 32;

    /// <summary>Completions of each problem: the group.</summary>
    [Doc("Completions of each problem: the group", Unit = "completions"), Positive]
    public int SamplesPerPrompt { get; init; } = 8;

    /// <summary>Temperature of the rollouts; the policy that learns is the tempered one.</summary>
    [Doc("Temperature of the rollouts, above 0; the policy that learns is the tempered one"), Range(0, 100, MinExclusive = true)]
    public double Temperature { get; init; } = 1;

    /// <summary>Longest completion; 0: the rest of the context.</summary>
    [Doc("Longest completion, 0: the rest of the context", Unit = "tokens"), NotNegative]
    public int MaxNewTokens { get; init; }

    /// <summary>
    /// Longest prompt; 0: what the context leaves. Memory is taken for the longest prompt and completion together, so a model of a long
    /// context needs both to learn from short ones.
    /// </summary>
    [Doc("Longest prompt, 0: what the context leaves; with maxNewTokens it bounds the memory", Unit = "tokens"), NotNegative]
    public int MaxPromptTokens { get; init; }

    /// <summary>Sequences generated together.</summary>
    [Doc("Sequences generated together", Unit = "sequences"), Range(1, 4096)]
    public int DecodeSequences { get; init; } = 128;

    /// <summary>How often the rollout is gone through.</summary>
    [Doc("How often the rollout is gone through"), Positive]
    public int Passes { get; init; } = 1;

    /// <summary>Updates that a pass is cut into.</summary>
    [Doc("Updates that a pass is cut into"), Positive]
    public int UpdatesPerPass { get; init; } = 1;

    /// <summary>The importance ratio is clipped below 1 - this; not for reinforce.</summary>
    [Doc("The importance ratio is clipped below 1 - this; not for reinforce"), Range(0, 1, MaxExclusive = true)]
    public double ClipLow { get; init; } = 0.2;

    /// <summary>And above 1 + this.</summary>
    [Doc("And above 1 + this; not for reinforce"), NotNegative]
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>Weight of the divergence from the reference model; 0: no reference is needed.</summary>
    [Doc("Weight of the divergence from the model it began as, 0: none"), NotNegative]
    public double KlCoefficient { get; init; }

    /// <summary>Where it enters.</summary>
    [Doc("loss: a term of the loss, by the low-variance estimator; reward: taken off the reward, token by token")]
    public KlPlacement KlPlacement { get; init; }

    /// <summary>Weight of the policy's entropy, which is rewarded.</summary>
    [Doc("Weight of the policy's entropy, which is rewarded"), NotNegative]
    public double EntropyCoefficient { get; init; }

    /// <summary>How rewards become advantages; grpo only.</summary>
    [Doc("grpo: deviation divides a group's advantages by its standard deviation, mean does not")]
    public AdvantageScale AdvantageScale { get; init; }

    /// <summary>What a completion's tokens are divided by.</summary>
    [Doc("What tokens are divided by: sequence (own length), token (all tokens), constant (longest length)")]
    public LossAverage LossAverage { get; init; } = LossAverage.Token;

    /// <summary>Completions cut off at their limit are not learned from (Yu et al. 2025).</summary>
    [Doc("Completions cut off at their limit are not learned from")]
    public bool MaskTruncated { get; init; }

    /// <summary>Learning rate after warm-up.</summary>
    [Doc("Learning rate after warm-up"), Positive]
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Updates of linear warm-up.</summary>
    [Doc("Updates of linear warm-up", Unit = "updates"), NotNegative]
    public int WarmupUpdates { get; init; }

    /// <summary>Learning rate of the last update, as a share of the first; a cosine leads there.</summary>
    [Doc("Learning rate at the end as a share of that after warm-up; 1: constant, else along a cosine"), Range(0, 1)]
    public double FinalFraction { get; init; } = 1;

    /// <summary>Decay of AdamW's first moment.</summary>
    [Doc("Decay of AdamW's first moment"), Range(0, 1, MaxExclusive = true)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of AdamW's second moment.</summary>
    [Doc("Decay of AdamW's second moment"), Range(0, 1, MaxExclusive = true)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Decoupled weight decay.</summary>
    [Doc("Decoupled weight decay"), NotNegative]
    public double WeightDecay { get; init; }

    /// <summary>Gradients longer than this are scaled down to it; 0: none.</summary>
    [Doc("Gradients longer than this are scaled down to it; 0: none"), NotNegative]
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Weight of the value loss; ppo only.</summary>
    [Doc("ppo: weight of the value loss"), NotNegative]
    public double ValueCoefficient { get; init; } = 0.5;

    /// <summary>Values move no further than this from what they were at the rollout; ppo only.</summary>
    [Doc("ppo: values move no further than this from what they were at the rollout"), Positive]
    public double ValueClip { get; init; } = 0.2;

    /// <summary>Discount of later rewards; ppo only.</summary>
    [Doc("ppo: discount a token"), Range(0, 1)]
    public double Gamma { get; init; } = 1;

    /// <summary>Decay of the advantage estimator; ppo only.</summary>
    [Doc("ppo: lambda of generalised advantage estimation"), Range(0, 1)]
    public double GaeLambda { get; init; } = 0.95;

    /// <summary>Advantages of a rollout are brought to mean 0 and deviation 1; ppo only.</summary>
    [Doc("ppo: advantages of a rollout are brought to mean 0 and deviation 1")]
    public bool WhitenAdvantages { get; init; } = true;

    /// <summary>
    /// Steps that a rollout may lie behind the weights that learn from it: with 1, the next rollout is generated while this one is
    /// learned from, on a copy of the weights.
    /// </summary>
    [Doc("Steps a rollout may lie behind the weights that learn from it; 1: generated while the last is learned from"), Range(0, 1)]
    public int MaxStaleness { get; init; }

    /// <summary>Completions of a rollout.</summary>
    public int Completions => PromptsPerStep * SamplesPerPrompt;

    /// <summary>Longest prompt and completion together, for a model of this context.</summary>
    public int MaxLength(int context) =>
        MaxPromptTokens > 0 && MaxNewTokens > 0 ? (int)Math.Min(context, (long)MaxPromptTokens + MaxNewTokens) : context;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        (long)PromptsPerStep * SamplesPerPrompt > 1 << 20
            ? new(nameof(SamplesPerPrompt), $"makes {(long)PromptsPerStep * SamplesPerPrompt} completions a step", $"at most {1 << 20}")
        : UpdatesPerPass > PromptsPerStep || PromptsPerStep % UpdatesPerPass != 0
            ? new(nameof(UpdatesPerPass), $"is {UpdatesPerPass} for {PromptsPerStep} problems a step", $"a divisor of {PromptsPerStep}: groups stay whole")
        : Algorithm != RlAlgorithm.Ppo && SamplesPerPrompt < 2
            ? new(nameof(SamplesPerPrompt), "is 1", "at least 2: a group's mean is the baseline (ppo has values instead)")
        : MaxStaleness > 0 && Algorithm == RlAlgorithm.Ppo
            ? new(nameof(MaxStaleness), $"is {MaxStaleness}", "0: ppo's values must be those of the rollout's policy")
        : null;

    /// <summary>
    /// What one update takes, as the batch machinery has it: groups are sequences that branch after the prompt. A micro-batch aims at some
    /// hundred rows, so that it stays in a core's caches.
    /// </summary>
    internal TrainerSettings TrainerFor(int groups, int maxLength)
    {
        const int shards = 8, rowsWanted = 512;
        var perShard = (groups + shards - 1) / shards;
        var newTokens = MaxNewTokens > 0 ? MaxNewTokens : maxLength - 1;
        var rows = (long)perShard * (maxLength + (long)(SamplesPerPrompt - 1) * newTokens);
        var parts = (int)Math.Clamp(Math.Round((double)rows / rowsWanted), 1, perShard);
        return new TrainerSettings
        {
            BatchSequences = groups,
            MaxBranches = SamplesPerPrompt,
            GradientShards = shards,
            MicroBatchShards = parts > 1 ? 1 : 0,
            MicroBatchesPerShard = parts,
            Schedule = new LearningRateSchedule
            {
                Shape = FinalFraction == 1 ? ScheduleShape.Constant : ScheduleShape.Cosine,
                PeakLearningRate = LearningRate,
                FinalFraction = FinalFraction,
                TotalSteps = Math.Max(WarmupUpdates, (long)Steps * Passes * UpdatesPerPass),
                WarmupSteps = WarmupUpdates,
            },
            Optimizer = new AdamWSettings
            {
                Beta1 = (float)Beta1,
                Beta2 = (float)Beta2,
                WeightDecay = (float)WeightDecay,
                MaxGradientNorm = (float)MaxGradientNorm,
            },
        };
    }

    /// <summary>The policy loss's numbers.</summary>
    internal PolicyLossSettings Loss
    {
        get
        {
            var clips = Algorithm != RlAlgorithm.Reinforce;
            return new PolicyLossSettings(
                (float)Temperature, clips ? (float)ClipLow : float.PositiveInfinity, clips ? (float)ClipHigh : float.PositiveInfinity,
                KlPlacement == KlPlacement.Loss ? (float)KlCoefficient : 0, (float)EntropyCoefficient);
        }
    }
}
