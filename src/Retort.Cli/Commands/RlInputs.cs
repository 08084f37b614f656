using Retort.Cli.TaskKinds;
using System.Security.Cryptography;
using System.Text;
using Retort.Core;
using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Recipes.Report;
using Retort.Tasks;

namespace Retort.Cli.Commands;

/// <summary>What a run of reinforcement learning reads: does it fit together, and is it still what the run began with?</summary>
internal static class RlInputs
{
    private const string FileName = "inputs.json";

    /// <summary>Problems that are not learned from, nor the test's where there are others.</summary>
    public static Split ValidationSplit(IRlRunSettings settings) => settings.Data.Split == Split.Validation ? Split.Test : Split.Validation;

    /// <summary>Refuses a reference of another shape, and files with fewer problems than are asked; before anything is written.</summary>
    public static void RequireFitting(ResolvedRl resolved, ModelConfig model)
    {
        var settings = resolved.Settings;
        if (model.PredictsPositions || resolved.Task.Positions != PositionScheme.Consecutive)
        {
            throw UserError.Request(
                "model", model.PredictsPositions ? "predicts position ids" : $"was trained on position ids of the kind {resolved.Task.Positions}",
                "a model whose position ids are places: rl has no others");
        }

        if (settings.Reference.Length > 0)
        {
            using var reference = Checkpoint.Open(ModelPath.Resolve(settings.Reference));
            if (reference.Config != model)
            {
                throw UserError.Request(
                    "reference", $"{settings.Reference} has another shape ({reference.Config.Shape})", $"the model's own ({model.Shape})");
            }
        }

        if (resolved.Task is not KnownAnswers { Answers: var answers })
        {
            return;
        }

        Require("data.problems", settings.Data.Problems, settings.Data.Split);
        Require("evaluation.problems", settings.Evaluation.Problems, Split.Test);
        Require("evaluation.problems", settings.Evaluation.Problems, ValidationSplit(settings));

        // Train problems begin anew when all have been seen.
        void Require(string setting, int wanted, Split split)
        {
            var count = answers.Count(split);
            if (count == 0 || (split != Split.Train && (wanted > count || wanted == 0)))
            {
                throw UserError.Request(
                    setting, $"is {wanted}, and {answers.Settings.File} has {count} problems of the split {split.ToString().ToLowerInvariant()}",
                    count == 0 ? "a file with problems of that split" : $"1..{count}");
            }
        }
    }

    /// <summary>Writes SHA-256 of model, reference and the task's file when a run begins, and refuses to go on with others.</summary>
    public static void RequireUnchanged(RunFolder folder, ResolvedRl resolved, string modelPath)
    {
        var inputs = new List<(string Setting, string Path)> { ("model", modelPath) };
        if (resolved.Settings.Reference.Length > 0)
        {
            inputs.Add(("reference", ModelPath.Resolve(resolved.Settings.Reference)));
        }

        if (resolved.Task is KnownAnswers { Answers.Settings.File: var file })
        {
            inputs.Add(("task.file", file));
        }

        var path = Path.Combine(folder.Root, FileName);
        var now = inputs.ToDictionary(input => input.Setting, input => Sha256(input.Path));
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, JsonText.Of(now) + "\n");
            return;
        }

        using var begun = InputFile.ReadDocument(path, "the file this program wrote");
        foreach (var (setting, input) in inputs)
        {
            if (begun.RootElement.TryGetProperty(setting, out var digest) && !digest.ValueEquals(now[setting]))
            {
                throw UserError.Request(setting, $"{input} has changed since the run in {folder.Root} began", "what it was then, or another --out");
            }
        }
    }

    /// <summary>Of a file, or of a checkpoint folder's weights, settings and tokenizer; what training left there does not count.</summary>
    private static string Sha256(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = !Directory.Exists(path) ? [path]
            : [.. Directory.GetFiles(path).Where(IsOfTheModel).Order(StringComparer.Ordinal)];
        var buffer = new byte[1 << 20];
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{(files.Length == 1 ? "" : Path.GetFileName(file))} {stream.Length}\n"));
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                hash.AppendData(buffer.AsSpan(0, count));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static bool IsOfTheModel(string file) =>
        Path.GetExtension(file) is ".safetensors" or ".json" or ".txt" or ".model" && !Path.GetFileName(file).StartsWith("training_", StringComparison.Ordinal);
}
