using Retort.Analysis;
using Retort.Recipes.Experiment;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>A number of the chosen problems of one length, as one model answered them.</summary>
internal delegate double LengthStatistic(LengthOutcome outcome, ReadOnlySpan<int> chosen);

/// <summary>Everything measured: for each kind of model one outcome a seed. All models of a study are asked the same problems.</summary>
/// <param name="settings">The settings.</param>
/// <param name="cells">Each kind's outcomes, a seed each, by name.</param>
/// <param name="threads">Threads that resample.</param>
internal sealed class Evidence(
    LengthGeneralizationSettings settings, IReadOnlyDictionary<string, (ModelKind ModelKind, IReadOnlyList<CellOutcome> Seeds)> cells, int threads)
{
    private readonly BootstrapSettings resampling = new(Threads: threads);

    /// <summary>The settings.</summary>
    public LengthGeneralizationSettings Settings => settings;

    /// <summary>Kinds of models that were made.</summary>
    public IEnumerable<ModelKind> Cells => cells.Values.Select(cell => cell.ModelKind);

    /// <summary>Whether a kind was made.</summary>
    public bool Has(string cell) => cells.ContainsKey(cell);

    /// <summary>A kind's outcomes, a seed each.</summary>
    public IReadOnlyList<CellOutcome> this[string cell] => cells[cell].Seeds;

    /// <summary>A study of the settings.</summary>
    public Study StudyOf(string name) => Study.Of(name, settings);

    /// <summary>Interval of one kind's number at a length; <paramref name="isTold"/>: with the right ids told.</summary>
    public Interval Of(string cell, int length, LengthStatistic statistic, bool isTold = false) =>
        Of(this[cell].Count, At(cell, 0, length, isTold).Exact.Length, (seed, chosen) => statistic(At(cell, seed, length, isTold), chosen));

    /// <summary>Interval of a kind's exact match at a length less that of the best of others, seed by seed.</summary>
    public Interval OverBest(string cell, IReadOnlyList<string> others, int length) =>
        Of(this[cell].Count, At(cell, 0, length, false).Exact.Length, (seed, chosen) =>
        {
            var best = 0.0;
            foreach (var other in others)
            {
                best = Math.Max(best, Exact(At(other, seed, length, false), chosen));
            }

            return Exact(At(cell, seed, length, false), chosen) - best;
        });

    /// <summary>The lowest exact match, mean over seeds, of any of these kinds at any length asked within the trained range.</summary>
    public double LowestInRange(params IReadOnlyList<string> kinds) => kinds.Min(
        name => cells[name].ModelKind is var cell ? StudyOf(cell.Study).InRange.Min(length => Mean(name, length, outcome => outcome.Exact.Average())) : double.NaN);

    /// <summary>Mean over seeds of a number at a length.</summary>
    public double Mean(string cell, int length, Func<LengthOutcome, double> quantity, bool isTold = false) =>
        Enumerable.Range(0, this[cell].Count).Average(seed => quantity(At(cell, seed, length, isTold)));

    /// <summary>Exact match of chosen problems.</summary>
    public static double Exact(LengthOutcome outcome, ReadOnlySpan<int> chosen) => LengthOutcome.Mean(outcome.Exact, chosen);

    private Interval Of(int seeds, int problems, SeedStatistic statistic) => PairedIntervals.Of(seeds, problems, statistic, resampling);

    private LengthOutcome At(string cell, int seed, int length, bool isTold)
    {
        var outcome = cells[cell].Seeds[seed];
        return (isTold ? outcome.Told : outcome.Free).First(one => one.Length == length);
    }
}
