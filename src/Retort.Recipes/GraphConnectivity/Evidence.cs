using Retort.Analysis;
using Retort.Recipes.Experiment;
using Retort.Tasks.GraphConnectivity;

namespace Retort.Recipes.GraphConnectivity;

/// <summary>A number of the chosen problems, as one model answered them.</summary>
internal delegate double GraphStatistic(GraphOutcome outcome, ReadOnlySpan<int> chosen);

/// <summary>
/// Everything measured: for each kind of model one outcome a seed, and what the query model says. Models of one depth are asked the same
/// problems; those of different depths problems of the same number, which have nothing in common, so that differences between depths are not paired
/// in fact.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="models">Each kind's outcomes, a seed each, by name.</param>
/// <param name="queries">The query model.</param>
/// <param name="threads">Threads that resample.</param>
internal sealed class Evidence(
    GraphStudySettings settings, IReadOnlyDictionary<string, (GraphModel Model, IReadOnlyList<GraphOutcome> Seeds)> models, QueryStudy queries, int threads)
{
    private readonly BootstrapSettings resampling = new(Threads: threads);
    private readonly Dictionary<string, ChainLengths> teachers = [];

    /// <summary>The settings.</summary>
    public GraphStudySettings Settings => settings;

    /// <summary>The query model's curves.</summary>
    public QueryStudy Queries => queries;

    /// <summary>Kinds of models that were made.</summary>
    public IEnumerable<GraphModel> Models => models.Values.Select(pair => pair.Model);

    /// <summary>Whether a kind was made.</summary>
    public bool Has(GraphModel model) => models.ContainsKey(model.Name);

    /// <summary>A kind's outcomes, a seed each.</summary>
    public IReadOnlyList<GraphOutcome> this[GraphModel model] => models[model.Name].Seeds;

    /// <summary>Interval of one kind's number.</summary>
    public Interval Of(GraphModel model, GraphStatistic statistic) => Of((seed, chosen) => statistic(this[model][seed], chosen));

    /// <summary>Interval of one kind's number less another's, seed by seed.</summary>
    public Interval Difference(GraphModel first, GraphModel second, GraphStatistic statistic) =>
        Of((seed, chosen) => statistic(this[first][seed], chosen) - statistic(this[second][seed], chosen));

    /// <summary>Interval of any statistic.</summary>
    public Interval Of(SeedStatistic statistic) => PairedIntervals.Of(settings.Seeds.Count, settings.TestProblems, statistic, resampling);

    /// <summary>Lengths of the chains that a model was taught, as the random process makes them.</summary>
    public ChainLengths Teacher(GraphModel model)
    {
        if (!teachers.TryGetValue(model.Name, out var lengths))
        {
            teachers[model.Name] = lengths = ChainLengths.Measure(
                model.Task(settings).DeepestGraph, model.Strategy, model.WalkSteps, settings.QueryRuns, 1, threads);
        }

        return lengths;
    }

    /// <summary>Mean over seeds of a number of all problems.</summary>
    public double Mean(GraphModel model, GraphStatistic statistic)
    {
        int[] all = [.. Enumerable.Range(0, settings.TestProblems)];
        return this[model].Average(outcome => statistic(outcome, all));
    }
}
