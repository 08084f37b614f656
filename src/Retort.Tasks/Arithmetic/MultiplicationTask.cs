using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Arithmetic;

/// <summary>Everything that decides the multiplication task.</summary>
public sealed record MultiplicationSettings : ILengthSettings
{
    private const int MaxLength = 512, MaxSecondLength = 16;

    /// <inheritdoc/>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>n: digits of the first factor.</summary>
    [Doc("Digits of the first factor, fewest to most", Unit = "digits")]
    public IntRange Length { get; init; } = new(1, 6);

    /// <inheritdoc/>
    [Doc("A length's chance is proportional to this power of it; 0: all alike"), Range(0, LengthRules.MaxLongWeight)]
    public double LongWeight { get; init; } = 1;

    /// <summary>m: digits of the second factor, the same at every length.</summary>
    [Doc("Digits of the second factor, leading zeros among them", Unit = "digits"), Range(1, MaxSecondLength)]
    public int SecondLength { get; init; } = 2;

    /// <summary>Factors are written as answers are, least significant digit first.</summary>
    [Doc("Factors are written with the least significant digit first, as answers are")]
    public bool ReversedOperands { get; init; }

    /// <summary>Begin token, two factors and two signs, n + m digits, end token.</summary>
    public int MaxTokens => 2 * (Length.High + SecondLength) + 4;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => LengthRules.FindProblem(this, 1, MaxLength)
        ?? (SecondLength is < 1 or > MaxSecondLength ? new(nameof(SecondLength), $"is {SecondLength}", $"in 1..{MaxSecondLength}") : null);
}

/// <summary>Multiplication of a number of n digits by one of m, which does not grow (Cho et al. 2024: N x 2); products have n + m.</summary>
public sealed class MultiplicationTask(MultiplicationSettings? settings = null)
    : ArithmeticTask<MultiplicationSettings>("multiplication", "*", settings?.ReversedOperands ?? false, settings ?? new MultiplicationSettings())
{
    private protected override int MaxAnswerDigits => Lengths.High + Settings.SecondLength;

    private protected override (int[] A, int[] B) DrawOperands(ref CounterRandom random, int length)
    {
        var a = DrawNumber(ref random, length);
        var b = new int[Settings.SecondLength];
        for (var i = 0; i < b.Length; i++)
        {
            b[i] = random.NextInt32(10);
        }

        return (a, b);
    }

    private protected override int[]? Calculate(int[] a, int[] b) => b.Length == Settings.SecondLength ? Digits.Multiply(a, b) : null;
}
