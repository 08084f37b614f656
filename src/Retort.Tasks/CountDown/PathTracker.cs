namespace Retort.Tasks.CountDown;

/// <summary>
/// Follows a search as a completion tells it: a tree of explored states and the place where the search stands. What lies
/// off the winning path may be wrong in its arithmetic, but every return must go to a state that is really there.
/// </summary>
internal sealed class PathTracker
{
    private readonly Rules rules;
    private readonly bool wholeTree;
    private readonly List<Node> known = [];
    private readonly int[]? secondHalf;
    private readonly int[] allNumbers;
    private readonly int target;
    private bool isBeam;
    private int[] waiting;
    private Node current;
    private Node? pending;
    private List<Operation>? firstHalfPath;
    private List<Operation>? stated;
    private List<Operation>? lastAttempt;

    public PathTracker(CountDownSettings settings, IReadOnlyList<int> numbers, int target)
    {
        rules = Rules.Of(settings);
        wholeTree = settings.UsesBeam;
        this.target = target;
        allNumbers = [.. numbers];
        secondHalf = settings.IsStacked ? allNumbers[settings.NumberCount..] : null;
        waiting = secondHalf ?? [];
        current = Root(secondHalf is null ? allNumbers : allNumbers[..settings.NumberCount]);
    }

    /// <summary>The text left the grammar, or returned to a state that is not there.</summary>
    public bool Broken { get; set; }

    /// <summary>Wrong single numbers met.</summary>
    public int WrongLeaves { get; private set; }

    /// <summary>Operations explored.</summary>
    public int Explored { get; private set; }

    /// <summary>The path the completion claims for the goal; null before <see cref="Claim"/>.</summary>
    public List<Operation>? ClaimedPath { get; private set; }

    /// <summary>Whether the claim holds, strictly.</summary>
    public bool Correct { get; private set; }

    /// <summary>Whether the authors' own checker would accept the claim (section 3.4).</summary>
    public bool LenientlyCorrect { get; private set; }

    /// <summary>The claimed path, or that of the last attempt that came down to one number.</summary>
    public List<Operation>? FinalPath => ClaimedPath ?? lastAttempt;

    private bool IsFinalHalf => waiting.Length == 0;

    /// <summary>An operation is tried from where the search stands.</summary>
    /// <param name="operation">The operation as written.</param>
    /// <param name="list">The numbers it is said to leave; null where the format does not say (a single number).</param>
    public void Explore(Operation operation, int[]? list)
    {
        Explored++;
        var left = new List<int>(current.Numbers);
        var present = left.Remove(operation.Left) & left.Remove(operation.Right);
        left.Add(operation.Result);
        int[] expected = [.. left];
        var sound = current.Sound && present && rules.Allows(operation)
            && (list is null ? expected.Length == 1 : SameNumbers(list, expected, waiting));
        var numbers = sound ? expected : list ?? [operation.Result];
        pending = new Node(current, operation, numbers, list ?? numbers, sound);
        known.Add(pending);
    }

    /// <summary>Restates the state just tried ("Generated Node"); a contradiction spoils it.</summary>
    public void Restate(Operation operation, int[] list, int? statedTarget)
    {
        if (pending is null)
        {
            Broken = true;
            return;
        }

        pending.Sound &= operation == pending.Operation && Same(list, pending.Shown) && (statedTarget ?? target) == target;
    }

    /// <summary>Restates what the single number just made should be; a contradiction spoils the step.</summary>
    public void RestateGoal(int goal) => pending!.Sound &= goal == (IsFinalHalf ? target : waiting[0]);

    /// <summary>The search goes down into the state just tried; a beam search keeps it and stays.</summary>
    public void Descend()
    {
        current = isBeam ? current : pending ?? current;
        pending = null;
    }

    /// <summary>A wrong single number: the search stays where it was.</summary>
    public void Fail(bool isLeaf = true)
    {
        if (pending is null || isLeaf != (pending.Numbers.Length == 1))
        {
            Broken = true;
            return;
        }

        if (isLeaf)
        {
            WrongLeaves++;
            lastAttempt = [.. firstHalfPath ?? [], .. PathOf(pending)];
        }

        pending = null;
    }

    /// <summary>Goes to an earlier state known by its numbers (compact format).</summary>
    public void GoTo(int[] list, bool anywhere)
    {
        isBeam |= anywhere && wholeTree;
        var node = isBeam
            ? known.FindLast(candidate => Same(candidate.Shown, list))
            : Ancestors(pending ?? current).FirstOrDefault(candidate => Same(candidate.Shown, list));
        GoTo(node);
    }

    /// <summary>Goes to the state of these operations (paper format): the one just tried, an ancestor, or with beam any.</summary>
    public void GoTo(int statedTarget, int[] list, List<Operation> operations)
    {
        stated = operations;
        if (operations.Count == 0 && !IsFinalHalf && Same(list, secondHalf!))
        {
            BeginSecondHalf(list);
            return;
        }

        var node = Ancestors(pending ?? current).FirstOrDefault(candidate => PathOf(candidate).SequenceEqual(operations));
        if (node is null && wholeTree)
        {
            node = known.FindLast(candidate => PathOf(candidate).SequenceEqual(operations));
        }

        if (node is not null)
        {
            node.Sound &= Same(list, node.Shown) && statedTarget == target;
        }

        GoTo(node);
    }

    /// <summary>The second half of a stacked problem begins.</summary>
    public void BeginSecondHalf(int[] list)
    {
        if (secondHalf is null || IsFinalHalf || !Same(list, secondHalf))
        {
            Broken = true;
            return;
        }

        waiting = [];
        known.Clear();
        pending = null;
        current = Root(secondHalf);
    }

    /// <summary>The first half claims to have made its number.</summary>
    public void ClaimHalf()
    {
        if (pending is null || IsFinalHalf)
        {
            Broken = true;
            return;
        }

        if (pending.Sound && pending.Numbers is [var made] && made == waiting[0])
        {
            firstHalfPath = PathOf(pending);
        }
        else
        {
            lastAttempt = PathOf(pending);
        }

        pending = null;
    }

    /// <summary>The completion claims the goal: judged here, once.</summary>
    public void Claim()
    {
        if (pending is null || !IsFinalHalf)
        {
            Broken = true;
            return;
        }

        List<Operation> half = PathOf(pending);
        ClaimedPath = [.. firstHalfPath ?? [], .. half];
        Correct = !Broken && pending.Sound && pending.Numbers is [var made] && made == target
            && (secondHalf is null || firstHalfPath is not null);
        LenientlyCorrect = (secondHalf is null || firstHalfPath is not null) && IsLenientlyCorrect(
            stated is null ? half : [.. stated, pending.Operation], secondHalf ?? allNumbers);
    }

    private bool IsLenientlyCorrect(List<Operation> path, int[] numbers)
    {
        // Numbers are never used up, and the ones left over do not count: the loophole of section 3.4.
        var available = numbers.ToHashSet();
        foreach (var operation in path)
        {
            var value = operation.Symbol switch
            {
                '+' => operation.Left + (double)operation.Right,
                '-' => operation.Left - (double)operation.Right,
                '*' => operation.Left * (double)operation.Right,
                _ => operation.Left / (double)operation.Right,
            };
            if (value != operation.Result || !available.Contains(operation.Left) || !available.Contains(operation.Right))
            {
                return false;
            }

            available.Add(operation.Result);
        }

        return path.Count > 0 && path[^1].Result == target;
    }

    private void GoTo(Node? node)
    {
        Broken |= node is null;
        current = node ?? current;
        pending = null;
    }

    private Node Root(int[] numbers)
    {
        var root = new Node(null, default, numbers, [.. numbers, .. waiting], true);
        known.Add(root);
        return root;
    }

    private static IEnumerable<Node> Ancestors(Node? node)
    {
        for (; node is not null; node = node.Parent)
        {
            yield return node;
        }
    }

    private static List<Operation> PathOf(Node node)
    {
        var path = new List<Operation>();
        for (; node.Parent is not null; node = node.Parent)
        {
            path.Add(node.Operation);
        }

        path.Reverse();
        return path;
    }

    private static bool Same(int[] list, int[] other) => SameNumbers(list, other, []);

    /// <summary>Whether a list holds exactly the numbers of two others, in any order.</summary>
    private static bool SameNumbers(int[] list, int[] first, int[] second)
    {
        if (list.Length != first.Length + second.Length)
        {
            return false;
        }

        if (list.AsSpan(0, first.Length).SequenceEqual(first) && list.AsSpan(first.Length).SequenceEqual(second))
        {
            return true;
        }

        return list.Order().SequenceEqual(first.Concat(second).Order());
    }

    private sealed class Node(Node? parent, Operation operation, int[] numbers, int[] shown, bool sound)
    {
        public Node? Parent { get; } = parent;

        public Operation Operation { get; } = operation;

        public int[] Numbers { get; } = numbers;

        /// <summary>As the text shows them: with the waiting numbers.</summary>
        public int[] Shown { get; } = shown;

        /// <summary>This state follows from the problem by allowed steps, and nothing said of it contradicts that.</summary>
        public bool Sound { get; set; } = sound;
    }
}
