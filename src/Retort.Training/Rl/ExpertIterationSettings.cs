using Retort.Core;
using Retort.Tensors;

namespace Retort.Training.Rl;

/// <summary>What a round's samples are learned by.</summary>
public enum RefitStart
{
    /// <summary>The model before the first round (Zelikman et al. 2022, "STaR").</summary>
    Base,

    /// <summary>The model of the round before.</summary>
    Last,
}

/// <summary>How a model learns from its own correct completions, round by round.</summary>
public sealed record ExpertIterationSettings
{
    /// <summary>Rounds of sampling and learning.</summary>
    [Doc("Rounds of sampling and learning", Unit = "rounds"), Positive]
    public int Rounds { get; init; } = 3;

    /// <summary>Completions of each problem in a round.</summary>
    [Doc("Completions of each problem in a round", Unit = "completions"), Positive]
    public int SamplesPerPrompt { get; init; } = 16;

    /// <summary>Temperature of the samples.</summary>
    [Doc("Temperature of the samples, above 0"), Range(0, 100, MinExclusive = true)]
    public double Temperature { get; init; } = 1;

    /// <summary>Samples are drawn from the smallest set of tokens of this probability.</summary>
    [Doc("Samples are drawn from the smallest set of tokens of at least this probability; 1: all"), Range(0.01, 1)]
    public double TopP { get; init; } = 1;

    /// <summary>Longest completion; 0: the rest of the context.</summary>
    [Doc("Longest completion, 0: the rest of the context", Unit = "tokens"), NotNegative]
    public int MaxNewTokens { get; init; }

    /// <summary>Sequences generated together.</summary>
    [Doc("Sequences generated together", Unit = "sequences"), Range(1, 4096)]
    public int DecodeSequences { get; init; } = 128;

    /// <summary>Of equal completions of a problem one is kept.</summary>
    [Doc("Of equal completions of a problem one is kept")]
    public bool Deduplicate { get; init; } = true;

    /// <summary>A completion is kept if its reward is at least this.</summary>
    [Doc("A completion is kept if its reward is at least this")]
    public double Threshold { get; init; } = 1;

    /// <summary>What learns from the kept samples.</summary>
    [Doc("base: the model before the first round learns from the kept samples; last: the model that drew them")]
    public RefitStart Refit { get; init; }

    /// <summary>How often the kept samples are gone through.</summary>
    [Doc("How often the kept samples are gone through"), Positive]
    public int Epochs { get; init; } = 2;

    /// <summary>Sequences of an update.</summary>
    [Doc("Sequences of an update", Unit = "sequences"), Positive]
    public int BatchSequences { get; init; } = 64;

    /// <summary>Highest learning rate; it falls to a tenth along a cosine in each round.</summary>
    [Doc("Highest learning rate; it falls to a tenth along a cosine in each round"), Positive]
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>The refit's settings for so many sequences.</summary>
    internal TrainerSettings TrainerFor(int sequences)
    {
        var steps = Math.Max(1, (long)Epochs * sequences / BatchSequences);
        return new TrainerSettings
        {
            BatchSequences = BatchSequences,
            Schedule = new LearningRateSchedule { PeakLearningRate = LearningRate, TotalSteps = steps, WarmupSteps = Math.Min(10, steps / 10) },
        };
    }
}
