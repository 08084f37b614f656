using Retort.Core;

namespace Retort.Tasks.Lengths;

/// <summary>Settings of a task whose problems have a length.</summary>
public interface ILengthSettings : ICheckedSettings
{
    /// <summary>Names the streams of problems. Which split a problem belongs to does not depend on it.</summary>
    ulong Seed { get; }

    /// <summary>Lengths of problems, in the task's own units.</summary>
    IntRange Length { get; }

    /// <summary>A length's chance is proportional to this power of it; 0: all alike.</summary>
    double LongWeight { get; }

    /// <summary>Tokens of a longest problem: begin token, prompt, answer and end token.</summary>
    int MaxTokens { get; }
}

/// <summary>Rules that such settings share.</summary>
internal static class LengthRules
{
    /// <summary>Largest <see cref="ILengthSettings.LongWeight"/>.</summary>
    public const double MaxLongWeight = 8;

    /// <summary>The first problem of length and weight; null if there is none.</summary>
    public static SettingProblem? FindProblem(ILengthSettings settings, int shortest, int longest) =>
        settings.Length.Low > settings.Length.High || settings.Length.Low < shortest || settings.Length.High > longest
            ? new(nameof(settings.Length), $"is {settings.Length}", $"a range within {shortest}..{longest}")
        : settings.LongWeight is not (>= 0 and <= MaxLongWeight)
            ? new(nameof(settings.LongWeight), FormattableString.Invariant($"is {settings.LongWeight}"), $"in 0..{MaxLongWeight}")
        : null;
}
