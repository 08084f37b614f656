namespace Retort.Analysis.Scaling;

/// <summary>One budget and one number of samples; every measure is a mean over problems with its interval.</summary>
/// <param name="Budget">S: tokens that each sample may spend.</param>
/// <param name="Samples">N.</param>
/// <param name="BestOf">
/// One of N verifies, or else a guess is right (section 4 of the study of long chains of thought). <see cref="FirstVerified"/> is as
/// often right.
/// </param>
/// <param name="Verified">One of N verifies.</param>
/// <param name="Majority">The most frequent answer is right (<see cref="VoteExpectation"/>).</param>
/// <param name="Tokens">Tokens that N samples spend; S * N is what they may.</param>
/// <param name="StopTokens">Tokens spent where sampling stops at the first that verifies.</param>
/// <param name="Flops">Work of N samples; null where costs are not known.</param>
/// <param name="StopFlops">Work where sampling stops at the first that verifies.</param>
public sealed record ScalingCell(
    int Budget, int Samples, Interval BestOf, Interval Verified, Interval Majority, Interval Tokens, Interval StopTokens,
    Interval? Flops, Interval? StopFlops)
{
    /// <summary>S * N.</summary>
    public long TotalBudget => (long)Budget * Samples;
}

/// <summary>What a problem's prompt and a sample of it cost, in floating-point operations.</summary>
/// <param name="Prompt">Of reading a problem's prompt, which its samples share.</param>
/// <param name="Completion">Of writing so many tokens behind a problem's prompt.</param>
public sealed record ScalingCost(Func<int, double> Prompt, Func<int, int, double> Completion);

/// <summary>
/// Every cell of a sweep from one set of rollouts: samples are cut at S, and N are drawn of them in thought, without replacement and in
/// expectation, so that each cell is unbiased though all share their samples.
/// </summary>
public sealed class ScalingGrid
{
    /// <summary>Columns that are resampled together, which bounds the memory of their means.</summary>
    private const int ColumnsTogether = 60;

    private ScalingGrid(IReadOnlyList<int> budgets, IReadOnlyList<int> samples, ScalingCell[] cells) =>
        (Budgets, Samples, Cells) = (budgets, samples, cells);

    /// <summary>S, ascending.</summary>
    public IReadOnlyList<int> Budgets { get; }

    /// <summary>N, ascending.</summary>
    public IReadOnlyList<int> Samples { get; }

    /// <summary>By S, then by N.</summary>
    public IReadOnlyList<ScalingCell> Cells { get; }

    /// <summary>The cell at two indices.</summary>
    public ScalingCell this[int budget, int samples] => Cells[budget * Samples.Count + samples];

    /// <summary>Looks at a pool under all budgets and numbers of samples; the same bits for any number of threads.</summary>
    /// <param name="pool">The samples.</param>
    /// <param name="budgets">S, ascending.</param>
    /// <param name="samples">N, ascending, at most the pool's.</param>
    /// <param name="bootstrap">How intervals are made.</param>
    /// <param name="cost">Costs, if they are known.</param>
    public static ScalingGrid Of(
        IScalingPool pool, IReadOnlyList<int> budgets, IReadOnlyList<int> samples, BootstrapSettings bootstrap, ScalingCost? cost = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples[^1], pool.NumSamples, nameof(samples));
        var measures = cost is null ? 5 : 7;
        var columns = new double[budgets.Count * samples.Count * measures][];
        foreach (ref var column in columns.AsSpan())
        {
            column = new double[pool.NumProblems];
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = bootstrap.Threads > 0 ? bootstrap.Threads : -1 };
        Parallel.For(0, pool.NumProblems, options, problem =>
        {
            for (var s = 0; s < budgets.Count; s++)
            {
                Fill(problem, s);
            }
        });
        var means = new Queue<Interval>(columns.Chunk(ColumnsTogether).SelectMany(some => Bootstrap.Means(some, bootstrap)));
        return new(budgets, samples, [.. budgets.SelectMany(s => samples.Select(n => new ScalingCell(
            s, n, means.Dequeue(), means.Dequeue(), means.Dequeue(), means.Dequeue(), means.Dequeue(),
            cost is null ? null : means.Dequeue(), cost is null ? null : means.Dequeue())))]);

        void Fill(int problem, int s)
        {
            var cut = pool.At(problem, budgets[s]);
            var verified = cut.Count(sample => sample.IsVerified);
            var (right, silent) = VoteExpectation.Of([.. cut.Select(sample => sample.Vote)], samples[^1], (ulong)problem);
            var spent = cut.Average(sample => (double)sample.Spent);
            var (prompt, written) = cost is null ? (0, 0) : (cost.Prompt(problem), cut.Average(sample => cost.Completion(problem, sample.Generated)));
            for (var i = 0; i < samples.Count; i++)
            {
                var (n, at) = (samples[i], (s * samples.Count + i) * measures);
                var solved = PassAtK.Estimate(cut.Length, verified, n);
                columns[at][problem] = solved + (1 - solved) * pool.Guess;
                columns[at + 1][problem] = solved;
                columns[at + 2][problem] = right[n] + silent[n] * pool.SilentVote;
                columns[at + 3][problem] = n * spent;
                columns[at + 4][problem] = FirstVerified.Sum(cut, n, sample => sample.Spent);
                if (cost is not null)
                {
                    columns[at + 5][problem] = prompt + n * written;
                    columns[at + 6][problem] = prompt + FirstVerified.Sum(cut, n, sample => cost.Completion(problem, sample.Generated));
                }
            }
        }
    }
}
