namespace Retort.Tasks.Answers;

/// <summary>
/// The steps of a worked solution in the marks of GSM8K (Cobbe et al. 2021): <c>&lt;&lt;16-3-4=9&gt;&gt;</c>. They are recomputed
/// exactly; and put together into one expression of the problem's numbers, which is the solution's plan.
/// </summary>
/// <param name="Count">Steps found.</param>
/// <param name="AreRight">Every step says what it comes to (<see cref="IsRight"/>); null where there are no steps. A step that is no
/// arithmetic cannot be recomputed and is not right.</param>
/// <param name="Plan">
/// The last step with the results of earlier steps replaced by these steps, in canonical form (<see cref="Expression.Canonical"/>): a
/// number equal to the stated result of an earlier step stands for the latest such step. A slip of arithmetic thus changes no plan.
/// Null where the last step is no arithmetic or there is none.
/// </param>
public sealed record CalculatorSteps(int Count, bool? AreRight, string? Plan)
{
    private const string Open = "<<", Close = ">>";

    /// <summary>Reads all steps of a solution; never throws.</summary>
    public static CalculatorSteps Read(string solution)
    {
        var (steps, count, areRight) = (new Dictionary<Rational, Expression>(), 0, true);
        Expression? last = null;
        for (var at = solution.IndexOf(Open, StringComparison.Ordinal); at >= 0; at = solution.IndexOf(Open, at, StringComparison.Ordinal))
        {
            at += Open.Length;
            var end = solution.IndexOf(Close, at, StringComparison.Ordinal);
            if (end < 0)
            {
                break;
            }

            count++;
            var sides = solution[at..end].Split('=');
            last = sides.Length > 1 ? Expression.TryParse(sides[0])?.Replace(value => steps.GetValueOrDefault(value)) : null;
            var result = sides.Length > 1 ? Expression.TryParse(sides[^1])?.Evaluate() : null;
            var first = Expression.TryParse(sides[0])?.Evaluate();
            areRight &= sides.Length > 1 && first is { } value && sides[1..].All(side => IsRight(value, side));
            if (last is not null && result is { } stated)
            {
                steps[stated] = last;
            }

            at = end;
        }

        return new(count, count == 0 ? null : areRight, last?.Canonical());
    }

    /// <summary>
    /// Whether a stated result is an exact value: equal to it, or as near as a result that is cut or rounded after at least two decimals
    /// can be, or within 1e-9 of it, for calculators in floating point.
    /// </summary>
    public static bool IsRight(Rational exact, string stated)
    {
        if (Expression.TryParse(stated)?.Evaluate() is not { } value)
        {
            return false;
        }

        var (point, apart) = (stated.LastIndexOf('.'), (exact - value).Abs());
        var decimals = point < 0 ? 0 : stated.AsSpan(point + 1).TrimEnd().Length;
        return apart.IsZero || apart <= exact.Abs() * new Rational(1, 1_000_000_000)
            || (decimals >= 2 && apart < Rational.FromDecimal($"0.{new string('0', decimals - 1)}1"));
    }
}
