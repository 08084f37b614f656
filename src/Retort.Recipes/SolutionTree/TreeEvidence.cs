using Retort.Analysis;
using Retort.Recipes.Experiment;

namespace Retort.Recipes.SolutionTree;

/// <summary>A quantity of one run, or of what was made of it, over some of its problems, given as indices drawn with replacement.</summary>
internal delegate double RunStatistic<T>(T run, ReadOnlySpan<int> chosen);

/// <summary>
/// Everything measured: for each condition one run a seed. Intervals are bootstraps over problems, before and after paired, of the
/// seeds' mean or, if wider, Student's t over seeds. Another seed is another world with problems of its own, which are drawn alike: problem
/// number i of all seeds is resampled together.
/// </summary>
/// <param name="settings">The study's settings.</param>
/// <param name="runs">By condition.</param>
/// <param name="controls">Control worlds, all seeds.</param>
/// <param name="threads">Threads that resample.</param>
internal sealed class TreeEvidence(
    TreeSettings settings, IReadOnlyDictionary<string, IReadOnlyList<TreeRun>> runs, IReadOnlyList<TreeBefore> controls, int threads)
{
    /// <summary>How intervals are resampled.</summary>
    public BootstrapSettings Resampling { get; } = new(Threads: threads);

    /// <summary>The study's settings.</summary>
    public TreeSettings Settings => settings;

    /// <summary>Conditions that were run, in their order.</summary>
    public IEnumerable<IReadOnlyList<TreeRun>> All => runs.Values;

    /// <summary>Control worlds.</summary>
    public IReadOnlyList<TreeBefore> Controls => controls;

    /// <summary>Every world that was pretrained in, a seed each.</summary>
    public IEnumerable<TreeBefore> Worlds => All.SelectMany(seeds => seeds).Select(run => run.Before).Distinct().Concat(controls);

    /// <summary>Whether a condition was run.</summary>
    public bool Has(string condition) => runs.ContainsKey(condition);

    /// <summary>A condition's runs, a seed each.</summary>
    public IReadOnlyList<TreeRun> Of(string condition) => runs[condition];

    /// <summary>Mean over a condition's seeds, all test problems.</summary>
    public double Value(string condition, RunStatistic<TreeRun> statistic) => Of(condition).Average(run => statistic(run, EveryTest(run)));

    /// <summary>A quantity of a condition, resampled over the test problems.</summary>
    public Interval OverTest(string condition, RunStatistic<TreeRun> statistic) => OverTest(Of(condition), statistic);

    /// <summary>As <see cref="OverTest(string, RunStatistic{TreeRun})"/>, of given runs.</summary>
    public Interval OverTest(IReadOnlyList<TreeRun> seeds, RunStatistic<TreeRun> statistic) =>
        Over(seeds[0].Test.NumProblems, seeds, statistic);

    /// <summary>As <see cref="OverTest(string, RunStatistic{TreeRun})"/>, of something made of each run once.</summary>
    public Interval OverTest<T>(string condition, Func<TreeRun, T> of, RunStatistic<T> statistic) =>
        Over(Of(condition)[0].Test.NumProblems, [.. Of(condition).Select(of)], statistic);

    /// <summary>As <see cref="OverTest{T}"/>, resampled over the RL problems.</summary>
    public Interval OverRl<T>(string condition, Func<TreeRun, T> of, RunStatistic<T> statistic) =>
        Over(Of(condition)[0].Rl.NumProblems, [.. Of(condition).Select(of)], statistic);

    /// <summary>As <see cref="OverTest{T}"/>, resampled over the pairs of the world.</summary>
    public Interval OverPairs<T>(string condition, Func<TreeRun, T> of, RunStatistic<T> statistic) =>
        Over(Of(condition)[0].Known.NumPairs, [.. Of(condition).Select(of)], statistic);

    /// <summary>A quantity in one condition less the same in another, seed by seed.</summary>
    public Interval Difference(string condition, string other, RunStatistic<TreeRun> statistic) => Over(
        Of(condition)[0].Test.NumProblems, [.. Of(condition).Zip(Of(other))],
        (runs, chosen) => statistic(runs.First, chosen) - statistic(runs.Second, chosen));

    /// <summary>A quantity on the RL problems less the same on the test problems; the two sets are resampled each by itself.</summary>
    public Interval RlLessTest<T>(string condition, Func<TreeRun, T> ofRl, Func<TreeRun, T> ofTest, RunStatistic<T> statistic)
    {
        var (rl, test, first) = (Of(condition).Select(ofRl).ToArray(), Of(condition).Select(ofTest).ToArray(), Of(condition)[0]);
        var (numRl, numTest) = (first.Rl.NumProblems, first.Test.NumProblems);
        return SeedIntervals.WiderOfBootstrapAndT(
            Bootstrap.Of([numRl, numTest], chosen => PerSeed(chosen[0], chosen[1]).Average(), Resampling), [.. PerSeed(Every(numRl), Every(numTest))]);

        IEnumerable<double> PerSeed(int[] onRl, int[] onTest) => rl.Zip(test, (a, b) => statistic(a, onRl) - statistic(b, onTest));
    }

    /// <summary>A quantity of an outcome with its interval over all its problems, the seeds' mean.</summary>
    public Interval Mean(IReadOnlyList<TreeRun> seeds, Func<TreeRun, double[]> byProblem)
    {
        double[][] values = [.. seeds.Select(byProblem)];
        return SeedIntervals.WiderOfBootstrapAndT(
            Bootstrap.Mean(SeedIntervals.AverageOverSeeds(values), Resampling), [.. values.Select(seed => seed.Average())]);
    }

    /// <summary>0 to count - 1.</summary>
    public static int[] Every(int count) => [.. Enumerable.Range(0, count)];

    /// <summary>All of a run's test problems.</summary>
    public static int[] EveryTest(TreeRun run) => Every(run.Test.NumProblems);

    private Interval Over<T>(int units, IReadOnlyList<T> seeds, RunStatistic<T> statistic) =>
        PairedIntervals.Of(seeds.Count, units, (seed, chosen) => statistic(seeds[seed], chosen), Resampling);
}
