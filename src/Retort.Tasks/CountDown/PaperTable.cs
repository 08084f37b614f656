namespace Retort.Tasks.CountDown;

/// <summary>One published row; null where no value is published. Shares are 0..1.</summary>
/// <param name="Name">Matches <see cref="TraceStatistics.Name"/>.</param>
/// <param name="SolvedShare">Share solved at any length.</param>
/// <param name="MedianTokens">Median length in tokens.</param>
/// <param name="MeanTokens">Mean length in tokens.</param>
/// <param name="P90Tokens">90th percentile of the length.</param>
/// <param name="SolvedWithin">Shares solved within budgets, by budget in tokens.</param>
public sealed record PublishedRow(
    string Name, double? SolvedShare, double? MedianTokens, double? MeanTokens, double? P90Tokens,
    IReadOnlyDictionary<int, double> SolvedWithin);

/// <summary>One published set of traces and the settings that remake it.</summary>
/// <param name="Name">"depth-first", "think", ...</param>
/// <param name="Source">Where the values are published.</param>
/// <param name="Settings">Our settings for it.</param>
/// <param name="CountsGoalStates">See <see cref="CountDownStatistics.Measure"/>.</param>
/// <param name="Rows">The published rows.</param>
public sealed record PublishedTraces(
    string Name, string Source, CountDownSettings Settings, bool CountsGoalStates, IReadOnlyList<PublishedRow> Rows);

/// <summary>One quantity, ours beside theirs.</summary>
/// <param name="Row">The row's name.</param>
/// <param name="Quantity">"solved", "median tokens", "solved within 256", ...</param>
/// <param name="Paper">The published value: percent for shares, tokens for lengths.</param>
/// <param name="Ours">Our value, likewise.</param>
/// <param name="Difference">Ours less theirs: percentage points for shares, percent of the published value for lengths.</param>
/// <param name="IsShare">Whether the quantity is a share.</param>
public readonly record struct PaperComparison(
    string Row, string Quantity, double Paper, double Ours, double Difference, bool IsShare);

/// <summary>The published statistics of traces (sections 2.2, 2.3, 2.5 and 6.1), to print ours beside.</summary>
public static class PaperTable
{
    private static readonly int[] Budgets = [256, 512, 1024, 2048, 4096, 8192];
    private static readonly int[] SmallBudgets = [64, 128, 256, 512, 1024];

    /// <summary>
    /// Every published set. The medians rest on 20,000 traces of a very broad distribution: their own 95% interval is about
    /// 6% to either side for "all". The compact rows were measured with targets drawn together with the numbers, which
    /// favours easy targets by a point or two; ours draws targets uniformly, as section 2.1 does.
    /// </summary>
    public static IReadOnlyList<PublishedTraces> All { get; } =
    [
        new("depth-first", "section 2.2, 20,000 traces", CountDownSettings.Paper, false,
        [
            Row("all", 70.4, 1465, 4294, 13831, Budgets, 12.3, 18.1, 29.6, 38.1, 48.0, 56.8),
            Row("sum", 80.8, 2315, 5694, 16113, Budgets, 6.3, 13.2, 29.1, 38.1, 48.3, 59.1),
            Row("factor", 59.8, 643, 2864, 8737, Budgets, 18.4, 23.1, 30.2, 38.1, 47.6, 54.3),
        ]),
        new("think", "section 2.5; its lengths count the goal states its prompts list",
            CountDownSettings.Paper with { Variant = CountDownVariant.Think }, true,
            [Row("all", 59.9, 386, 1094, 3100, Budgets, 6.8, 30.5, 42.4, 51.1, 56.7, 59.6)]),
        new("beam", "section 2.5, 20,000 traces, factor heuristic",
            CountDownSettings.Paper with { Variant = CountDownVariant.Beam, Heuristic = HeuristicChoice.Factor }, false,
            [
                Row("beam_1", 23, null, 280, null, []), Row("beam_2", 43, null, 970, null, []),
                Row("beam_3", 57, null, 2190, null, []), Row("beam_4", 62, null, 3550, null, []),
                Row("beam_5", 68, null, 4970, null, []),
            ]),
        new("stacked", "section 2.5, 1,000 traces", CountDownSettings.Paper with { Variant = CountDownVariant.Stacked }, false,
            [Row("all", 38.9, 4535, 8624, null, [1024, 2048, 4096, 8192], 3.3, 9.0, 15.6, 22.2)]),
        new("direct", "section 2.3", CountDownSettings.Paper with { Variant = CountDownVariant.Direct }, false,
            [Row("all", 100, null, 212, null, [])]),
        new("stacked direct", "section 2.5, the length its compute accounting takes",
            CountDownSettings.Paper with { Variant = CountDownVariant.StackedDirect }, false,
            [Row("all", 100, null, 400, null, [])]),
        new("compact, 4 numbers 1..20, target 10..50", "section 6.1", new CountDownSettings(), false,
            [Row("all", 90, 447, 980, 2786, SmallBudgets, 13, 24, 30, 45, 60)]),
        new("compact, 4 numbers 1..9, target 10..30", "section 6.1",
            new CountDownSettings { Numbers = new IntRange(1, 9), Target = new IntRange(10, 30) }, false,
            [Row("all", 88, 450, 1101, 3408, SmallBudgets, 13, 23, 30, 42, 57)]),
        new("compact, 3 numbers 1..20, target 10..50", "section 6.1", new CountDownSettings { NumberCount = 3 }, false,
            [Row("all", 99, 74, 97, 225, SmallBudgets, 50, 73, 91, 99, 99)]),
    ];

    /// <summary>Sets every published value beside ours.</summary>
    /// <param name="published">One of <see cref="All"/>.</param>
    /// <param name="measured">Measured with its settings.</param>
    public static IReadOnlyList<PaperComparison> Compare(PublishedTraces published, CountDownStatistics measured)
    {
        ArgumentNullException.ThrowIfNull(published);
        ArgumentNullException.ThrowIfNull(measured);
        var comparisons = new List<PaperComparison>();
        foreach (var theirs in published.Rows)
        {
            if (measured.Rows.FirstOrDefault(row => row.Name == theirs.Name) is not { } ours)
            {
                continue;
            }

            Add(theirs.Name, "solved", theirs.SolvedShare, ours.SolvedShare, true);
            Add(theirs.Name, "median tokens", theirs.MedianTokens, ours.MedianTokens, false);
            Add(theirs.Name, "mean tokens", theirs.MeanTokens, ours.MeanTokens, false);
            Add(theirs.Name, "p90 tokens", theirs.P90Tokens, ours.P90Tokens, false);
            for (var i = 0; i < measured.BudgetsTokens.Count; i++)
            {
                var budget = measured.BudgetsTokens[i];
                double? share = theirs.SolvedWithin.TryGetValue(budget, out var value) ? value : null;
                Add(theirs.Name, $"solved within {budget}", share, ours.SolvedWithin[i], true);
            }
        }

        return comparisons;

        void Add(string row, string quantity, double? theirs, double ours, bool isShare)
        {
            if (theirs is { } paper)
            {
                var scale = isShare ? 100 : 1;
                var difference = isShare ? 100 * (ours - paper) : 100 * (ours / paper - 1);
                comparisons.Add(new PaperComparison(row, quantity, scale * paper, scale * ours, difference, isShare));
            }
        }
    }

    private static PublishedRow Row(
        string name, double solvedPercent, double? median, double? mean, double? p90, int[] budgets,
        params ReadOnlySpan<double> percents)
    {
        var within = new Dictionary<int, double>();
        for (var i = 0; i < budgets.Length; i++)
        {
            within[budgets[i]] = percents[i] / 100;
        }

        return new PublishedRow(name, solvedPercent / 100, median, mean, p90, within);
    }
}
