using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Report;

namespace Retort.Recipes.Backtracking;

/// <summary>Joins finished parts of one study: runs whose settings differ in their seeds only.</summary>
internal static class BacktrackingMerge
{
    /// <summary>The parts' common settings with the seeds of all of them.</summary>
    public static BacktrackingSettings Settings(RecipeContext context)
    {
        var (first, seeds) = ((BacktrackingSettings?)null, new SortedSet<ulong>());
        foreach (var path in context.MergeFolders)
        {
            var part = Read(path);
            seeds.UnionWith(part.Seeds);
            first ??= part;
            if (Config.Write(part with { Seeds = [] }) != Config.Write(first with { Seeds = [] }))
            {
                throw UserError.Request(path, $"has other settings than {context.MergeFolders[0]}", "parts that differ in seeds and claims only");
            }
        }

        return first! with { Seeds = [.. seeds] };
    }

    /// <summary>Copies the parts' evaluations into the joined run's folder.</summary>
    public static void CopyEvaluations(IEnumerable<string> parts, RunFolder joined)
    {
        foreach (var part in parts.Select(RunFolder.Open))
        {
            foreach (var name in part.Evaluations.Where(name => !File.Exists(joined.EvaluationPath(name))))
            {
                using var source = File.OpenRead(part.EvaluationPath(name));
                AtomicFile.Write(joined.EvaluationPath(name), source.CopyTo);
            }
        }
    }

    private static BacktrackingSettings Read(string path)
    {
        using var folder = RunFolder.Open(path);
        return Config.Merge(new BacktrackingSettings(), folder.ReadConfig(), folder.ConfigPath);
    }
}
