using Retort.Core;

namespace Retort.Recipes.Experiment;

/// <summary>The rule of every list of seeds.</summary>
internal static class SeedList
{
    /// <summary>What is wrong with a list: it is empty, or one seed would be counted as two. Null: nothing.</summary>
    public static SettingProblem? FindProblem(string property, IReadOnlyList<ulong> seeds) =>
        seeds.Count == 0 ? new(property, "is empty", "at least one seed")
        : seeds.GroupBy(seed => seed).FirstOrDefault(same => same.Count() > 1) is { } twice ? new(property, $"has {twice.Key} more than once", "each seed once")
        : null;
}
