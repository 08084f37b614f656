using Retort.Analysis;
using Retort.Recipes.Experiment;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>A model at one step: its samples and its greedy answers.</summary>
/// <param name="Step">Steps of reinforcement; rounds of expert iteration; 0 is the base.</param>
/// <param name="Sampled">Samples at temperature 1.</param>
/// <param name="Greedy">One greedy answer a problem.</param>
internal sealed record Look(long Step, FormatOutcome Sampled, FormatOutcome Greedy);

/// <summary>One run of one seed.</summary>
internal sealed class RunOutcome
{
    /// <summary>A run as it was measured.</summary>
    /// <param name="run">The run.</param>
    /// <param name="looks">In order; the first is the base, the last the end.</param>
    /// <param name="trajectory">Its rollouts.</param>
    public RunOutcome(PolicyRun run, IReadOnlyList<Look> looks, Trajectory trajectory)
    {
        (Run, Looks, Trajectory) = (run, looks, trajectory);
        AllProblems = [.. Enumerable.Range(0, looks[0].Sampled.NumProblems)];
        Winner = Largest(format => End.Sampled.Share(format, AllProblems));
        MostAccurate = Largest(format => Start.Sampled.Within(format, AllProblems));
        double WinnerIn(Look look) => look.Sampled.Share(Winner, AllProblems);
        SwitchAt = Enumerable.Range(0, Looks.Count - 1).MaxBy(i => WinnerIn(Looks[i + 1]) - WinnerIn(Looks[i]));
    }

    /// <summary>The run.</summary>
    public PolicyRun Run { get; }

    /// <summary>In order; the first is the base, the last the end.</summary>
    public IReadOnlyList<Look> Looks { get; }

    /// <summary>Its rollouts.</summary>
    public Trajectory Trajectory { get; }

    /// <summary>Every problem once.</summary>
    public int[] AllProblems { get; }

    /// <summary>Before.</summary>
    public Look Start => Looks[0];

    /// <summary>After.</summary>
    public Look End => Looks[^1];

    /// <summary>The format with the largest share at the end.</summary>
    public ArithmeticFormat Winner { get; }

    /// <summary>The format that the base is most accurate in.</summary>
    public ArithmeticFormat MostAccurate { get; }

    /// <summary>Place of the look after which the winner's share rises most until the next.</summary>
    public int SwitchAt { get; }

    // A format that is not written has no accuracy: not a number, and never the largest.
    private static ArithmeticFormat Largest(Func<ArithmeticFormat, double> quantity) =>
        Enum.GetValues<ArithmeticFormat>().MaxBy(format => double.IsNaN(quantity(format)) ? double.NegativeInfinity : quantity(format));
}

/// <summary>A number of the chosen problems of one run.</summary>
internal delegate double RunStatistic(RunOutcome run, ReadOnlySpan<int> chosen);

/// <summary>A number of the chosen problems of two runs of the same seed.</summary>
internal delegate double PairStatistic(RunOutcome first, RunOutcome second, ReadOnlySpan<int> chosen);

/// <summary>
/// Everything measured: for each run one outcome a seed. All are asked the same problems, so a problem that is drawn brings what every model did
/// on it. Intervals are bootstraps over problems of the seeds' mean or, if wider, Student's t over seeds.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="runs">Each run's outcomes, a seed each.</param>
/// <param name="threads">Threads that resample.</param>
internal sealed class Evidence(EchoChamberSettings settings, IReadOnlyDictionary<string, IReadOnlyList<RunOutcome>> runs, int threads)
{
    private readonly BootstrapSettings resampling = new(Threads: threads);

    /// <summary>The settings.</summary>
    public EchoChamberSettings Settings => settings;

    /// <summary>Names of the runs that were made.</summary>
    public IReadOnlyCollection<string> Names => [.. runs.Keys];

    /// <summary>A run's outcomes, a seed each.</summary>
    public IReadOnlyList<RunOutcome> this[string run] => runs[run];

    /// <summary>Whether a run was made.</summary>
    public bool Has(string run) => runs.ContainsKey(run);

    /// <summary>Interval of a run's number.</summary>
    public Interval Of(string run, RunStatistic statistic) => Of((seed, chosen) => statistic(runs[run][seed], chosen));

    /// <summary>Interval of a number of two runs.</summary>
    public Interval Of(string first, string second, PairStatistic statistic) =>
        Of((seed, chosen) => statistic(runs[first][seed], runs[second][seed], chosen));

    /// <summary>Interval of any statistic.</summary>
    public Interval Of(SeedStatistic statistic)
    {
        var first = runs.Values.First();
        return PairedIntervals.Of(first.Count, first[0].AllProblems.Length, statistic, resampling);
    }

    /// <summary>Mean over seeds of a run's number.</summary>
    public double Mean(string run, Func<RunOutcome, double> quantity) => runs[run].Average(quantity);
}
