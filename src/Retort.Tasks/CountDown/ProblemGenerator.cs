using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>
/// Makes problems as section 2.1 does: a uniform target, then numbers drawn until the exhaustive solver finds a solution.
/// <para>
/// Departure: the paper makes its validation set different from the training set by comparing solutions afterwards. Here
/// a hash of the canonical problem (target, sorted numbers) says which split it belongs to, and draws of other splits are
/// thrown back: a tenth of all problems is test, a twentieth validation, the rest train. So splits are disjoint for any
/// number of items and any seed, and an item never depends on another.
/// </para>
/// One instance serves one thread.
/// </summary>
internal sealed class ProblemGenerator
{
    private const int DrawsPerTarget = 20_000, MaxSolverCalls = 20_000, MaxTargets = 2_000;
    private const ulong TestPercent = 10, ValidationPercent = 5;

    private static readonly int[] PaperHeldOutTargets = [14, 39, 41, 57, 62, 81, 87, 89, 96];

    private readonly CountDownSettings settings;
    private readonly Rules rules;
    private readonly Solver solver = new();
    private readonly int[] trainTargets, heldOutTargets;
    private readonly ulong[] purposes = [.. Enum.GetNames<Split>().Select(name => CounterRandom.Hash("countdown/problem/" + name))];

    public ProblemGenerator(CountDownSettings settings)
    {
        this.settings = settings;
        rules = Rules.Of(settings);
        (trainTargets, heldOutTargets) = SplitTargets(settings);
    }

    /// <summary>Problem number <paramref name="index"/> of a split: a pure function of settings, split and index.</summary>
    public Problem Create(Split split, long index)
    {
        var random = CounterRandom.For(settings.Seed, purposes[(int)split], (ulong)index);
        var targets = split == Split.Test && settings.TestOnHeldOutTargets ? heldOutTargets : trainTargets;
        var numbers = new int[settings.NumbersPerProblem];
        var solverCalls = 0;
        for (var tries = 0; tries < MaxTargets && solverCalls < MaxSolverCalls; tries++)
        {
            var target = targets[random.NextInt32(targets.Length)];
            for (var draw = 0; draw < DrawsPerTarget && solverCalls < MaxSolverCalls; draw++)
            {
                for (var i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = random.NextInt32(settings.Numbers.Low, settings.Numbers.High);
                }

                if (SplitOf(CanonicalHash(numbers, target, settings.IsStacked)) != split)
                {
                    continue;
                }

                solverCalls++;
                if (Solve(numbers, target) is { Length: > 0 } solution)
                {
                    return new Problem(numbers, target, solution);
                }
            }
        }

        throw UserError.Request(
            "task.numbers", $"{settings.NumberCount} numbers of {settings.Numbers} make no target of {settings.Target} "
            + $"in any problem of the {split} split that was tried", "ranges with solvable problems");
    }

    /// <summary>The first solution (both halves of a stacked problem), or an empty array.</summary>
    public Operation[] Solve(ReadOnlySpan<int> numbers, int target)
    {
        if (!settings.IsStacked)
        {
            return solver.FirstSolution(numbers, target, rules).ToArray();
        }

        var half = settings.NumberCount;
        var first = solver.FirstSolution(numbers[..half], numbers[half], rules).ToArray();
        return first.Length == 0 || solver.FirstSolution(numbers[half..], target, rules) is not { Length: > 0 } second
            ? [] : [.. first, .. second];
    }

    /// <summary>
    /// A hash that equal problems share: of the target and the sorted numbers; of a stacked problem the target, the sorted
    /// first half, the number it must make, and the sorted rest.
    /// </summary>
    public static ulong CanonicalHash(ReadOnlySpan<int> numbers, int target, bool isStacked)
    {
        Span<int> sorted = stackalloc int[numbers.Length];
        numbers.CopyTo(sorted);
        if (isStacked)
        {
            var half = numbers.Length / 2;
            sorted[..half].Sort();
            sorted[(half + 1)..].Sort();
        }
        else
        {
            sorted.Sort();
        }

        var hash = (0xCBF29CE484222325UL ^ (uint)target) * 0x100000001B3UL;
        foreach (var number in sorted)
        {
            hash = (hash ^ (uint)number) * 0x100000001B3UL;
            hash ^= hash >> 29;
        }

        hash *= 0xBF58476D1CE4E5B9UL;
        return hash ^ (hash >> 32);
    }

    /// <summary>The split of a canonical problem.</summary>
    public static Split SplitOf(ulong canonicalHash) => (canonicalHash % 100) switch
    {
        < TestPercent => Split.Test,
        < TestPercent + ValidationPercent => Split.Validation,
        _ => Split.Train,
    };

    /// <summary>
    /// Holds out the first of the shuffled targets: the same ones for every seed. For the paper's range and share they are
    /// the paper's own nine, those its 1,000 test problems never have.
    /// </summary>
    private static (int[] Train, int[] HeldOut) SplitTargets(CountDownSettings settings)
    {
        var targets = Enumerable.Range(settings.Target.Low, settings.Target.Count).ToArray();
        CounterRandom.For(0, "countdown/held-out-targets").Shuffle(targets.AsSpan());
        var count = (int)(settings.HeldOutTargetShare * targets.Length);
        int[] heldOut = settings.Target == CountDownSettings.Paper.Target && count == PaperHeldOutTargets.Length
            ? PaperHeldOutTargets : targets[..count];
        return ([.. targets.Except(heldOut)], heldOut);
    }
}
