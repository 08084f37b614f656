namespace Retort.Training.Rl;

/// <summary>What tells the algorithms apart: how rewards become advantages, and which loss the updates minimise.</summary>
internal interface IAdvantageRule
{
    /// <summary>
    /// Writes the advantage of every token that is learned. Returns how many groups say nothing (rewards all alike, or fewer than two of
    /// them), which get none.
    /// </summary>
    int Apply(Experience experience, RlSettings settings);
}

/// <summary>What the rules share.</summary>
internal static class AdvantageRules
{
    /// <summary>The rule of an algorithm.</summary>
    public static IAdvantageRule Of(RlAlgorithm algorithm) => algorithm switch
    {
        RlAlgorithm.Grpo => new Grpo(),
        RlAlgorithm.Ppo => new Ppo(),
        _ => new Reinforce(),
    };

    /// <summary>
    /// Gives every token of a completion the advantage of its reward in its group, with the divergence from the reference taken off the
    /// reward where settings say so. The deviation is that of the rewards alone: a penalty of a millionth would otherwise be all that eight
    /// equal rewards differ in, and be divided by itself.
    /// </summary>
    public static int ByGroup(Experience experience, RlSettings settings, AdvantageScale scale)
    {
        var groupSize = settings.SamplesPerPrompt;
        Span<double> rewards = stackalloc double[groupSize];
        Span<double> penalties = stackalloc double[groupSize];
        Span<double> advantages = stackalloc double[groupSize];
        var silent = 0;
        for (var first = 0; first < settings.Completions; first += groupSize)
        {
            for (var i = 0; i < groupSize; i++)
            {
                rewards[i] = experience.IsMasked(first + i) ? double.NaN : experience.Rewards[first + i];
                penalties[i] = Penalty(experience, first + i, settings);
            }

            silent += GroupAdvantage.Of(rewards, penalties, scale, advantages) ? 0 : 1;
            for (var i = 0; i < groupSize; i++)
            {
                experience.Of(first + i, ExperienceColumn.Advantage).Fill((float)advantages[i]);
            }
        }

        return silent;
    }

    /// <summary>KL coefficient times the log-ratio of policy and reference at a token; 0 where it is not in the reward.</summary>
    public static double Penalty(Experience experience, int completion, int token, RlSettings settings) =>
        settings.KlPlacement == KlPlacement.Loss || settings.KlCoefficient == 0 ? 0
            : settings.KlCoefficient * (experience.Of(completion, ExperienceColumn.OldLogprob)[token]
                - experience.Of(completion, ExperienceColumn.ReferenceLogprob)[token]);

    private static double Penalty(Experience experience, int completion, RlSettings settings)
    {
        var sum = 0.0;
        for (var t = 0; t < experience.Length(completion); t++)
        {
            sum += Penalty(experience, completion, t, settings);
        }

        return sum;
    }
}
