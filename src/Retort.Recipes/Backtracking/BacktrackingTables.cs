using Retort.Inference;
using Retort.Models;
using Retort.Recipes.Report;

namespace Retort.Recipes.Backtracking;

/// <summary>Results as numbers, in percent, in the shape of the paper's tables (section 5).</summary>
internal static class BacktrackingTables
{
    /// <summary>All tables the evidence can fill.</summary>
    public static IReadOnlyList<ReportTable> All(Evidence evidence, IEnumerable<Cell> cells)
    {
        var run = cells.Where(cell => evidence.Has(cell.Name)).ToArray();
        var tables = new List<ReportTable>();
        foreach (var group in run.Where(cell => !cell.IsDirect).GroupBy(cell => string.Join(',', cell.Study.Budgets)))
        {
            var budgets = group.First().Study.Budgets;
            tables.Add(new(
                "Search: percent solved within a budget of tokens, prompt included",
                ["model", .. budgets.Select(budget => $"{budget}"), "mean tokens", "ended %"],
                [.. group.SelectMany(cell => BudgetRows(evidence, cell))]));
        }

        int[] counts = [1, 2, 4, 8, 16, 32];
        if (run.Any(cell => cell.IsDirect))
        {
            tables.Add(new(
                "Direct: percent solved by the best of n samples; at equal compute, n is at most the number drawn",
                ["model", .. counts.Select(n => $"n = {n}"), "mean tokens", "n at equal compute"],
                [.. run.Where(cell => cell.IsDirect).Select(cell => SampleRow(evidence, cell, counts))]));
        }

        tables.Add(Costs(evidence, run));
        return tables;
    }

    private static IEnumerable<IReadOnlyList<Report.Cell>> BudgetRows(Evidence evidence, Cell cell)
    {
        var outcomes = evidence.Of(cell.Name);
        var budgets = cell.Study.Budgets;
        yield return
        [
            cell.Name,
            .. budgets.Select(budget => (Report.Cell)Percent(evidence.PerSeed(cell.Name, outcome => outcome.WithinBudget(budget)))),
            Math.Round(outcomes.Average(outcome => outcome.MeanTokens), 1),
            Math.Round(100 * outcomes.Average(outcome => outcome.FinishedShare), 1),
        ];
        yield return
        [
            "  its generator",
            .. budgets.Select(budget => (Report.Cell)Percent(evidence.PerSeed(cell.Name, outcome => outcome.GeneratorWithinBudget(budget)))),
            Math.Round(outcomes[0].Demonstrations().Average(d => (double)d.Tokens), 1),
            "",
        ];
    }

    private static IReadOnlyList<Report.Cell> SampleRow(Evidence evidence, Cell cell, int[] counts)
    {
        var search = cell.Name.Replace("direct", "search", StringComparison.Ordinal);
        return
        [
            cell.Name,
            .. counts.Select(n => n <= evidence.SamplesOf(cell.Name)
                ? (Report.Cell)Percent(evidence.PerSeed(cell.Name, outcome => outcome.BestOf(n)))
                : ""),
            Math.Round(evidence.Of(cell.Name).Average(outcome => outcome.MeanTokens), 1),
            evidence.Has(search) ? (Report.Cell)evidence.AffordedSamples(search, cell.Name, evidence.TopBudget(search)) : "",
        ];
    }

    /// <summary>The engine's counts beside the paper's formula: the same up to a factor that its caption explains.</summary>
    private static ReportTable Costs(Evidence evidence, Cell[] run) => new(
        "Cost of one answer: the engine's FLOPs and the paper's formula (multiply-adds; attention as one pass, no output head)",
        ["model", "tokens", "FLOPs", "paper's formula", "ratio"],
        [.. run.Select(cell =>
        {
            var outcomes = evidence.Of(cell.Name);
            var tokens = cell.IsDirect
                ? (int)Math.Round(outcomes.Average(outcome => outcome.MeanTokens))
                : cell.Study.Budgets[^1];
            var (flops, paper) = (GenerationCost.Flops(outcomes[0].Config, tokens), PaperFormula(outcomes[0].Config, tokens));
            return (IReadOnlyList<Report.Cell>)[cell.Name, tokens, flops, paper, Math.Round(flops / paper, 3)];
        })]);

    /// <summary>The paper's relative measure, section 4: N (A L + Q), A = 2h^2 + 2hk + 3hm, Q = h L (L + 1) / 2.</summary>
    internal static double PaperFormula(ModelConfig config, int tokens)
    {
        double h = config.HiddenSize, k = config.KeyValueSize, m = config.IntermediateSize, length = tokens;
        var linear = 2 * h * h + 2 * h * k + 3 * h * m;
        return config.NumLayers * (linear * length + h * length * (length + 1) / 2);
    }

    private static double Percent(double[][] values) => Math.Round(100 * Evidence.Mean(values), 1);
}
