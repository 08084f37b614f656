using Retort.Tasks.SolutionTree;

namespace Retort.Recipes.SolutionTree;

/// <summary>Quantities of section 5, over some of a run's problems, which may come more than once.</summary>
internal static class TreeStatistics
{
    /// <summary>Edges of the precision bins {0}, (0, .2], ..., (.8, 1), {1}; see <see cref="BinOf"/>.</summary>
    public static readonly IReadOnlyList<string> Bins = ["0", "to 0.2", "to 0.4", "to 0.6", "to 0.8", "below 1", "1"];

    /// <summary>The bin of a precision.</summary>
    public static int BinOf(double precision) => precision switch
    {
        0 => 0,
        1 => 6,
        _ => Math.Min(5, (int)Math.Ceiling(precision * 5 - 1e-9)),
    };

    /// <summary>Precision from 0.2 to 0.8.</summary>
    public static bool IsMedium(double precision) => precision is >= 0.2 and <= 0.8;

    /// <summary>Mean precision.</summary>
    public static double PassAt1(TreeOutcome outcome, double temperature, ReadOnlySpan<int> chosen)
    {
        var counts = outcome.Correct(temperature);
        var sum = 0L;
        foreach (var i in chosen)
        {
            sum += counts[i];
        }

        return sum / ((double)outcome.Samples * chosen.Length);
    }

    /// <summary>Share of the problems with more than so many correct samples.</summary>
    public static double Coverage(TreeOutcome outcome, double temperature, ReadOnlySpan<int> chosen, int moreThan = 0)
    {
        var counts = outcome.Correct(temperature);
        var solved = 0;
        foreach (var i in chosen)
        {
            solved += counts[i] > moreThan ? 1 : 0;
        }

        return solved / (double)chosen.Length;
    }

    /// <summary>Mean precision at the temperature where it is highest.</summary>
    public static double BestPassAt1(TreeOutcome outcome, IReadOnlyList<double> temperatures, ReadOnlySpan<int> chosen)
    {
        var best = 0.0;
        foreach (var temperature in temperatures)
        {
            best = Math.Max(best, PassAt1(outcome, temperature, chosen));
        }

        return best;
    }

    /// <summary>Coverage at the temperature where it is highest.</summary>
    public static double BestCoverage(TreeOutcome outcome, IReadOnlyList<double> temperatures, ReadOnlySpan<int> chosen, int moreThan = 0)
    {
        var best = 0.0;
        foreach (var temperature in temperatures)
        {
            best = Math.Max(best, Coverage(outcome, temperature, chosen, moreThan));
        }

        return best;
    }

    /// <summary>Share of the problems that <paramref name="first"/> solves at no temperature and <paramref name="second"/> at one.</summary>
    public static double NewlySolved(TreeOutcome first, TreeOutcome second, IReadOnlyList<double> temperatures, ReadOnlySpan<int> chosen)
    {
        var newly = 0;
        foreach (var i in chosen)
        {
            newly += !first.IsSolved(i, temperatures) && second.IsSolved(i, temperatures) ? 1 : 0;
        }

        return newly / (double)chosen.Length;
    }

    /// <summary>Share of the pass@1 at one temperature that a higher one loses; not a number where there is none.</summary>
    public static double Lost(TreeOutcome outcome, double low, double high, ReadOnlySpan<int> chosen) =>
        1 - PassAt1(outcome, high, chosen) / PassAt1(outcome, low, chosen);

    /// <summary>
    /// What problems gain, those of medium precision less the others. One sampling of the model before says which are medium and
    /// another what they begin from, so that chance gains nothing.
    /// </summary>
    public static double MediumGain(Gains gains, ReadOnlySpan<int> chosen, bool lessOthers)
    {
        var (medium, others, numMedium, numOthers) = (0.0, 0.0, 0, 0);
        foreach (var i in chosen)
        {
            if (IsMedium(gains.Precision[i]))
            {
                (medium, numMedium) = (medium + gains.Gain[i], numMedium + 1);
            }
            else
            {
                (others, numOthers) = (others + gains.Gain[i], numOthers + 1);
            }
        }

        return numMedium == 0 || (lessOthers && numOthers == 0) ? double.NaN : medium / numMedium - (lessOthers ? others / numOthers : 0);
    }

    /// <summary>Mean precision before, weighted by gain: where on the scale the gain lies.</summary>
    public static double GainCentre(Gains gains, ReadOnlySpan<int> chosen)
    {
        var (weighted, sum) = (0.0, 0.0);
        foreach (var i in chosen)
        {
            (weighted, sum) = (weighted + gains.Gain[i] * gains.Precision[i], sum + gains.Gain[i]);
        }

        return sum <= 0 ? double.NaN : weighted / sum;
    }

    /// <summary>Mean over the chosen problems.</summary>
    public static double Mean(double[] values, ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var i in chosen)
        {
            sum += values[i];
        }

        return sum / chosen.Length;
    }

    /// <summary>
    /// Of the test problems unsolved before and with a pair unknown before: the share newly solved among those whose pairs are all known
    /// after, less that among the others.
    /// </summary>
    public static double ReuseEffect(TreeRun run, ReadOnlySpan<int> chosen)
    {
        var (temperatures, before) = (run.Test.Temperatures, run.Before);
        Span<int> newly = [0, 0], all = [0, 0];
        foreach (var i in chosen)
        {
            if (before.Known.KnowsAll(run.TestPairs[i]) || before.Test.IsSolved(i, temperatures))
            {
                continue;
            }

            var unlocked = run.Known.KnowsAll(run.TestPairs[i]) ? 1 : 0;
            all[unlocked]++;
            newly[unlocked] += run.Test.IsSolved(i, temperatures) ? 1 : 0;
        }

        return newly[1] / (double)all[1] - newly[0] / (double)all[0];
    }

    /// <summary>
    /// Of the pairs unknown before: the share learned among those that are the only unknown one of an RL problem, so that a lucky guess
    /// would be rewarded, less that among the others.
    /// </summary>
    public static double DiscoveryEffect(TreeRun run, ReadOnlySpan<int> chosenPairs)
    {
        Span<int> learned = [0, 0], all = [0, 0];
        foreach (var pair in chosenPairs)
        {
            if (!run.Before.Known.Knows(pair))
            {
                var chance = run.Chances[pair] ? 1 : 0;
                all[chance]++;
                learned[chance] += run.Known.Knows(pair) ? 1 : 0;
            }
        }

        return learned[1] / (double)all[1] - learned[0] / (double)all[0];
    }

    /// <summary>By pair: it is the only pair unknown before of some problem.</summary>
    public static bool[] Chances(PairKnowledge before, SolutionTreeTask task, IEnumerable<SolutionTreeItem> problems)
    {
        var chances = new bool[before.NumPairs];
        foreach (var problem in problems)
        {
            if (problem.Pairs(task.World).Where(pair => !before.Knows(pair)).Distinct().ToArray() is [var only])
            {
                chances[only] = true;
            }
        }

        return chances;
    }
}

/// <summary>By problem: precision before, by one sampling, and what is gained on another.</summary>
internal sealed record Gains(double[] Precision, double[] Gain)
{
    /// <summary>Of three outcomes on the same problems.</summary>
    public static Gains Of(TreeOutcome before, TreeOutcome again, TreeOutcome after, double temperature)
    {
        var (from, to) = (again.Precision(temperature), after.Precision(temperature));
        return new(before.Precision(temperature), [.. to.Zip(from, (high, low) => high - low)]);
    }

    /// <summary>A run's, on the test problems.</summary>
    public static Gains OfTest(TreeRun run, double temperature) => Of(run.Before.Test, run.Before.TestAgain!, run.Test, temperature);

    /// <summary>A run's, on its RL problems.</summary>
    public static Gains OfRl(TreeRun run, double temperature) => Of(run.RlBefore, run.RlBeforeAgain, run.Rl, temperature);
}
