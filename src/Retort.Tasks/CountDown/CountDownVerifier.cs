namespace Retort.Tasks.CountDown;

/// <summary>Everything the verifier saw in one completion.</summary>
/// <param name="Correct">Strictly right: see <see cref="CountDownVerifier"/>.</param>
/// <param name="Answer">
/// The operations of the claimed path, or of the last attempt that came down to one number, larger operand first, with
/// commas between: equal strings are equal votes. Null if there is none.
/// </param>
/// <param name="Mistakes">1 + the number of wrong single numbers met (section 4).</param>
/// <param name="LenientScore">
/// The authors' score: 1 - (explored operations + 1)/1152, at least 0, if their checker accepts the claim (it never uses
/// numbers up and lets some be left over); else 0. They count a problem as solved when it is above 0.
/// </param>
/// <param name="Explored">Operations explored.</param>
/// <param name="WellFormed">The completion kept to the grammar up to its claim or its end.</param>
public readonly record struct CountDownJudgement(
    bool Correct, string? Answer, int Mistakes, double LenientScore, int Explored, bool WellFormed);

/// <summary>
/// Judges completions. Strict: the completion is followed step by step; it is correct when it claims the goal and the path
/// from the problem to that claim uses up exactly the given numbers by allowed, right operations, every list on that path
/// is right, the last value is the target, and every return up to there goes to a state that exists. Any such path
/// counts, whatever solution the demonstration shows. Where the target is to be restated, it must be, and rightly. Node numbers of the paper's format are not judged: the state line
/// that follows says where the search stands. What comes after the first claim is ignored.
/// </summary>
public sealed class CountDownVerifier(CountDownSettings settings)
{
    /// <summary>The authors' bound on operations explored (section 3.4): 4 numbers have at most 6*4 * 3*4 * 4 leaves.</summary>
    private const double MaxExplored = 1152;

    /// <summary>Judges one completion of a problem. Never throws on malformed text.</summary>
    public CountDownJudgement Judge(IReadOnlyList<int> numbers, int target, string completion)
    {
        var tracker = new PathTracker(settings, numbers, target);
        var cursor = new TokenCursor(completion, settings.Format);
        while (!cursor.AtEnd && tracker.ClaimedPath is null)
        {
            var start = cursor.Position;
            if (!(settings.Format == CountDownFormat.Compact ? Compact(cursor, tracker) : Paper(cursor, tracker)))
            {
                tracker.Broken = true;
                cursor.Position = Math.Max(cursor.Position, start + 1);
            }
        }

        var bound = settings.IsStacked ? 2 * MaxExplored : MaxExplored;
        return new CountDownJudgement(
            tracker.Correct,
            tracker.FinalPath is { } path ? string.Join(',', path.Select(operation => operation.Canonical())) : null,
            1 + tracker.WrongLeaves,
            tracker.LenientlyCorrect ? Math.Max(0, 1 - (tracker.Explored + 1) / bound) : 0,
            tracker.Explored,
            !tracker.Broken);
    }

    /// <summary>One event of <see cref="CompactTokens"/>.</summary>
    private bool Compact(TokenCursor cursor, PathTracker tracker)
    {
        if (cursor.Operation(out var operation))
        {
            var shown = cursor.List(commas: false, out var list);
            tracker.Explore(operation, shown ? list : null);
            if (!shown && settings.RestateTarget)
            {
                if (cursor.Number(out var restated))
                {
                    tracker.RestateGoal(restated);
                }
                else
                {
                    tracker.Broken = true;
                }
            }

            if (cursor.Pass("G"))
            {
                tracker.Claim();
            }
            else if (cursor.Pass("E"))
            {
                tracker.ClaimHalf();
            }
            else if (cursor.Pass("X"))
            {
                tracker.Fail(isLeaf: !shown);
            }
            else if (shown)
            {
                tracker.Descend();
            }

            return true;
        }

        if (cursor.Pass("N"))
        {
            return cursor.AtEnd;
        }

        var (back, move) = (cursor.Pass("B"), cursor.Pass("M"));
        if (!cursor.List(commas: false, out var place))
        {
            return false;
        }

        if (back || move)
        {
            tracker.GoTo(place, anywhere: move);
        }
        else
        {
            tracker.BeginSecondHalf(place);
        }

        return true;
    }

    /// <summary>One line of section 2.2's table, of the direct format or of the variants.</summary>
    private static bool Paper(TokenCursor cursor, PathTracker tracker)
    {
        if (cursor.Pass("Exploring", "Operation", ":"))
        {
            if (!cursor.Operation(out var operation) || !cursor.Pass(",", "Resulting", "Numbers", ":")
                || !cursor.List(commas: true, out var list))
            {
                return false;
            }

            tracker.Explore(operation, list);
            return true;
        }

        if (cursor.Pass("Generated", "Node", "#"))
        {
            return Generated(cursor, tracker);
        }

        if (cursor.Pass("Moving", "to", "Node", "#"))
        {
            return NodeName(cursor);
        }

        if (cursor.Pass("Current", "State", ":"))
        {
            return State(cursor, tracker);
        }

        if (cursor.Pass("No", "solution", "found", "."))
        {
            return true;
        }

        return cursor.List(commas: true, out _) ? Dismissed(cursor, tracker) : Leaf(cursor, tracker);
    }

    private static bool Generated(TokenCursor cursor, PathTracker tracker)
    {
        if (!NodeName(cursor) || !cursor.Pass(":"))
        {
            return false;
        }

        int? target = cursor.Number(out var number) ? number : null;
        if ((target is not null && !cursor.Pass(":")) || !cursor.List(commas: true, out var list)
            || (target is null && !cursor.Pass("from")) || !cursor.Pass("Operation", ":")
            || !cursor.Operation(out var operation))
        {
            return false;
        }

        tracker.Restate(operation, list, target);
        return true;
    }

    private static bool State(TokenCursor cursor, PathTracker tracker)
    {
        if (!cursor.Number(out var target) || !cursor.Pass(":") || !cursor.List(commas: true, out var list)
            || !cursor.Pass(",", "Operations", ":", "["))
        {
            return false;
        }

        var operations = new List<Operation>();
        while (cursor.Pass("'"))
        {
            if (!cursor.Operation(out var operation) || !cursor.Pass("'"))
            {
                return false;
            }

            operations.Add(operation);
            if (!cursor.Pass(","))
            {
                break;
            }
        }

        if (!cursor.Pass("]"))
        {
            return false;
        }

        tracker.GoTo(target, list, operations);
        return true;
    }

    private static bool Dismissed(TokenCursor cursor, PathTracker tracker)
    {
        // The published test file spells it the longer way.
        if (!cursor.Pass("No", "Solution") && !cursor.Pass("Goal", "unequal", ":", "No", "Solution"))
        {
            return false;
        }

        tracker.Fail(isLeaf: false);
        return true;
    }

    private static bool Leaf(TokenCursor cursor, PathTracker tracker)
    {
        if (!cursor.Number(out _) || !cursor.Pass(",") || !cursor.Number(out _))
        {
            return false;
        }

        if (cursor.Pass("equal", ":", "Goal", "Reached"))
        {
            tracker.Claim();
        }
        else if (cursor.Pass("equal"))
        {
            tracker.ClaimHalf();
        }
        else if (cursor.Pass("unequal", ":", "No", "Solution") || cursor.Pass("unequal"))
        {
            tracker.Fail();
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool NodeName(TokenCursor cursor)
    {
        do
        {
            if (!cursor.Number(out _))
            {
                return false;
            }
        }
        while (cursor.Pass(","));
        return true;
    }
}
