using System.Globalization;
using Retort.Analysis;
using Retort.Analysis.Scaling;
using Retort.Recipes.Curves;
using Retort.Recipes.Report;

namespace Retort.Recipes.Scaling;

/// <summary>What a sweep is of, beside its grid.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Source">Task, or file of samples.</param>
/// <param name="Temperature">NaN where it is not told.</param>
/// <param name="HasVerifier">Samples can be verified: best of N and stopping at the first verified mean something.</param>
/// <param name="TokensDrawn">Tokens of all completions together.</param>
/// <param name="Notes">How samples count and what to keep in mind, a sentence each.</param>
public sealed record ScalingSubject(string Model, string Source, double Temperature, bool HasVerifier, long TokensDrawn, IReadOnlyList<string> Notes);

/// <summary>Sequential against parallel test-time scaling of one model.</summary>
public sealed class ScalingReport : AnalysisReport
{
    private ScalingReport(
        ScalingSubject subject, object content, IReadOnlyList<ReportTable> tables, IReadOnlyList<Figures.Figure> figures,
        IReadOnlyList<string> findings, IReadOnlyList<string> notes)
        : base("eval scaling", $"Test-time scaling of {subject.Model}", subject.Source, content, tables, figures, findings, notes, ScalingFigures.Names)
    {
    }

    /// <summary>Of a grid.</summary>
    /// <param name="subject">What was sampled.</param>
    /// <param name="pool">The samples.</param>
    /// <param name="grid">The cells.</param>
    /// <param name="bootstrap">How intervals were made.</param>
    public static ScalingReport Of(ScalingSubject subject, IScalingPool pool, ScalingGrid grid, BootstrapSettings bootstrap)
    {
        Aggregator[] aggregators = subject.HasVerifier ? [Aggregator.BestOf, Aggregator.Majority] : [Aggregator.Majority];
        string[] notes =
        [
            .. subject.Notes,
            string.Create(CultureInfo.InvariantCulture, $"All cells share {pool.NumProblems:#,0} x {pool.NumSamples:#,0} samples ({subject.TokensDrawn:#,0} tokens): each is cut at S, and N are chosen without replacement, in expectation over all choices."),
            .. subject.HasVerifier ? ["Stopping at the first sample that verifies is as often right as best of N."] : (string[])[],
            "A frontier's cells are chosen for their accuracy, which leans them upwards.",
            IntervalNote(bootstrap),
        ];
        return new(
            subject,
            new
            {
                subject.Model,
                subject.Source,
                Temperature = double.IsFinite(subject.Temperature) ? subject.Temperature : (double?)null,
                Problems = pool.NumProblems,
                SamplesDrawn = pool.NumSamples,
                subject.TokensDrawn,
                ChainTokens = grid.Budgets,
                Samples = grid.Samples,
                pool.Guess,
                Cells = grid.Cells.Select(cell => Of(cell, subject.HasVerifier)),
                FrontierTokens = aggregators.ToDictionary(Key, aggregator => Of(FrontierStep.Of(grid, aggregator, cell => cell.TotalBudget))),
                FrontierFlops = grid.Cells[0].Flops is null
                    ? null
                    : aggregators.ToDictionary(Key, aggregator => Of(FrontierStep.Of(grid, aggregator, cell => cell.Flops!.Value.Value))),
                Bootstrap = CurvesJson.Of(bootstrap),
                Notes = notes,
            },
            ScalingTables.Of(grid, aggregators, subject.HasVerifier),
            ScalingFigures.Of(subject.Model, grid, aggregators, subject.HasVerifier, Math.Max(pool.Guess, pool.SilentVote)),
            [.. aggregators.Select(aggregator => Finding(grid, aggregator))], notes);
    }

    /// <summary>What the two ways of growing reach.</summary>
    private static string Finding(ScalingGrid grid, Aggregator aggregator)
    {
        var (longest, widest, all) = (grid[grid.Budgets.Count - 1, 0], grid[0, grid.Samples.Count - 1], grid[grid.Budgets.Count - 1, grid.Samples.Count - 1]);
        return $"{Capital(aggregator.Name)}: N = {longest.Samples} at S = {longest.Budget} {CurvesWords.InPercent(aggregator.Of(longest))}, "
            + $"N = {widest.Samples} at S = {widest.Budget} {CurvesWords.InPercent(aggregator.Of(widest))}, "
            + $"both at most {CurvesWords.InPercent(aggregator.Of(all))}.";
    }

    private static object Of(ScalingCell cell, bool hasVerifier) => new
    {
        ChainTokens = cell.Budget,
        cell.Samples,
        BestOf = hasVerifier ? Of(cell.BestOf) : null,
        Verified = hasVerifier ? Of(cell.Verified) : null,
        Majority = Of(cell.Majority),
        TokensSpent = Of(cell.Tokens),
        TokensUntilVerified = hasVerifier ? Of(cell.StopTokens) : null,
        Flops = cell.Flops is { } flops ? Of(flops) : null,
        FlopsUntilVerified = hasVerifier && cell.StopFlops is { } stop ? Of(stop) : null,
    };

    private static object[] Of(IReadOnlyList<FrontierStep> steps) => [.. steps.Select(step => (object)new
    {
        step.Cost,
        ChainTokens = step.Cell.Budget,
        step.Cell.Samples,
        Accuracy = Of(step.Accuracy),
    })];

    private static object Of(Interval interval) => CurvesJson.Of((Interval?)interval)!;

    private static string Key(Aggregator aggregator) => aggregator.Name.Replace(' ', '_').ToLowerInvariant();

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
