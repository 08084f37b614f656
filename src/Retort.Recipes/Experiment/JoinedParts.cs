using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Report;

namespace Retort.Recipes.Experiment;

/// <summary>Joins finished parts of one study: runs whose settings differ in their seeds only, with their evaluations and stages.</summary>
internal static class JoinedParts
{
    /// <summary>The parts' common settings with the seeds of all of them.</summary>
    /// <param name="context">Names the parts' folders.</param>
    /// <param name="blank">What a part's configuration is laid over.</param>
    /// <param name="seedsOf">The settings' seeds.</param>
    /// <param name="withSeeds">The settings with other seeds.</param>
    public static T Settings<T>(RecipeContext context, T blank, Func<T, IReadOnlyList<ulong>> seedsOf, Func<T, IReadOnlyList<ulong>, T> withSeeds)
        where T : class
    {
        var (first, seeds) = ((T?)null, new SortedSet<ulong>());
        foreach (var path in context.MergeFolders)
        {
            using var folder = RunFolder.Open(path);
            var part = Config.Merge(blank, folder.ReadConfig(), folder.ConfigPath);
            seeds.UnionWith(seedsOf(part));
            first ??= part;
            if (Config.Write(withSeeds(part, [])) != Config.Write(withSeeds(first, [])))
            {
                throw UserError.Request(path, $"has other settings than {context.MergeFolders[0]}", "parts that differ in seeds and claims only");
            }
        }

        return withSeeds(first!, [.. seeds]);
    }

    /// <summary>Copies what the parts measured into the joined run's folder.</summary>
    public static void Copy(IEnumerable<string> parts, RunFolder joined)
    {
        foreach (var path in parts)
        {
            using var part = RunFolder.Open(path);
            CopyFiles(part.Evaluations, part.EvaluationPath, joined.EvaluationPath);
            CopyFiles(part.Stages, part.StagePath, joined.StagePath);
        }
    }

    private static void CopyFiles(IReadOnlyList<string> names, Func<string, string> from, Func<string, string> to)
    {
        foreach (var name in names.Where(name => !File.Exists(to(name))))
        {
            using var source = File.OpenRead(from(name));
            AtomicFile.Write(to(name), source.CopyTo);
        }
    }
}
