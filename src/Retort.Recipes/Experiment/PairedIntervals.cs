using Retort.Analysis;

namespace Retort.Recipes.Experiment;

/// <summary>A number of the chosen problems of one seed's models.</summary>
/// <param name="seed">Place among the seeds.</param>
/// <param name="chosen">Problems, as drawn with replacement.</param>
internal delegate double SeedStatistic(int seed, ReadOnlySpan<int> chosen);

/// <summary>
/// Intervals of models that were asked the same problems, so that a problem drawn brings what every model did on it: bootstraps over problems of
/// the seeds' mean or, if wider, Student's t over seeds.
/// </summary>
internal static class PairedIntervals
{
    /// <summary>Interval of any statistic.</summary>
    public static Interval Of(int numSeeds, int numProblems, SeedStatistic statistic, BootstrapSettings resampling)
    {
        int[] all = [.. Enumerable.Range(0, numProblems)];
        var bootstrap = Bootstrap.Of(numProblems, chosen =>
        {
            var sum = 0.0;
            for (var seed = 0; seed < numSeeds; seed++)
            {
                sum += statistic(seed, chosen);
            }

            return sum / numSeeds;
        }, resampling);
        return SeedIntervals.WiderOfBootstrapAndT(bootstrap, [.. Enumerable.Range(0, numSeeds).Select(seed => statistic(seed, all))]);
    }
}
