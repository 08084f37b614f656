using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Copy;

/// <summary>Everything that decides the copy task (Cho et al. 2024; section 3.6 of the study of sparsity and length generalization).</summary>
public sealed record CopySettings : ILengthSettings
{
    private const int MaxLength = 1024, MaxSymbols = 1000;

    /// <summary>Lengths of the literature.</summary>
    public static CopySettings Paper { get; } = new() { Length = new(1, 40), LongWeight = 0 };

    /// <inheritdoc/>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>n: symbols of a problem.</summary>
    [Doc("Symbols to copy, fewest to most", Unit = "symbols")]
    public IntRange Length { get; init; } = new(1, 12);

    /// <inheritdoc/>
    [Doc("A length's chance is proportional to this power of it; 0: all alike"), Range(0, LengthRules.MaxLongWeight)]
    public double LongWeight { get; init; } = 1;

    /// <summary>Different symbols.</summary>
    [Doc("Different symbols", Unit = "symbols"), Range(2, MaxSymbols)]
    public int NumSymbols { get; init; } = 10;

    /// <summary>Begin token, n symbols, equals sign, n symbols, end token.</summary>
    public int MaxTokens => 2 * Length.High + 3;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => LengthRules.FindProblem(this, 1, MaxLength)
        ?? (NumSymbols is < 2 or > MaxSymbols ? new(nameof(NumSymbols), $"is {NumSymbols}", $"in 2..{MaxSymbols}") : null);
}
