using Retort.Core;
using Retort.Recipes.Configuration;
using Retort.Recipes.Report;

namespace Retort.Recipes.SolutionTree;

/// <summary>Joins finished parts of one study: runs whose settings differ in their seeds only.</summary>
internal static class TreeMerge
{
    /// <summary>The parts' common settings with the seeds of all of them.</summary>
    public static TreeSettings Settings(RecipeContext context)
    {
        var (first, seeds) = ((TreeSettings?)null, new SortedSet<ulong>());
        foreach (var path in context.MergeFolders)
        {
            using var folder = RunFolder.Open(path);
            var part = Config.Merge(new TreeSettings(), folder.ReadConfig(), folder.ConfigPath);
            seeds.UnionWith(part.Seeds);
            first ??= part;
            if (Config.Write(part with { Seeds = [] }) != Config.Write(first with { Seeds = [] }))
            {
                throw UserError.Request(path, $"has other settings than {context.MergeFolders[0]}", "parts that differ in seeds and claims only");
            }
        }

        return first! with { Seeds = [.. seeds] };
    }

    /// <summary>Copies what the parts' models were asked into the joined run's folder.</summary>
    public static void Copy(IEnumerable<string> parts, RunFolder joined)
    {
        foreach (var part in parts.Select(RunFolder.Open))
        {
            using (part)
            {
                foreach (var name in part.Evaluations)
                {
                    Copy(part.EvaluationPath(name), joined.EvaluationPath(name));
                }

                foreach (var name in part.Stages)
                {
                    Copy(part.StagePath(name), joined.StagePath(name));
                }
            }
        }
    }

    private static void Copy(string from, string to)
    {
        if (!File.Exists(to))
        {
            using var source = File.OpenRead(from);
            AtomicFile.Write(to, source.CopyTo);
        }
    }
}
