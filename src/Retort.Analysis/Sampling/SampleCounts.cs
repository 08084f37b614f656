namespace Retort.Analysis.Sampling;

/// <summary>What a model did on one problem at one temperature.</summary>
/// <param name="Samples">Samples drawn, at least one.</param>
/// <param name="Correct">Correct ones among them.</param>
public readonly record struct ProblemCount(int Samples, int Correct)
{
    /// <summary>Share of the samples that are correct.</summary>
    public double Precision => (double)Correct / Samples;
}

/// <summary>
/// One model's correct samples, counted by temperature and problem: all that pass@k, coverage, precision curves and temperature
/// sensitivity need. Results are one number a problem, in the order of the problems, so that two models stay paired and
/// <see cref="Bootstrap"/> gives the intervals. Problems may have different numbers of samples.
/// </summary>
public sealed class SampleCounts
{
    /// <summary>Temperatures up to which <see cref="Sensitivity"/> looks (Qin et al. 2025, "RL wall").</summary>
    public const double SensitivityLimit = 1.2;

    private readonly ProblemCount[][] counts;

    /// <param name="temperatures">Ascending; a single one may be NaN: not told.</param>
    /// <param name="counts">By temperature, then by problem; every temperature has the same problems in the same order.</param>
    /// <exception cref="ArgumentException">Lengths or numbers that do not fit.</exception>
    public SampleCounts(IReadOnlyList<double> temperatures, IReadOnlyList<IReadOnlyList<ProblemCount>> counts)
    {
        if (temperatures.Count == 0 || counts.Count != temperatures.Count || counts[0].Count == 0 || counts.Any(row => row.Count != counts[0].Count))
        {
            throw new ArgumentException("Every temperature needs the same problems, at least one.", nameof(counts));
        }

        if (temperatures.Zip(temperatures.Skip(1)).Any(pair => !(pair.First < pair.Second)))
        {
            throw new ArgumentException("Temperatures ascend, each once.", nameof(temperatures));
        }

        if (counts.Any(row => row.Any(count => count.Samples < 1 || count.Correct < 0 || count.Correct > count.Samples)))
        {
            throw new ArgumentException("A problem has at least one sample and no more correct ones than samples.", nameof(counts));
        }

        Temperatures = [.. temperatures];
        this.counts = [.. counts.Select(row => row.ToArray())];
    }

    /// <summary>Ascending.</summary>
    public IReadOnlyList<double> Temperatures { get; }

    /// <summary>Problems, the same at every temperature.</summary>
    public int NumProblems => counts[0].Length;

    /// <summary>The count at a temperature's index, of a problem's index.</summary>
    public ProblemCount this[int temperature, int problem] => counts[temperature][problem];

    /// <summary>Counts samples that lie as [temperature][problem][sample].</summary>
    public static SampleCounts Of(IReadOnlyList<double> temperatures, IReadOnlyList<IReadOnlyList<bool[]>> correct) =>
        new(temperatures, [.. correct.Select(row => row.Select(samples => new ProblemCount(samples.Length, samples.Count(one => one))).ToArray())]);

    /// <summary>Fewest samples any problem has at a temperature: the largest k of <see cref="PassAt"/>.</summary>
    public int FewestSamples(int temperature) => counts[temperature].Min(count => count.Samples);

    /// <summary>Precision of every problem at a temperature; the mean is pass@1.</summary>
    public double[] Precision(int temperature) => [.. counts[temperature].Select(count => count.Precision)];

    /// <summary>Unbiased pass@k of every problem (<see cref="PassAtK.Estimate(int, int, int)"/>); k is at most <see cref="FewestSamples"/>.</summary>
    public double[] PassAt(int temperature, int k) => k == 1
        ? Precision(temperature)
        : [.. counts[temperature].Select(count => PassAtK.Estimate(count.Samples, count.Correct, k))];

    /// <summary>
    /// Chance of every problem that more than <paramref name="moreThan"/> of k of its samples are correct: <see cref="Solved"/> where all
    /// problems have k samples, and comparable where some have more.
    /// </summary>
    public double[] Coverage(int temperature, int k, int moreThan = 0) =>
        [.. counts[temperature].Select(count => PassAtK.MoreThan(count.Samples, count.Correct, k, moreThan))];

    /// <summary>1 for every problem with more than <paramref name="moreThan"/> correct samples at a temperature, else 0; the mean is coverage.</summary>
    public double[] Solved(int temperature, int moreThan = 0) => [.. counts[temperature].Select(count => count.Correct > moreThan ? 1.0 : 0)];

    /// <summary>1 for every problem that has a correct sample at any temperature, else 0.</summary>
    public double[] SolvedAnywhere() => [.. Enumerable.Range(0, NumProblems).Select(problem => counts.Any(row => row[problem].Correct > 0) ? 1.0 : 0)];

    /// <summary>One row of numbers for every temperature, for <see cref="BestTemperature"/>.</summary>
    public double[][] ByTemperature(Func<int, double[]> row) => [.. Enumerable.Range(0, Temperatures.Count).Select(row)];

    /// <summary>
    /// Highest less lowest precision of every problem over the temperatures up to <paramref name="limit"/>; the mean is the temperature
    /// sensitivity. Chance in few samples widens it, so compare models with equally many. Null where fewer than two temperatures are
    /// that low.
    /// </summary>
    public double[]? Sensitivity(double limit = SensitivityLimit)
    {
        var rows = counts.Where((_, t) => Temperatures[t] <= limit).ToArray();
        return rows.Length < 2
            ? null
            : [.. Enumerable.Range(0, NumProblems).Select(problem => rows.Max(row => row[problem].Precision) - rows.Min(row => row[problem].Precision))];
    }

    /// <summary>
    /// Precision of every problem at the lowest temperature less that at temperature 1; the mean is the drop of pass@1. Null where 1 is
    /// not among the temperatures or is the lowest.
    /// </summary>
    public double[]? DropToOne()
    {
        var one = Temperatures.ToList().IndexOf(1);
        return one <= 0 ? null : [.. counts[0].Zip(counts[one], (low, high) => low.Precision - high.Precision)];
    }
}
