using System.Globalization;
using Retort.Analysis.Scaling;
using Retort.Recipes.Curves;
using Retort.Recipes.Report;

namespace Retort.Recipes.Scaling;

/// <summary>A sweep as tables whose rows fit into 80 columns; shares are in percent with bootstrap intervals.</summary>
internal static class ScalingTables
{
    // A column of an overview takes 7 of 80 columns, and the first column 9.
    private const int MostColumns = 10;

    public static IReadOnlyList<ReportTable> Of(ScalingGrid grid, IReadOnlyList<Aggregator> aggregators, bool hasVerifier)
    {
        var tables = new List<ReportTable>();
        tables.AddRange(aggregators.SelectMany(aggregator => Overview(grid, aggregator)));
        tables.Add(hasVerifier
            ? new(
                "Every cell (%), and tokens spent until the first sample verifies", ["S", "N", "best of N", "majority", "tokens until verified", "S * N"],
                [.. grid.Cells.Select(cell => (Cell[])
                [
                    Whole(cell.Budget), Whole(cell.Samples), CurvesWords.Percent(cell.BestOf), CurvesWords.Percent(cell.Majority),
                    CurvesWords.Count(cell.StopTokens), Whole(cell.TotalBudget),
                ])])
            : new(
                "Every cell (%)", ["S", "N", "majority", "S * N"],
                [.. grid.Cells.Select(cell => (Cell[])[Whole(cell.Budget), Whole(cell.Samples), CurvesWords.Percent(cell.Majority), Whole(cell.TotalBudget)])]));
        tables.AddRange(aggregators.Select(aggregator => Frontier(
            $"Equal tokens: best cell with S * N at most so many, {aggregator.Name} (%)", "S * N",
            FrontierStep.Of(grid, aggregator, cell => cell.TotalBudget), cost => Whole((long)cost))));
        if (grid.Cells[0].Flops is not null)
        {
            tables.AddRange(aggregators.Select(aggregator => Frontier(
                $"Equal FLOPs: best cell of at most so many a problem, {aggregator.Name} (%)", "FLOPs",
                FrontierStep.Of(grid, aggregator, cell => cell.Flops!.Value.Value), cost => cost.ToString("0.00e0", CultureInfo.InvariantCulture))));
        }

        return tables;
    }

    private static IEnumerable<ReportTable> Overview(ScalingGrid grid, Aggregator aggregator) =>
        Enumerable.Range(0, grid.Samples.Count).Chunk(MostColumns).Select(columns => new ReportTable(
            $"Accuracy (%) by S (tokens of a chain, down) and N (samples, across): {aggregator.Name}",
            ["S", .. columns.Select(n => $"N={grid.Samples[n]}")],
            [.. grid.Budgets.Select((budget, s) => (Cell[])[Whole(budget), .. columns.Select(n => (Cell)CurvesWords.Percent(aggregator.Of(grid[s, n]).Value))])]));

    private static ReportTable Frontier(string name, string cost, IReadOnlyList<FrontierStep> steps, Func<double, string> write) => new(
        name, [cost, "S", "N", "accuracy"],
        [.. steps.Select(step => (Cell[])[write(step.Cost), Whole(step.Cell.Budget), Whole(step.Cell.Samples), CurvesWords.Percent(step.Accuracy)])]);

    private static string Whole(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
