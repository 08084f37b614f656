using System.Runtime.ExceptionServices;
using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>Lengths and difficulty of a task's demonstrations. Tokens are those of answers, without prompt and end token.</summary>
/// <param name="Items">How many were looked at.</param>
/// <param name="DistinctPuzzles">How many different puzzles among them.</param>
/// <param name="MeanGivens">Mean number of givens.</param>
/// <param name="MedianTraceTokens">Backtracking answers: the median,</param>
/// <param name="MeanTraceTokens">the mean,</param>
/// <param name="P90TraceTokens">the 90th</param>
/// <param name="P95TraceTokens">and the 95th percentile (the smallest length that so many do not exceed).</param>
/// <param name="MeanDirectTokens">Direct answers: the mean.</param>
/// <param name="MaxDirectTokens">Direct answers: the longest.</param>
/// <param name="ShareWithoutRevert">Share that needs no guess undone.</param>
/// <param name="MedianReverts">Median number of undone guesses.</param>
/// <param name="MeanReverts">Mean number of undone guesses.</param>
/// <param name="ShareWithin">For every budget the share of backtracking answers of at most so many tokens.</param>
public sealed record SudokuStatistics(int Items, int DistinctPuzzles, double MeanGivens, int MedianTraceTokens,
    double MeanTraceTokens, int P90TraceTokens, int P95TraceTokens, double MeanDirectTokens, int MaxDirectTokens,
    double ShareWithoutRevert, int MedianReverts, double MeanReverts, IReadOnlyList<double> ShareWithin)
{
    /// <summary>Looks at the first <paramref name="count"/> items of a split. The result does not depend on <paramref name="threads"/>.</summary>
    public static SudokuStatistics Measure(SudokuTask task, Split split, int count, int threads, params ReadOnlySpan<int> budgets)
    {
        var items = new SudokuItem[count];
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
            Parallel.For(0, count, options, i => items[i] = task.CreateItem(split, i));
        }
        catch (AggregateException faults) when (faults.InnerException is UserError error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return Of(items, budgets);
    }

    /// <summary>Looks at items made elsewhere, such as from a file of puzzles.</summary>
    public static SudokuStatistics Of(IReadOnlyCollection<SudokuItem> items, params ReadOnlySpan<int> budgets)
    {
        ArgumentOutOfRangeException.ThrowIfZero(items.Count);
        int[] lengths = [.. items.Select(item => item.NumTraceTokens).Order()];
        int[] reverts = [.. items.Select(item => item.NumReverts).Order()];
        var within = new double[budgets.Length];
        for (var i = 0; i < budgets.Length; i++)
        {
            var budget = budgets[i];
            within[i] = (double)lengths.Count(length => length <= budget) / lengths.Length;
        }

        return new SudokuStatistics(items.Count, items.Select(item => item.Puzzle).Distinct().Count(),
            items.Average(item => item.Puzzle.Count(c => c != '.')), Quantile(lengths, 50), lengths.Average(),
            Quantile(lengths, 90), Quantile(lengths, 95), items.Average(item => item.NumDirectTokens),
            items.Max(item => item.NumDirectTokens), (double)reverts.Count(n => n == 0) / reverts.Length,
            Quantile(reverts, 50), reverts.Average(), within);
    }

    private static int Quantile(int[] ascending, int percent) => ascending[(ascending.Length * percent + 99) / 100 - 1];
}
