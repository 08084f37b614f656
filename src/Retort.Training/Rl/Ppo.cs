namespace Retort.Training.Rl;

/// <summary>
/// Proximal policy optimisation (Schulman et al. 2017). A value head on the last hidden state estimates what is still to come; a
/// token's advantage is the generalised estimate from rewards and values (<see cref="GeneralizedAdvantage"/>), the reward being given
/// with the last token and, where asked for, the divergence from the reference taken off every token. The policy's loss is the clipped
/// surrogate of <see cref="Grpo"/>, the values' the clipped squared error.
/// </summary>
internal sealed class Ppo : IAdvantageRule
{
    /// <inheritdoc/>
    public int Apply(Experience experience, RlSettings settings)
    {
        for (var s = 0; s < settings.Completions; s++)
        {
            var advantages = experience.Of(s, ExperienceColumn.Advantage);
            if (experience.IsMasked(s))
            {
                // Nobody knows what it was worth: it must not enter the mean either.
                experience.Of(s, ExperienceColumn.OldValue).CopyTo(experience.Of(s, ExperienceColumn.ValueTarget));
                advantages.Clear();
                continue;
            }

            for (var t = 0; t < advantages.Length; t++)
            {
                advantages[t] = (float)((t == advantages.Length - 1 ? experience.Rewards[s] : 0)
                    - AdvantageRules.Penalty(experience, s, t, settings));
            }

            GeneralizedAdvantage.Of(
                advantages, experience.Of(s, ExperienceColumn.OldValue), settings.Gamma, settings.GaeLambda, advantages,
                experience.Of(s, ExperienceColumn.ValueTarget));
        }

        if (settings.WhitenAdvantages)
        {
            Whiten(experience, settings.Completions);
        }

        return SilentGroups(experience, settings);
    }

    /// <summary>Mean 0 and standard deviation 1 over the rollout's tokens; tokens that are all alike get 0.</summary>
    private static void Whiten(Experience experience, int completions)
    {
        var (count, sum, squares) = (0L, 0.0, 0.0);
        for (var s = 0; s < completions; s++)
        {
            foreach (var advantage in experience.IsMasked(s) ? [] : experience.Of(s, ExperienceColumn.Advantage))
            {
                (count, sum, squares) = (count + 1, sum + advantage, squares + (double)advantage * advantage);
            }
        }

        var mean = count == 0 ? 0 : sum / count;
        var variance = count < 2 ? 0 : Math.Max(0, (squares - count * mean * mean) / (count - 1));
        for (var s = 0; s < completions; s++)
        {
            foreach (ref var advantage in experience.IsMasked(s) ? [] : experience.Of(s, ExperienceColumn.Advantage))
            {
                advantage = variance == 0 ? 0 : (float)((advantage - mean) / Math.Sqrt(variance));
            }
        }
    }

    /// <summary>Groups whose rewards are all alike; here they still teach the values. Told for comparison.</summary>
    private static int SilentGroups(Experience experience, RlSettings settings)
    {
        Span<double> rewards = stackalloc double[settings.SamplesPerPrompt];
        Span<double> advantages = stackalloc double[settings.SamplesPerPrompt];
        var silent = 0;
        for (var first = 0; first < settings.Completions; first += settings.SamplesPerPrompt)
        {
            for (var i = 0; i < rewards.Length; i++)
            {
                rewards[i] = experience.IsMasked(first + i) ? double.NaN : experience.Rewards[first + i];
            }

            silent += GroupAdvantage.Of(rewards, [], AdvantageScale.Mean, advantages) ? 0 : 1;
        }

        return silent;
    }
}
