using Retort.Core;
using Retort.Tasks.ScrambledArithmetic;
using Retort.Training.Rl;

namespace Retort.Recipes.EchoChamber;

/// <summary>
/// Reward by a coin that looks at the format alone: success within a format cannot improve (by-product iii of section 6). The coin of a completion
/// is named by its problem and place, so a resumed run throws the same.
/// </summary>
/// <param name="seed">Names the coins.</param>
/// <param name="success">Probability of a 1 for each format; a completion of no format has 0.</param>
internal sealed class CoinReward(ulong seed, IReadOnlyList<double> success) : IReward
{
    private static readonly ulong Purpose = CounterRandom.Hash("echo-chamber/coin");

    /// <inheritdoc/>
    public double Of(in RewardInput input)
    {
        if (ScrambledArithmeticTask.FormatOf(input.Text) is not { } format)
        {
            return 0;
        }

        var problem = CounterRandom.For(seed, Purpose, (ulong)input.Problem).NextUInt64();
        return CounterRandom.For(problem, Purpose, (ulong)input.Sample).NextDouble() < success[(int)format] ? 1 : 0;
    }
}
