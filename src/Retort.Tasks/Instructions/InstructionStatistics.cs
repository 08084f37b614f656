using Retort.Core;

namespace Retort.Tasks.Instructions;

/// <summary>The lengths of a group of outputs, in tokens, end token counted.</summary>
/// <param name="Name">A kind, "story MOOD", or "all".</param>
/// <param name="Count">Outputs.</param>
/// <param name="Share">Of all outputs.</param>
/// <param name="TokenShare">Of all outputs' tokens.</param>
/// <param name="Mean">The mean,</param>
/// <param name="Deviation">the standard deviation,</param>
/// <param name="Variation">and the squared coefficient of variation.</param>
/// <param name="LowerQuartile">The smallest length that a quarter does not exceed,</param>
/// <param name="Median">half,</param>
/// <param name="UpperQuartile">three quarters,</param>
/// <param name="Longest">all.</param>
/// <param name="ShareAtCap">Share of those so near the longest output allowed that a sentence more might not fit.</param>
public sealed record LengthLaw(string Name, int Count, double Share, double TokenShare, double Mean, double Deviation, double Variation,
    int LowerQuartile, int Median, int UpperQuartile, int Longest, double ShareAtCap);

/// <summary>How long outputs are, and how much of that a prompt tells.</summary>
/// <param name="All">All outputs.</param>
/// <param name="Kinds">By kind; stories also by mood.</param>
/// <param name="DistinctPrompts">Different prompts.</param>
/// <param name="LongestPrompt">Tokens of the longest prompt.</param>
/// <param name="DeviationGivenKind">Standard deviation around the mean of the output's kind.</param>
/// <param name="DeviationGivenPrompt">
/// Standard deviation that is left if the prompt is fully understood: of stories around the mean of the mood, of the rest none.
/// </param>
public sealed record InstructionStatistics(
    LengthLaw All, IReadOnlyList<LengthLaw> Kinds, int DistinctPrompts, int LongestPrompt, double DeviationGivenKind, double DeviationGivenPrompt)
{
    /// <summary>As near to the cap as the longest sentence is long.</summary>
    private const int NearCap = 6;

    /// <summary>Looks at the first <paramref name="count"/> items of a split. The result does not depend on <paramref name="threads"/>.</summary>
    public static InstructionStatistics Measure(InstructionTask task, Split split, int count, int threads, CancellationToken cancellation = default) =>
        Of(ParallelItems.Make(count, threads, i => task.Create(split, i), cancellation), task.Settings.MaxOutputTokens);

    /// <summary>The law of outputs made elsewhere: by a model, say, with its texts as answers.</summary>
    public static InstructionStatistics Of(IReadOnlyCollection<InstructionItem> items, int maxOutputTokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(items.Count);
        var tokens = items.Sum(item => (long)item.OutputTokens);
        LengthLaw Law(string name, IEnumerable<InstructionItem> group)
        {
            int[] lengths = [.. group.Select(item => item.OutputTokens).Order()];
            var mean = lengths.Average();
            var variance = lengths.Average(length => (length - mean) * (length - mean));
            return new LengthLaw(name, lengths.Length, (double)lengths.Length / items.Count, (double)lengths.Sum() / tokens, mean, Math.Sqrt(variance),
                variance / (mean * mean), Quantile(lengths, 25), Quantile(lengths, 50), Quantile(lengths, 75), lengths[^1],
                (double)lengths.Count(length => length > maxOutputTokens - NearCap) / lengths.Length);
        }

        List<LengthLaw> kinds = [.. items.GroupBy(item => item.Kind).OrderBy(group => group.Key).Select(group => Law(InstructionWords.Kinds[(int)group.Key], group))];
        List<LengthLaw> moods = [.. items.Where(item => item.Kind == InstructionKind.Story).GroupBy(item => item.Prompt.Split(' ')[1])
            .OrderBy(group => Array.IndexOf(InstructionWords.Moods, group.Key)).Select(group => Law($"story {group.Key}", group))];
        return new InstructionStatistics(Law("all", items), [.. kinds, .. moods], items.Select(item => item.Prompt).Distinct().Count(),
            items.Max(item => item.Prompt.Count(c => c == ' ') + 1), Pooled(kinds, items.Count), Pooled(moods, items.Count));
    }

    private static double Pooled(List<LengthLaw> groups, int count) => Math.Sqrt(groups.Sum(group => group.Count * group.Deviation * group.Deviation) / count);

    private static int Quantile(int[] ascending, int percent) => ascending[(ascending.Length * percent + 99) / 100 - 1];
}
