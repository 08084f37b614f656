using Retort.Core;
using Retort.Models.Checkpoints;
using Retort.Training;

namespace Retort.Cli;

/// <summary>
/// What <c>--model</c> may name: a checkpoint folder, a llama2.c file, the folder of a run with one model, or one model of
/// a run (<c>RUN/checkpoints/NAME</c>), which stands for its newest checkpoint.
/// </summary>
internal static class ModelPath
{
    private const string Expected = "a checkpoint folder, a llama2.c model (.bin), or the folder of a run";

    /// <summary>The checkpoint folder or file to open.</summary>
    public static string Resolve(string path)
    {
        if (File.Exists(path))
        {
            return path;
        }

        AtomicFolder.Recover(path);
        if (!Directory.Exists(path))
        {
            var siblings = Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent && Directory.Exists(parent)
                ? Directory.EnumerateFileSystemEntries(parent).Select(entry => Path.GetFileName(entry)) : [];
            throw UserError.Request(path, "does not exist", Expected, NearestName.Of(Path.GetFileName(path), siblings));
        }

        if (File.Exists(Path.Combine(path, HuggingFaceConfig.FileName)))
        {
            return path;
        }

        var root = Path.Combine(path, "checkpoints");
        var models = Models(Directory.Exists(root) ? root : path, depth: 0).ToList();
        return models.Count switch
        {
            1 => models[0].Checkpoint,
            0 => throw UserError.Request(path, "holds no model", Expected),
            _ => throw UserError.Request(path, $"holds {models.Count} models", "one of " + string.Join(", ", models.Select(model => model.Folder))),
        };
    }

    private static IEnumerable<(string Folder, string Checkpoint)> Models(string folder, int depth)
    {
        const int deepest = 4;
        if (File.Exists(Path.Combine(folder, HuggingFaceConfig.FileName)))
        {
            return [(folder, folder)];
        }

        if (new TrainingCheckpoint(folder).Latest is { } latest)
        {
            return [(folder, latest)];
        }

        return depth == deepest ? [] : Directory.EnumerateDirectories(folder)
            .Where(inner => !inner.EndsWith(".partial", StringComparison.Ordinal) && !inner.EndsWith(".old", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).SelectMany(inner => Models(inner, depth + 1));
    }
}
