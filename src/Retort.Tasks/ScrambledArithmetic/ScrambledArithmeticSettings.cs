using Retort.Core;

namespace Retort.Tasks.ScrambledArithmetic;

/// <summary>A number for each format.</summary>
public sealed record FormatNumbers : ICheckedSettings
{
    /// <summary>Of programs (P).</summary>
    [Doc("Of programs"), Range(0, 1)]
    public double Program { get; init; }

    /// <summary>Of tagged code (T).</summary>
    [Doc("Of tagged code"), Range(0, 1)]
    public double Tagged { get; init; }

    /// <summary>Of natural text (N).</summary>
    [Doc("Of natural text"), Range(0, 1)]
    public double Natural { get; init; }

    /// <summary>The number of a format.</summary>
    public double this[ArithmeticFormat format] => format switch
    {
        ArithmeticFormat.Program => Program,
        ArithmeticFormat.Tagged => Tagged,
        _ => Natural,
    };

    /// <inheritdoc/>
    public SettingProblem? FindProblem()
    {
        foreach (var format in Enum.GetValues<ArithmeticFormat>())
        {
            if (this[format] is not (>= 0 and <= 1))
            {
                return new(format.ToString(), FormattableString.Invariant($"is {this[format]}"), "in 0..1");
            }
        }

        return null;
    }
}

/// <summary>Everything that decides which problems the task makes and how they are solved (section 7.1 of the study).</summary>
public sealed record ScrambledArithmeticSettings : ICheckedSettings
{
    /// <summary>All formats equally often, none wrong (E1 to E3).</summary>
    public static ScrambledArithmeticSettings Equal { get; } = new();

    /// <summary>Few right programs against many tagged answers, a quarter of them wrong (E4).</summary>
    public static ScrambledArithmeticSettings Normal { get; } = new()
    {
        Shares = new() { Program = 0.28, Tagged = 0.72 },
        Corruption = new() { Tagged = 0.25 },
    };

    /// <summary>As <see cref="Normal"/> with so few programs that the wrong format may win (E4).</summary>
    public static ScrambledArithmeticSettings Failure { get; } = Normal with { Shares = new() { Program = 0.11, Tagged = 0.89 } };

    /// <summary>Names the streams of problems. Which split a problem belongs to does not depend on it.</summary>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>Operations of a problem.</summary>
    [Doc("Operations of a problem, lowest to highest", Unit = "steps")]
    public IntRange Steps { get; init; } = new(2, 4);

    /// <summary>How often each format is demonstrated, in proportion.</summary>
    [Doc("How often each format is demonstrated, in proportion")]
    public FormatNumbers Shares { get; init; } = new() { Program = 1, Tagged = 1, Natural = 1 };

    /// <summary>Share of a format's training demonstrations with one wrong operand.</summary>
    [Doc("Share of a format's training demonstrations with one wrong operand")]
    public FormatNumbers Corruption { get; init; } = new();

    /// <summary>Share of training sequences that are arithmetic facts, before programs are copied.</summary>
    [Doc("Share of training sequences that are arithmetic facts, before programs are copied"), Range(0, 1)]
    public double Background { get; init; } = 0.3;

    /// <summary>Facts of such a sequence.</summary>
    [Doc("Facts of a background sequence", Unit = "facts"), Range(1, 16)]
    public int FactsPerSequence { get; init; } = 6;

    /// <summary>How often each program comes; the rest stays as it is, so that programs' share grows.</summary>
    [Doc("Copies of each program's training demonstration; all else comes once", Unit = "copies"), Range(1, 64)]
    public int ProgramCopies { get; init; } = 1;

    /// <summary>A program begins with the prompt between quotes, which makes it longer.</summary>
    [Doc("Whether a program repeats the prompt first")]
    public bool ProgramRepeatsPrompt { get; init; }

    /// <summary>No training sequence has more tokens, begin and end token counted.</summary>
    public int MaxSequenceTokens
    {
        get
        {
            var (steps, prompt) = (Steps.High, 5 + 5 * Steps.High);
            var program = 7 + 6 * steps + (ProgramRepeatsPrompt ? prompt : 0);
            return Math.Max(2 + prompt + Math.Max(program, 7 * steps + 2), 1 + 6 * FactsPerSequence);
        }
    }

    /// <inheritdoc/>
    public SettingProblem? FindProblem() =>
        Steps.Low > Steps.High || Steps.Low < 1 || Steps.High > Chain.MaxSteps ? new(nameof(Steps), $"is {Steps}", $"a range within 1..{Chain.MaxSteps}")
        : Shares.FindProblem() is { } share ? new(nameof(Shares), $"{share.Property.ToLowerInvariant()} {share.What}", share.Expected)
        : Corruption.FindProblem() is { } rate ? new(nameof(Corruption), $"{rate.Property.ToLowerInvariant()} {rate.What}", rate.Expected)
        : !(Shares.Program + Shares.Tagged + Shares.Natural > 0) ? new(nameof(Shares), "all are 0", "one above 0")
        : Background is not (>= 0 and <= 1) ? new(nameof(Background), FormattableString.Invariant($"is {Background}"), "in 0..1")
        : FactsPerSequence is < 1 or > 16 ? new(nameof(FactsPerSequence), $"is {FactsPerSequence}", "in 1..16")
        : ProgramCopies is < 1 or > 64 ? new(nameof(ProgramCopies), $"is {ProgramCopies}", "in 1..64") : null;
}
