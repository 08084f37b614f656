using CsCheck;
using Retort.Training.Rl;

namespace Retort.Training.Tests.Rl;

public sealed class AdvantageTests
{
    [Fact]
    public void Group_advantages_agree_with_the_formula()
    {
        Gen.Double[-3, 3].Array[2, 12].Sample(rewards =>
        {
            var (mean, advantages) = (rewards.Average(), new double[rewards.Length]);
            var deviation = Math.Sqrt(rewards.Sum(reward => Math.Pow(reward - mean, 2)) / (rewards.Length - 1));
            Assert.True(GroupAdvantage.Of(rewards, [], AdvantageScale.Mean, advantages) || deviation == 0);
            Assert.All(advantages.Zip(rewards), pair => Assert.Equal(pair.Second - mean, pair.First, 1e-9));
            GroupAdvantage.Of(rewards, [], AdvantageScale.Deviation, advantages);
            Assert.All(advantages.Zip(rewards), pair => Assert.Equal(deviation == 0 ? 0 : (pair.Second - mean) / deviation, pair.First, 1e-5));
        });
    }

    [Theory]
    [InlineData(new[] { 0.25, 0.25, 0.25 })]
    [InlineData(new[] { double.NaN, 1.0, double.NaN })]
    [InlineData(new[] { double.NaN, double.NaN })]
    public void A_group_that_says_nothing_gets_no_advantage(double[] rewards)
    {
        var advantages = new double[rewards.Length];
        Array.Fill(advantages, 7);
        Assert.False(GroupAdvantage.Of(rewards, [], AdvantageScale.Deviation, advantages));
        Assert.All(advantages, advantage => Assert.Equal(0, advantage));
    }

    [Fact]
    public void A_reward_that_is_not_a_number_is_left_out_of_its_group()
    {
        var advantages = new double[3];
        Assert.True(GroupAdvantage.Of([1, double.NaN, 0], [], AdvantageScale.Mean, advantages));
        Assert.Equal([0.5, 0, -0.5], advantages);
    }

    [Fact]
    public void Penalties_are_measured_by_the_rewards_deviation_and_never_by_their_own()
    {
        var advantages = new double[4];
        Assert.False(GroupAdvantage.Of([1, 1, 1, 1], [1e-9, 0, 0, 0], AdvantageScale.Deviation, advantages));
        Assert.All(advantages, advantage => Assert.Equal(0, advantage));

        Assert.False(GroupAdvantage.Of([1, 1, 1, 1], [0.4, 0, 0, 0], AdvantageScale.Mean, advantages));
        Assert.All(advantages.Zip([-0.3, 0.1, 0.1, 0.1]), pair => Assert.Equal(pair.Second, pair.First, 1e-12));

        Assert.True(GroupAdvantage.Of([1, double.NaN, 0, 1], [0.3, 9, 0, 0], AdvantageScale.Deviation, advantages));
        var deviation = Math.Sqrt(1 / 3.0);
        Assert.All(
            advantages.Zip([(1 / 3.0 - 0.2) / deviation, 0, (-2 / 3.0 + 0.1) / deviation, (1 / 3.0 + 0.1) / deviation]),
            pair => Assert.Equal(pair.Second, pair.First, 1e-12));
    }

    [Theory]
    [InlineData(RlAlgorithm.Reinforce)]
    [InlineData(RlAlgorithm.Ppo)]
    public void A_divergence_in_the_reward_is_taken_off_token_by_token(RlAlgorithm algorithm)
    {
        using var run = new TinyRl();
        var rollouts = run.Take().Rollouts;
        var settings = TinyRl.Default with
        {
            Algorithm = algorithm,
            KlPlacement = KlPlacement.Reward,
            KlCoefficient = 0.3,
            Gamma = 1,
            GaeLambda = 1,
            WhitenAdvantages = false,
        };
        var experience = new Experience(settings.PromptsPerStep, settings.SamplesPerPrompt, 16);
        experience.Load(rollouts, maskTruncated: false);
        // What is left of a completion's reward from each of its tokens on.
        var left = new double[settings.Completions][];
        for (var s = 0; s < settings.Completions; s++)
        {
            var logprobs = experience.Of(s, ExperienceColumn.OldLogprob);
            left[s] = new double[logprobs.Length];
            for (var (t, sum) = (logprobs.Length - 1, rollouts.Samples[s].Reward); t >= 0; t--)
            {
                var reference = experience.Of(s, ExperienceColumn.ReferenceLogprob)[t] = MathF.Sin(s + t) - 1;
                left[s][t] = sum -= 0.3 * (logprobs[t] - reference);
            }
        }

        AdvantageRules.Of(algorithm).Apply(experience, settings);
        for (var s = 0; s < settings.Completions; s++)
        {
            var group = left.Skip(s - s % settings.SamplesPerPrompt).Take(settings.SamplesPerPrompt).Average(one => one[0]);
            foreach (var (t, advantage) in experience.Of(s, ExperienceColumn.Advantage).ToArray().Index())
            {
                Assert.Equal(algorithm == RlAlgorithm.Ppo ? left[s][t] : left[s][0] - group, advantage, 1e-5);
            }
        }
    }

    [Fact]
    public void Generalised_advantages_are_the_sums_that_define_them()
    {
        Gen.Select(Gen.Float[-1, 1].Array[1, 30], Gen.Double[0, 1], Gen.Double[0, 1]).Sample((rewards, gamma, lambda) =>
        {
            var values = rewards.Select((reward, t) => MathF.Sin(3 * reward + t)).ToArray();
            var (advantages, targets) = (new float[rewards.Length], new float[rewards.Length]);
            GeneralizedAdvantage.Of(rewards, values, gamma, lambda, advantages, targets);
            for (var t = 0; t < rewards.Length; t++)
            {
                var expected = 0.0;
                for (var l = t; l < rewards.Length; l++)
                {
                    var next = l + 1 < rewards.Length ? values[l + 1] : 0.0;
                    expected += Math.Pow(gamma * lambda, l - t) * (rewards[l] + gamma * next - values[l]);
                }

                Assert.Equal(expected, advantages[t], 1e-5);
                Assert.Equal(expected + values[t], targets[t], 1e-5);
            }
        });
    }
}
