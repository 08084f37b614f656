using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Arithmetic;

/// <summary>
/// Two numbers and an operation, digit by digit (Cho et al. 2024; section 3.6 of the study of sparsity and length generalization): prompt
/// "1 2 + 9 9 =", answer with its least significant digit first and as many digits as any answer of these lengths, "1 1 1".
/// <para>
/// Coupled ids: a digit has its place in its number from 2, least significant digit first, signs have 1: digits that belong together have one
/// id, and each answer's digit is one id after its query. Abacus ids: the place from 1, signs 0.
/// </para>
/// </summary>
public abstract class ArithmeticTask<TSettings> : LengthTask<TSettings>
    where TSettings : ILengthSettings
{
    private const string Equal = "=";

    private readonly string sign;
    private readonly bool isReversed;

    private protected ArithmeticTask(string name, string sign, bool isReversed, TSettings settings)
        : base(name, settings)
    {
        (this.sign, this.isReversed) = (sign, isReversed);
        Vocabulary = [.. Digits.Words, sign, Equal];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabulary { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<PositionScheme> PositionSchemes { get; } = [PositionScheme.Consecutive, PositionScheme.Coupled, PositionScheme.Abacus];

    /// <inheritdoc/>
    protected override string PromptForm => $"1 2 {sign} 9 9 =";

    /// <summary>Digits of the longest answer.</summary>
    private protected abstract int MaxAnswerDigits { get; }

    /// <summary>The operands, least significant digit first.</summary>
    private protected abstract (int[] A, int[] B) DrawOperands(ref CounterRandom random, int length);

    /// <summary>The answer, least significant digit first; null if the operands are none of the task.</summary>
    private protected abstract int[]? Calculate(int[] a, int[] b);

    /// <inheritdoc/>
    protected override string[] DrawPrompt(ref CounterRandom random, int length)
    {
        var (a, b) = DrawOperands(ref random, length);
        return [.. Digits.Write(a, isReversed), sign, .. Digits.Write(b, isReversed), Equal];
    }

    /// <inheritdoc/>
    protected override string[]? Solve(string[] prompt)
    {
        var at = Array.IndexOf(prompt, sign);
        return at > 0 && at < prompt.Length - 2 && prompt[^1] == Equal
            && Digits.Read(prompt.AsSpan(0, at), isReversed) is { } a && Digits.Read(prompt.AsSpan(at + 1, prompt.Length - at - 2), isReversed) is { } b
            && Calculate(a, b) is { } answer
                ? [.. Digits.Write(answer, isReversed: true)]
                : null;
    }

    /// <inheritdoc/>
    protected override int LengthOf(string[] prompt) => Array.IndexOf(prompt, sign);

    /// <inheritdoc/>
    protected override int[] Ids(string[] prompt, string[] answer, PositionScheme scheme)
    {
        var (at, ofSigns) = (Array.IndexOf(prompt, sign), SignId(scheme));
        return
        [
            .. OfOperand(at, ofSigns), ofSigns, .. OfOperand(prompt.Length - at - 2, ofSigns), ofSigns, .. Enumerable.Range(ofSigns + 1, answer.Length),
        ];
    }

    /// <inheritdoc/>
    protected override int HighestId(PositionScheme scheme) => MaxAnswerDigits + SignId(scheme);

    /// <summary>So many digits, the first of them not 0 unless it is the only one; least significant first.</summary>
    private protected static int[] DrawNumber(ref CounterRandom random, int length)
    {
        var digits = new int[length];
        for (var i = length - 1; i >= 0; i--)
        {
            digits[i] = i == length - 1 && length > 1 ? random.NextInt32(1, 9) : random.NextInt32(10);
        }

        return digits;
    }

    private static int SignId(PositionScheme scheme) => scheme == PositionScheme.Coupled ? 1 : 0;

    private IEnumerable<int> OfOperand(int length, int ofSigns)
    {
        var places = Enumerable.Range(ofSigns + 1, length);
        return isReversed ? places : places.Reverse();
    }
}
