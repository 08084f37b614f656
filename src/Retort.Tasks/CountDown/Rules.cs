namespace Retort.Tasks.CountDown;

/// <summary>Which results an operation may have.</summary>
/// <param name="MaxValue">The largest value allowed; <see cref="int.MaxValue"/> for no limit.</param>
/// <param name="AllowZero">Whether zero is allowed.</param>
internal readonly record struct Rules(int MaxValue, bool AllowZero)
{
    /// <summary>At most this many successors of one pair.</summary>
    public const int MaxPerPair = 4;

    public static Rules Of(CountDownSettings settings) =>
        new(settings.LargestNumber, settings.AllowZero);

    public bool Allows(in Operation operation) => operation.IsRight && Allows(operation.Result);

    /// <summary>
    /// The successors of a pair in the paper's order +, *, -, / (section 2.1.3), less those the rules forbid. Sums and
    /// products stay below 2^31: <see cref="CountDownSettings.Validate"/> sees to it.
    /// </summary>
    /// <returns>How many were written.</returns>
    public int Successors(int a, int b, Span<Operation> into)
    {
        var (count, larger, smaller) = (0, Math.Max(a, b), Math.Min(a, b));
        Add(new Operation(a, '+', b, a + b), into, ref count);
        Add(new Operation(a, '*', b, a * b), into, ref count);
        Add(new Operation(larger, '-', smaller, larger - smaller), into, ref count);
        if (smaller != 0 && larger % smaller == 0)
        {
            Add(new Operation(larger, '/', smaller, larger / smaller), into, ref count);
        }

        return count;
    }

    /// <summary>Whether one operation makes the target of a pair: what "think" must judge by itself.</summary>
    public bool CanFinish(int a, int b, int target, out Operation operation)
    {
        var (larger, smaller) = (Math.Max(a, b), Math.Min(a, b));
        if (a + b == target)
        {
            operation = new Operation(a, '+', b, target);
        }
        else if (a * b == target)
        {
            operation = new Operation(a, '*', b, target);
        }
        else if (larger - smaller == target)
        {
            operation = new Operation(larger, '-', smaller, target);
        }
        else if (smaller != 0 && larger % smaller == 0 && larger / smaller == target)
        {
            operation = new Operation(larger, '/', smaller, target);
        }
        else
        {
            operation = default;
            return false;
        }

        return Allows(target);
    }

    private bool Allows(int value) => value <= MaxValue && (value != 0 || AllowZero);

    private void Add(in Operation operation, Span<Operation> into, ref int count)
    {
        if (Allows(operation.Result))
        {
            into[count++] = operation;
        }
    }
}
