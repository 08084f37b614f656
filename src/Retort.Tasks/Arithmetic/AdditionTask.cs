using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Arithmetic;

/// <summary>Everything that decides the addition task.</summary>
public sealed record AdditionSettings : ILengthSettings
{
    private const int MaxLength = 512;

    /// <summary>Lengths of the literature.</summary>
    public static AdditionSettings Paper { get; } = new() { Length = new(1, 30) };

    /// <inheritdoc/>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>n: digits of the longer operand; the shorter one has zeros before it.</summary>
    [Doc("Digits of the longer operand, fewest to most; the shorter one, of any of these lengths, is padded with zeros", Unit = "digits")]
    public IntRange Length { get; init; } = new(1, 8);

    /// <summary>The power; 1 is nearly what two lengths drawn alike give.</summary>
    [Doc("A length's chance is proportional to this power of it; 0: all alike"), Range(0, LengthRules.MaxLongWeight)]
    public double LongWeight { get; init; } = 1;

    /// <summary>Operands are written as answers are, least significant digit first (McLeish et al. 2024).</summary>
    [Doc("Operands are written with the least significant digit first, as answers are")]
    public bool ReversedOperands { get; init; }

    /// <summary>Begin token, two operands and two signs, n + 1 digits, end token.</summary>
    public int MaxTokens => 3 * Length.High + 5;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => LengthRules.FindProblem(this, 1, MaxLength);
}

/// <summary>Addition of numbers of n digits; sums have n + 1.</summary>
public sealed class AdditionTask(AdditionSettings? settings = null)
    : ArithmeticTask<AdditionSettings>("addition", "+", settings?.ReversedOperands ?? false, settings ?? new AdditionSettings())
{
    private protected override int MaxAnswerDigits => Lengths.High + 1;

    private protected override (int[] A, int[] B) DrawOperands(ref CounterRandom random, int length)
    {
        var (a, b) = (DrawNumber(ref random, length), DrawNumber(ref random, random.NextInt32(Lengths.Low, length)));
        Array.Resize(ref b, length);
        return random.NextInt32(2) == 0 ? (a, b) : (b, a);
    }

    private protected override int[]? Calculate(int[] a, int[] b) => a.Length == b.Length ? Digits.Add(a, b) : null;
}
