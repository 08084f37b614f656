namespace Retort.Tasks.CountDown;

/// <summary>
/// The search of section 2.2: successors over all pairs, those whose heuristic exceeds the goal dropped, the others in
/// stable ascending order of it, each explored to its end before the next. Pruning makes it incomplete: solvable problems
/// may end unsolved. One instance serves one thread and allocates nothing once it has met a size.
/// </summary>
internal sealed class DepthFirstSearch
{
    private const int MaxNumbers = 8;

    private readonly int[][] lists = [.. Enumerable.Range(0, MaxNumbers + 1).Select(length => new int[length])];
    private readonly List<Successor>[] kept = [.. Enumerable.Range(0, MaxNumbers + 1).Select(_ => new List<Successor>())];
    private readonly Operation[] operations = new Operation[MaxNumbers];
    private readonly int[] path = new int[MaxNumbers];
    private readonly int[] waiting = new int[MaxNumbers];
    private int target, goal, count, waitingCount;
    private bool think;
    private int? maxTokens;
    private Rules rules;
    private HeuristicScore score = null!;
    private TraceWriter writer = null!;

    private enum Outcome
    {
        Exhausted,
        Reached,
        OutOfTokens,
    }

    /// <summary>Searches from a root state that is already written.</summary>
    /// <param name="numbers">The numbers in play.</param>
    /// <param name="waitingNumbers">The numbers printed behind them.</param>
    /// <param name="printedTarget">The problem's target, printed in every state.</param>
    /// <param name="heuristic">The heuristic, for what this search must make.</param>
    /// <param name="searchRules">Which results are allowed.</param>
    /// <param name="judgesPairs">"Think": hopeless pairs are dismissed unexpanded.</param>
    /// <param name="tokenLimit">Where to stop, in tokens of prompt and trace.</param>
    /// <param name="traceWriter">Spells the events.</param>
    /// <returns>Whether the goal was reached.</returns>
    public bool Run(
        ReadOnlySpan<int> numbers, ReadOnlySpan<int> waitingNumbers, int printedTarget, HeuristicScore heuristic,
        Rules searchRules, bool judgesPairs, int? tokenLimit, TraceWriter traceWriter)
    {
        (target, goal, score, rules) = (printedTarget, heuristic.Target, heuristic, searchRules);
        (think, maxTokens, writer) = (judgesPairs, tokenLimit, traceWriter);
        (count, waitingCount) = (numbers.Length, waitingNumbers.Length);
        numbers.CopyTo(lists[count]);
        waitingNumbers.CopyTo(waiting);
        return Expand(count) == Outcome.Reached;
    }

    private Outcome Expand(int length)
    {
        var (numbers, depth) = (lists[length], count - length);
        var successors = kept[length];
        Generate(numbers, successors);
        for (var place = 0; place < successors.Count; place++)
        {
            var successor = successors[place];
            operations[depth] = successor.Operation;
            path[depth] = place;
            Solver.Combine(numbers, successor.I, successor.J, successor.Operation.Result, lists[length - 1]);
            var outcome = Try(length - 1);
            if (outcome != Outcome.Exhausted)
            {
                return outcome;
            }

            if (place < successors.Count - 1)
            {
                writer.Return(View(length));
            }
        }

        return Outcome.Exhausted;
    }

    private Outcome Try(int length)
    {
        var child = View(length);
        writer.Explore(child);
        if (maxTokens is { } limit && writer.Tokens >= limit)
        {
            return Outcome.OutOfTokens;
        }

        if (length == 1)
        {
            var reached = child.Numbers[0] == goal;
            writer.Leaf(child, reached);
            return reached ? Outcome.Reached : Outcome.Exhausted;
        }

        if (think && length == 2 && !rules.CanFinish(child.Numbers[0], child.Numbers[1], goal, out _))
        {
            writer.Dismiss(child);
            return Outcome.Exhausted;
        }

        writer.Descend(child);
        return Expand(length);
    }

    private void Generate(ReadOnlySpan<int> numbers, List<Successor> into)
    {
        into.Clear();
        long total = 0;
        foreach (var number in numbers)
        {
            total += score.Distance(number);
        }

        Span<Operation> made = stackalloc Operation[Rules.MaxPerPair];
        for (var i = 0; i < numbers.Length - 1; i++)
        {
            for (var j = i + 1; j < numbers.Length; j++)
            {
                var others = total - score.Distance(numbers[i]) - score.Distance(numbers[j]);
                var successors = rules.Successors(numbers[i], numbers[j], made);
                for (var s = 0; s < successors; s++)
                {
                    var sum = others + score.Distance(made[s].Result);
                    if (!score.Prunes(sum, numbers.Length - 1))
                    {
                        InsertStably(into, new Successor(made[s], i, j, sum));
                    }
                }
            }
        }
    }

    private static void InsertStably(List<Successor> sorted, Successor successor)
    {
        var place = sorted.Count;
        while (place > 0 && sorted[place - 1].Score > successor.Score)
        {
            place--;
        }

        sorted.Insert(place, successor);
    }

    private StateView View(int length) => new(
        target, goal, lists[length], waiting.AsSpan(0, waitingCount),
        operations.AsSpan(0, count - length), path.AsSpan(0, count - length));

    private readonly record struct Successor(Operation Operation, int I, int J, long Score);
}
