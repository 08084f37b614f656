namespace Retort.Tasks.Answers;

/// <summary>What a solution of the Game of 24 is worth.</summary>
/// <param name="Verdict">Correct where the answer's expression uses every number once and is exactly 24; its canonical form votes.</param>
/// <param name="Plan">The steps' operations, carried out exactly, use every number once and come to 24, whatever results are stated.</param>
/// <param name="Execute">Every step is right: its numbers are still there, its result is right, and so is the list of what is left. Null
/// where there are no steps.</param>
public readonly record struct Game24Grade(Verdict Verdict, bool Plan, bool? Execute);

/// <summary>
/// Grades solutions of the Game of 24 as Yao et al. 2023 ("Tree of thoughts") have them sampled: lines
/// <c>6 - 4 = 2 (left: 2 5 10)</c>, then <c>Answer: (6 - 4) * 5 = 10</c>. Arithmetic is exact; nothing here throws.
/// </summary>
public static class Game24
{
    private const string LeftMark = "(left:", AnswerMark = "answer:";

    /// <summary>Grades a whole solution of the puzzle with these numbers.</summary>
    public static Game24Grade Grade(IReadOnlyList<int> numbers, string solution)
    {
        var (plan, execute) = Steps(numbers, solution);
        return new(Answer(numbers, solution), plan, execute);
    }

    /// <summary>The expression behind the last "Answer:", up to an equals sign or the end of the line.</summary>
    private static Verdict Answer(IReadOnlyList<int> numbers, string solution)
    {
        var at = solution.LastIndexOf(AnswerMark, StringComparison.OrdinalIgnoreCase);
        var line = at < 0 ? "" : solution[(at + AnswerMark.Length)..].Split('\n')[0];
        var expression = Expression.TryParse(line.Split('=')[0]);
        return expression is null ? default : new(
            expression.Numbers.Order().SequenceEqual(numbers.Select(number => (Rational)number).Order()) && expression.Evaluate() == 24,
            expression.Canonical());
    }

    private static (bool Plan, bool? Execute) Steps(IReadOnlyList<int> numbers, string solution)
    {
        // What is left, as stated, with what it really is.
        var left = numbers.Select(number => (Stated: (Rational)number, Exact: (Rational?)number)).ToList();
        var (count, isPlan, isExecuted) = (0, true, true);
        foreach (var line in solution.Split('\n'))
        {
            var mark = line.IndexOf(LeftMark, StringComparison.OrdinalIgnoreCase);
            if (mark < 0)
            {
                continue;
            }

            count++;
            var sides = line[..mark].Split('=');
            if (sides.Length != 2 || Expression.TryParse(sides[0]) is not { } operation || Expression.TryParse(sides[1])?.Evaluate() is not { } stated)
            {
                return (false, false);
            }

            // Each number is taken out of what is left, and stands for what that really is.
            var exact = operation.Replace(value =>
            {
                var place = left.FindIndex(one => one.Stated == value);
                isPlan &= place >= 0;
                isExecuted &= place >= 0;
                if (place < 0)
                {
                    return null;
                }

                var meant = left[place].Exact;
                left.RemoveAt(place);
                isPlan &= meant is not null;
                return meant is { } number ? new Expression.Number(number) : null;
            });
            isExecuted &= operation.Evaluate() is { } value && CalculatorSteps.IsRight(value, sides[1]);
            left.Add((stated, exact.Evaluate()));
            isExecuted &= SaysWhatIsLeft(line[(mark + LeftMark.Length)..], left.Select(one => one.Stated));
        }

        return count == 0 ? (false, null) : (isPlan && left is [{ Exact: { } last }] && last == 24, isExecuted);
    }

    private static bool SaysWhatIsLeft(string list, IEnumerable<Rational> left)
    {
        var words = list.Split(')')[0].Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        var numbers = words.Select(word => Expression.TryParse(word)?.Evaluate()).ToArray();
        return numbers.All(number => number is not null) && numbers.Select(number => number!.Value).Order().SequenceEqual(left.Order());
    }
}
