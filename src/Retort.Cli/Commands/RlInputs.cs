using Retort.Core;
using Retort.Models;
using Retort.Models.Checkpoints;
using Retort.Tasks;

namespace Retort.Cli.Commands;

/// <summary>Does what a run of reinforcement learning reads fit together?</summary>
internal static class RlInputs
{
    /// <summary>Problems that are not learned from, nor the test's where there are others.</summary>
    public static Split ValidationSplit(IRlRunSettings settings) => settings.Data.Split == Split.Validation ? Split.Test : Split.Validation;

    /// <summary>Refuses a reference of another shape, and files with fewer problems than are asked; before anything is written.</summary>
    public static void RequireFitting(ResolvedRl resolved, ModelConfig model)
    {
        var settings = resolved.Settings;
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
}
