using Retort.Core;
using Retort.Tasks.Lengths;

namespace Retort.Tasks.Parity;

/// <summary>Everything that decides the parity task (section 3.3 of the study of sparsity and length generalization).</summary>
public sealed record ParitySettings : ILengthSettings
{
    private const int MaxLength = 1024;

    /// <inheritdoc/>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>n: bits of a problem.</summary>
    [Doc("Bits of a problem, fewest to most", Unit = "bits")]
    public IntRange Length { get; init; } = new(1, 12);

    /// <inheritdoc/>
    [Doc("A length's chance is proportional to this power of it; 0: all alike"), Range(0, LengthRules.MaxLongWeight)]
    public double LongWeight { get; init; } = 1;

    /// <summary>The scratchpad reads the bits from the last to the first.</summary>
    [Doc("The scratchpad reads the bits from the last to the first")]
    public bool Reversed { get; init; }

    /// <summary>Begin token, n bits, equals sign, n parities, end token.</summary>
    public int MaxTokens => 2 * Length.High + 3;

    /// <inheritdoc/>
    public SettingProblem? FindProblem() => LengthRules.FindProblem(this, 1, MaxLength);
}
