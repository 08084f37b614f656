using System.Globalization;
using Retort.Training.Rl;

namespace Retort.Training.Tests.Rl;

/// <summary>Short runs of every algorithm whose rewards, losses and gradients are kept in git, to the last bit.</summary>
public sealed class RlGoldenTests
{
    [Fact]
    public void Five_steps_of_each_algorithm_are_those_of_the_file() => GoldenTests.AssertRecorded("rl.txt", Trajectories());

    /// <summary>Algorithm, step, then reward, loss and gradient norm as the bits of doubles and for people as decimals.</summary>
    private static IEnumerable<string> Trajectories()
    {
        foreach (var algorithm in Enum.GetValues<RlAlgorithm>())
        {
            using var run = new TinyRl(TinyRl.Default with { Algorithm = algorithm });
            for (var i = 0; i < 5; i++)
            {
                var step = run.Take();
                double[] numbers = [step.Reward, step.Loss, step.ValueLoss, step.GradientNorm];
                yield return $"{algorithm,-9} {step.Step} " + string.Join(' ', numbers.Select(number => $"{BitConverter.DoubleToInt64Bits(number):x16}"))
                    + string.Concat(numbers.Select(number => number.ToString(" 0.000000;-0.000000", CultureInfo.InvariantCulture)));
            }
        }
    }
}
