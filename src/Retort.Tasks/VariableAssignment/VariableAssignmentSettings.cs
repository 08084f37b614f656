using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.VariableAssignment;

/// <summary>Everything that decides the variable-assignment task (section 3.4 of the study of sparsity and length generalization).</summary>
public sealed record VariableAssignmentSettings : ILengthSettings
{
    private const int MaxLength = 1024, MaxNames = 4096;

    /// <inheritdoc/>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>n: lines of a problem; half of them, rounded down, are of the chain that is asked for.</summary>
    [Doc("Lines of a problem, fewest to most", Unit = "lines")]
    public IntRange Length { get; init; } = new(2, 12);

    /// <inheritdoc/>
    [Doc("A length's chance is proportional to this power of it; 0: all alike"), Range(0, LengthRules.MaxLongWeight)]
    public double LongWeight { get; init; } = 1;

    /// <summary>Names there are; a problem of n lines has n + 2 of them. With few, names tell the length.</summary>
    [Doc("Names there are; n lines take n + 2 of them, and the same names are needed at every length tested", Unit = "names"), Range(4, MaxNames)]
    public int NumNames { get; init; } = 60;

    /// <summary>Begin token, two names a line, equals sign and first name, n / 2 names, end token.</summary>
    public int MaxTokens => 2 * Length.High + Length.High / 2 + 4;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => LengthRules.FindProblem(this, 2, MaxLength)
        ?? (NumNames < Length.High + 2 || NumNames > MaxNames
            ? new(nameof(NumNames), $"is {NumNames}", $"in {Length.High + 2}..{MaxNames} with {Length.High} lines")
            : null);
}
