namespace Retort.Tasks.CountDown;

/// <summary>Lengths and successes of a set of traces: one row of the table of section 2.2.</summary>
/// <param name="Name">"all", a heuristic ("sum", "factor", ...) or a beam ("beam_3").</param>
/// <param name="Count">How many traces.</param>
/// <param name="SolvedShare">Share that reach the target, 0..1.</param>
/// <param name="MedianTokens">Median length in tokens, prompt included, start and end tokens not.</param>
/// <param name="MeanTokens">Mean length.</param>
/// <param name="P90Tokens">The length at place floor(0.9 count) of the sorted lengths.</param>
/// <param name="SolvedWithin">For each budget, the share that are solved and at most that long.</param>
public sealed record TraceStatistics(
    string Name, int Count, double SolvedShare, double MedianTokens, double MeanTokens, double P90Tokens,
    IReadOnlyList<double> SolvedWithin);

/// <summary>Statistics of the training split's traces, measured.</summary>
/// <param name="Settings">What was measured.</param>
/// <param name="BudgetsTokens">The budgets of <see cref="TraceStatistics.SolvedWithin"/>.</param>
/// <param name="Rows">"all" first, then one row for each heuristic and each beam width that occurred.</param>
public sealed record CountDownStatistics(
    CountDownSettings Settings, IReadOnlyList<int> BudgetsTokens, IReadOnlyList<TraceStatistics> Rows)
{
    private const int ItemsPerChunk = 64;

    /// <summary>256, 512, ..., 8192: the paper's budgets.</summary>
    public static IReadOnlyList<int> PaperBudgets { get; } = [256, 512, 1024, 2048, 4096, 8192];

    /// <summary>64, 128, ..., 1024: the compact format's budgets (section 6.1).</summary>
    public static IReadOnlyList<int> CompactBudgets { get; } = [64, 128, 256, 512, 1024];

    /// <summary>Makes traces and measures them. The result does not depend on the number of threads.</summary>
    /// <param name="settings">The task's settings.</param>
    /// <param name="count">How many problems; at least 1.</param>
    /// <param name="threads">How many are made at once.</param>
    /// <param name="progress">Told how many are done, every chunk.</param>
    /// <param name="countGoalStates">
    /// Adds to each length what the paper's prompt spends on listing the two-number states that lead to the goal: the
    /// published think traces do so, which gives part of the solution away, and their lengths are told with it.
    /// </param>
    /// <param name="cancellation">Ends the work.</param>
    public static CountDownStatistics Measure(
        CountDownSettings settings, int count, int threads, Action<long>? progress = null, bool countGoalStates = false,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        settings.Validate();
        var traces = new List<Trace>(count);
        OrderedChunks.Run(
            count, ItemsPerChunk, threads, () => new Worker(settings, countGoalStates), (worker, index) => worker.Add(index),
            (worker, done) =>
            {
                traces.AddRange(worker.Traces);
                worker.Traces.Clear();
                progress?.Invoke(done);
            },
            cancellation);
        var budgets = settings.Format == CountDownFormat.Paper ? PaperBudgets : CompactBudgets;
        var groups = traces.Where(trace => trace.Heuristic is not null).GroupBy(trace => trace.Heuristic!)
            .Concat(traces.Where(trace => trace.Search.StartsWith("beam", StringComparison.Ordinal)).GroupBy(trace => trace.Search))
            .OrderByDescending(group => group.Key == "sum").ThenBy(group => group.Key, StringComparer.Ordinal);
        return new CountDownStatistics(
            settings, budgets, [Row("all", traces, budgets), .. groups.Select(group => Row(group.Key, [.. group], budgets))]);
    }

    private static TraceStatistics Row(string name, List<Trace> traces, IReadOnlyList<int> budgets)
    {
        var lengths = traces.Select(trace => trace.Tokens).Order().ToArray();
        double count = lengths.Length;
        return new TraceStatistics(
            name,
            lengths.Length,
            traces.Count(trace => trace.Solved) / count,
            (lengths[(lengths.Length - 1) / 2] + lengths[lengths.Length / 2]) / 2.0,
            lengths.Sum(length => (long)length) / count,
            lengths[Math.Min(lengths.Length - 1, lengths.Length * 9 / 10)],
            [.. budgets.Select(budget => traces.Count(trace => trace.Solved && trace.Tokens <= budget) / count)]);
    }

    private readonly record struct Trace(string Search, string? Heuristic, bool Solved, int Tokens);

    private sealed class Worker(CountDownSettings settings, bool countGoalStates)
    {
        private readonly Demonstrator demonstrator = new(settings);
        private readonly Solver solver = new();

        public List<Trace> Traces { get; } = [];

        public void Add(long index)
        {
            var problem = demonstrator.CreateProblem(Split.Train, index);
            var shown = demonstrator.Demonstrate(problem, Split.Train, index);
            var tokens = demonstrator.Writer.Tokens;
            if (countGoalStates)
            {
                // ", Goal: [11, 84] [9, 82]": three tokens, then for each pair the digits and [ , ].
                tokens += 3;
                foreach (var (smaller, larger) in solver.GoalStates(problem.Numbers, problem.Target, Rules.Of(settings)))
                {
                    tokens += 3 + Digits(smaller) + Digits(larger);
                }
            }

            Traces.Add(new Trace(shown.Search, shown.Heuristic, shown.Solved, tokens));
        }

        private static int Digits(int number) => number < 10 ? 1 : 1 + Digits(number / 10);
    }
}
