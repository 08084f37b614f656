namespace Retort.Analysis.Sampling;

/// <summary>One graded sample.</summary>
/// <param name="Correct">Whether it solves its problem.</param>
/// <param name="Answer">Its final answer in canonical form, for votes; null where it has none.</param>
/// <param name="Plan">Whether its steps are the right ones; null where nobody looked.</param>
/// <param name="Execute">Whether its steps are carried out rightly; null where nobody looked.</param>
public readonly record struct GradedSample(bool Correct, string? Answer = null, bool? Plan = null, bool? Execute = null);

/// <summary>All graded samples of one model: the same problems at every temperature.</summary>
/// <param name="model">Its name.</param>
/// <param name="problems">Names of the problems.</param>
/// <param name="temperatures">Ascending; a single one may be NaN: not told.</param>
/// <param name="samples">As [temperature][problem][sample].</param>
public sealed class SampleSet(
    string model, IReadOnlyList<string> problems, IReadOnlyList<double> temperatures, IReadOnlyList<IReadOnlyList<GradedSample[]>> samples)
{
    /// <summary>The model's name.</summary>
    public string Model => model;

    /// <summary>Names of the problems.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Ascending; a single one may be NaN: not told.</summary>
    public IReadOnlyList<double> Temperatures => temperatures;

    /// <summary>As [temperature][problem][sample].</summary>
    public IReadOnlyList<IReadOnlyList<GradedSample[]>> Samples => samples;

    /// <summary>The samples counted.</summary>
    public SampleCounts Counts { get; } = new(
        temperatures, [.. samples.Select(row => row.Select(all => new ProblemCount(all.Length, all.Count(one => one.Correct))).ToArray())]);

    /// <summary>The samples of some problems at some temperatures, in the order given. All of them are in the set.</summary>
    public SampleSet Restrict(IReadOnlyList<string> toProblems, IReadOnlyList<double> toTemperatures)
    {
        var places = Problems.Index().ToDictionary(problem => problem.Item, problem => problem.Index);
        var rows = Temperatures.Index().ToDictionary(row => row.Item, row => row.Index);
        return new(Model, toProblems, toTemperatures, [.. toTemperatures.Select(t => toProblems.Select(problem => Samples[rows[t]][places[problem]]).ToArray())]);
    }

    /// <summary>
    /// Majority@k of every problem at a temperature, for several k (<see cref="MajorityVote.Curve"/>): [k][problem]. The same on any number
    /// of threads; 0 is all cores.
    /// </summary>
    public double[][] MajorityAt(int temperature, IReadOnlyList<int> ks, ulong seed = 1, int threads = 0)
    {
        var row = Samples[temperature];
        var curves = new double[row.Count][];
        Parallel.For(0, row.Count, new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : -1 }, problem =>
        {
            Vote[] votes = [.. row[problem].Select(one => new Vote(one.Answer, one.Correct))];
            curves[problem] = MajorityVote.Curve(votes, ks, seed, (ulong)problem);
        });
        return [.. ks.Select((_, i) => curves.Select(curve => curve[i]).ToArray())];
    }
}
