using System.Globalization;

namespace Retort.Tasks.CountDown;

/// <summary>One step of arithmetic: <c>Left Symbol Right = Result</c>. For - and / the larger number stands first.</summary>
/// <param name="Left">The first operand.</param>
/// <param name="Symbol">One of + - * /.</param>
/// <param name="Right">The second operand.</param>
/// <param name="Result">What the step claims to give.</param>
public readonly record struct Operation(int Left, char Symbol, int Right, int Result)
{
    /// <summary>"3*8=24".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Left}{Symbol}{Right}={Result}");

    /// <summary>The same step with the larger operand first: 3*8 and 8*3 are one answer.</summary>
    public Operation Canonical() => Left >= Right ? this : this with { Left = Right, Right = Left };

    /// <summary>
    /// Whether the arithmetic is right and the step is one the task has: + and * in any order; - and / with the larger
    /// operand first, / only when it divides exactly and not by zero (section 2.1.3).
    /// </summary>
    public bool IsRight => Symbol switch
    {
        '+' => (long)Left + Right == Result,
        '*' => (long)Left * Right == Result,
        '-' => Left >= Right && Left - Right == Result,
        '/' => Left >= Right && Right > 0 && Left % Right == 0 && Left / Right == Result,
        _ => false,
    };
}
