using Retort.Core;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>The sequences of one format, or the background's.</summary>
/// <param name="Name">"program", "tagged", "natural" or "facts".</param>
/// <param name="Share">Of all sequences.</param>
/// <param name="TokenShare">Of all tokens.</param>
/// <param name="Corrupted">Share of these with a wrong operand.</param>
/// <param name="Problems">Different prompts.</param>
/// <param name="MeanAnswerTokens">Mean tokens of the answer, end token counted.</param>
/// <param name="LongestSequence">Tokens of the longest, begin and end token counted.</param>
public sealed record FormatStatistics(
    string Name, double Share, double TokenShare, double Corrupted, int Problems, double MeanAnswerTokens, int LongestSequence);

/// <summary>What the mixture is made of.</summary>
public static class ScrambledArithmeticStatistics
{
    /// <summary>Looks at the first <paramref name="count"/> items of a split. The result does not depend on <paramref name="threads"/>.</summary>
    public static IReadOnlyList<FormatStatistics> Measure(
        ScrambledArithmeticTask task, Split split, int count, int threads, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var items = ParallelItems.Make(count, threads, i => task.Create(split, i), cancellation);
        var tokens = items.Sum(Tokens);
        return
        [
            .. items.GroupBy(item => item.Format).OrderBy(group => group.Key ?? (ArithmeticFormat)int.MaxValue).Select(group => new FormatStatistics(
                group.Key?.ToString().ToLowerInvariant() ?? "facts", (double)group.Count() / count, group.Sum(Tokens) / tokens,
                group.Average(item => item.IsCorrupted ? 1 : 0), group.Select(item => item.Prompt).Distinct().Count(),
                group.Average(item => Words(item.Answer) + 1), group.Max(item => (int)Tokens(item)))),
        ];
    }

    private static double Tokens(ArithmeticItem item) => Words(item.Prompt) + Words(item.Answer) + 2;

    private static int Words(string text) => text.Count(c => c == ' ') + 1;
}
