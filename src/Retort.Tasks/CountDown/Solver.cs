namespace Retort.Tasks.CountDown;

/// <summary>
/// The exhaustive depth-first solver of section 2.1.2: index pairs in lexicographic order, for each pair +, *, -, /; the
/// new list is the remaining numbers in order with the result appended. One instance serves one thread.
/// </summary>
internal sealed class Solver
{
    private const int MaxNumbers = 8;

    private readonly int[][] lists = [.. Enumerable.Range(0, MaxNumbers + 1).Select(length => new int[length])];
    private readonly Operation[] path = new Operation[MaxNumbers];

    /// <summary>The first solution found, or an empty span: valid until the next call.</summary>
    public ReadOnlySpan<Operation> FirstSolution(ReadOnlySpan<int> numbers, int target, Rules rules)
    {
        numbers.CopyTo(lists[numbers.Length]);
        return Search(numbers.Length, 0, target, rules, null) ? path.AsSpan(0, numbers.Length - 1) : [];
    }

    /// <summary>Every solution (list of operations), in the order found.</summary>
    public List<Operation[]> AllSolutions(ReadOnlySpan<int> numbers, int target, Rules rules)
    {
        var found = new List<Operation[]>();
        numbers.CopyTo(lists[numbers.Length]);
        Search(numbers.Length, 0, target, rules, found);
        return found;
    }

    /// <summary>Every two-number state (smaller, larger) on the way of some solution (section 2.5, "think").</summary>
    public HashSet<(int Smaller, int Larger)> GoalStates(ReadOnlySpan<int> numbers, int target, Rules rules)
    {
        var states = new HashSet<(int, int)>();
        foreach (var solution in AllSolutions(numbers, target, rules))
        {
            var last = solution[^1];
            states.Add((Math.Min(last.Left, last.Right), Math.Max(last.Left, last.Right)));
        }

        return states;
    }

    /// <summary>Writes the list that follows from combining places i and j: the others in order, then the result.</summary>
    public static void Combine(ReadOnlySpan<int> numbers, int i, int j, int result, Span<int> into)
    {
        var next = 0;
        for (var k = 0; k < numbers.Length; k++)
        {
            if (k != i && k != j)
            {
                into[next++] = numbers[k];
            }
        }

        into[next] = result;
    }

    private bool Search(int length, int depth, int target, Rules rules, List<Operation[]>? all)
    {
        var numbers = lists[length];
        if (length == 1)
        {
            return Reached(numbers[0] == target, depth, all);
        }

        if (length == 2 && all is null)
        {
            return rules.CanFinish(numbers[0], numbers[1], target, out path[depth]);
        }

        Span<Operation> successors = stackalloc Operation[Rules.MaxPerPair];
        for (var i = 0; i < length - 1; i++)
        {
            for (var j = i + 1; j < length; j++)
            {
                var count = rules.Successors(numbers[i], numbers[j], successors);
                for (var s = 0; s < count; s++)
                {
                    path[depth] = successors[s];
                    Combine(numbers, i, j, successors[s].Result, lists[length - 1]);
                    if (Search(length - 1, depth + 1, target, rules, all))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private bool Reached(bool reached, int depth, List<Operation[]>? all)
    {
        if (reached && all is not null)
        {
            all.Add(path[..depth]);
            return false;
        }

        return reached;
    }
}
