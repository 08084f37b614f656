using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>How problems and traces are spelled.</summary>
public enum CountDownFormat
{
    /// <summary>Whole-number tokens and single-letter marks: about an eighth of the paper's tokens.</summary>
    Compact,

    /// <summary>The paper's own words; its tokenizer splits numbers into digits (section 2.4).</summary>
    Paper,
}

/// <summary>What the demonstrations show.</summary>
public enum CountDownVariant
{
    /// <summary>The depth-first search of section 2.2, dead ends and all.</summary>
    Backtracking,

    /// <summary>One correct solution, no search (section 2.3).</summary>
    Direct,

    /// <summary>Depth-first or beam search, by a fair coin for each problem (section 2.5).</summary>
    Mix,

    /// <summary>Depth-first search that judges two-number states without spelling out their arithmetic (section 2.5).</summary>
    Think,

    /// <summary>Two searches in a row: the first half of the numbers must make the next number (section 2.5).</summary>
    Stacked,

    /// <summary>As <see cref="Stacked"/>, with one correct solution and no search.</summary>
    StackedDirect,

    /// <summary>Beam search alone: the other half of <see cref="Mix"/>.</summary>
    Beam,
}

/// <summary>Which heuristic orders and prunes the search.</summary>
public enum HeuristicChoice
{
    /// <summary>The authors' choice: a fair coin for each problem; factor for think; sum, then factor for stacked.</summary>
    AsPublished,

    /// <summary>A fair coin for each problem.</summary>
    Random,

    /// <summary>Always the mean distance to the target.</summary>
    Sum,

    /// <summary>Always the total distance to the target's divisors.</summary>
    Factor,
}

/// <summary>
/// The settings of the CountDown task. The defaults are the compact recipe of section 6.1; <see cref="Paper"/> is the
/// published one. A problem depends on the seed and the ranges only: variants, formats and heuristics show the same
/// problems in different ways, so that models trained on them are compared on equal ground.
/// </summary>
public sealed record CountDownSettings
{
    /// <summary>
    /// The paper's own task: numbers 1..99, targets 10..100 with its own nine held out, no cap, its own words. Its seed is
    /// the authors' too (4), though other generators make other problems of it.
    /// </summary>
    public static CountDownSettings Paper { get; } = new()
    {
        Seed = 4,
        Numbers = new IntRange(1, 99),
        Target = new IntRange(10, 100),
        MaxIntermediate = null,
        AllowZero = true,
        Format = CountDownFormat.Paper,
        HeldOutTargetShare = 0.1,
    };

    /// <summary>The seed of every stream of this task.</summary>
    [Doc("Seed of the task's problems")]
    public ulong Seed { get; init; } = 1;

    /// <summary>Range of the starting numbers, drawn independently.</summary>
    [Doc("Range of the starting numbers")]
    public IntRange Numbers { get; init; } = new(1, 20);

    /// <summary>How many starting numbers one search has (2..6); stacked variants use twice as many.</summary>
    [Doc("Starting numbers of one search, 2 to 6; stacked variants use twice as many", Unit = "numbers")]
    public int NumberCount { get; init; } = 4;

    /// <summary>Range of the targets.</summary>
    [Doc("Range of the targets")]
    public IntRange Target { get; init; } = new(10, 50);

    /// <summary>The largest value an operation may give, though never less than the numbers and targets; null for no limit.</summary>
    [Doc("Largest value an operation may give, though never less than the numbers and targets; null: no limit")]
    public int? MaxIntermediate { get; init; } = 99;

    /// <summary>Whether an operation may give zero.</summary>
    [Doc("Whether an operation may give zero")]
    public bool AllowZero { get; init; }

    /// <summary>How problems and traces are spelled.</summary>
    [Doc("How problems and traces are spelled: compact tokens, or the paper's words")]
    public CountDownFormat Format { get; init; }

    /// <summary>
    /// Compact format: a single number is followed by the number it should be, so that the mark after it compares two neighbours.
    /// The paper's own lines ("value,target unequal") always do this.
    /// </summary>
    [Doc("Compact: a single number is followed by the number it should be, as in the paper's lines")]
    public bool RestateTarget { get; init; }

    /// <summary>What the demonstrations show.</summary>
    [Doc("What the demonstrations show")]
    public CountDownVariant Variant { get; init; }

    /// <summary>Which heuristic orders and prunes the search.</summary>
    [Doc("Which heuristic orders and prunes the search")]
    public HeuristicChoice Heuristic { get; init; }

    /// <summary>Range of the beam width, drawn for each beam search.</summary>
    [Doc("Range of the beam width, drawn for each beam search")]
    public IntRange BeamWidth { get; init; } = new(1, 5);

    /// <summary>Share of the target values (0..0.5, rounded down to whole targets) that train and validation never see.</summary>
    [Doc("Share of the targets that training and validation never see, 0 to 0.5")]
    public double HeldOutTargetShare { get; init; }

    /// <summary>Test problems come from the held-out targets ("val_target" of section 2.1) and not from the others.</summary>
    [Doc("Test problems come from the held-out targets")]
    public bool TestOnHeldOutTargets { get; init; }

    /// <summary>Searches stop, unsolved, once prompt and trace have this many tokens; null for no limit.</summary>
    [Doc("Searches stop, unsolved, at this length; null: no limit", Unit = "tokens")]
    public int? MaxTraceTokens { get; init; }

    /// <summary>The numbers of one problem: <see cref="NumberCount"/>, or twice that when stacked.</summary>
    public int NumbersPerProblem => IsStacked ? 2 * NumberCount : NumberCount;

    /// <summary>The largest number that problems and traces hold.</summary>
    internal int LargestNumber =>
        MaxIntermediate is { } cap ? Math.Max(cap, Math.Max(Numbers.High, Target.High)) : int.MaxValue;

    internal bool IsStacked => Variant is CountDownVariant.Stacked or CountDownVariant.StackedDirect;

    internal bool UsesBeam => Variant is CountDownVariant.Mix or CountDownVariant.Beam;

    /// <summary>Returns these settings when they make sense.</summary>
    /// <exception cref="UserError">A setting is out of its range; the message names it.</exception>
    public CountDownSettings Validate()
    {
        RequireNamed("task.format", Format);
        RequireNamed("task.variant", Variant);
        RequireNamed("task.heuristic", Heuristic);
        if (RestateTarget && Format != CountDownFormat.Compact)
        {
            throw UserError.Request("task.restateTarget", "is for the compact format; the paper's lines always restate it", "false");
        }

        new IntRange(NumberCount, NumberCount).Require("task.numberCount", new IntRange(2, 6));
        var largest = Format == CountDownFormat.Compact ? CompactTokens.MaxExtraNumber : 9999;
        Numbers.Require("task.numbers", new IntRange(1, largest));
        Target.Require("task.target", new IntRange(2, largest));
        BeamWidth.Require("task.beamWidth", new IntRange(1, 100));
        if (MaxIntermediate is { } cap)
        {
            new IntRange(cap, cap).Require(
                "task.maxIntermediate", new IntRange(1, Format == CountDownFormat.Compact ? largest : 46340));
        }
        else if (Format == CountDownFormat.Compact)
        {
            throw UserError.Request(
                "task.maxIntermediate", "the compact format has one token a number", $"a limit of at most {largest}");
        }
        else if (Math.Pow(Math.Max(3, Numbers.High), NumberCount) > int.MaxValue)
        {
            throw UserError.Request(
                "task.numbers", $"{NumberCount} numbers up to {Numbers.High} can make values above {int.MaxValue}",
                "a smaller range, or a limit task.maxIntermediate");
        }

        if (!(HeldOutTargetShare >= 0 && HeldOutTargetShare <= 0.5))
        {
            throw UserError.Request("task.heldOutTargetShare", $"{HeldOutTargetShare} is out of range", "0 to 0.5");
        }

        if (TestOnHeldOutTargets && (int)(HeldOutTargetShare * Target.Count) == 0)
        {
            throw UserError.Request(
                "task.testOnHeldOutTargets", $"no target of {Target} is held out", "a larger task.heldOutTargetShare");
        }

        if (MaxTraceTokens is <= 0)
        {
            throw UserError.Request("task.maxTraceTokens", $"{MaxTraceTokens} is out of range", "a positive number of tokens");
        }

        return this;
    }

    private static void RequireNamed<T>(string where, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw UserError.Request(where, $"'{value}' is unknown", string.Join(", ", Enum.GetNames<T>()));
        }
    }
}
