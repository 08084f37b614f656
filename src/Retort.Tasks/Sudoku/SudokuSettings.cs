using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>Which deductions the trace solver makes before it guesses.</summary>
public enum SudokuStrategies
{
    /// <summary>None: cells in row-major order; one with a single candidate is filled, one with none is a dead end.</summary>
    None,

    /// <summary>Lone singles only: the paper's naive solver (section 6.3).</summary>
    LoneSingles,

    /// <summary>Lone and hidden singles, naked pairs and triplets, locked candidates, XY-wings, unique rectangles.</summary>
    Full,
}

/// <summary>What a demonstration shows.</summary>
public enum SudokuVariant
{
    /// <summary>The whole search: fills, guesses, dead ends, reverts.</summary>
    Backtracking,

    /// <summary>The same without what was undone.</summary>
    Direct,
}

/// <summary>How events are spelled; see <see cref="SudokuGrammar"/>.</summary>
public enum SudokuFormat
{
    /// <summary>Two tokens a fill, for small models.</summary>
    Compact,

    /// <summary>The paper's own lines (section 2.6).</summary>
    Paper,
}

/// <summary>
/// Everything that decides which puzzles the task makes and how they are written. The defaults are the hard 6x6 set; the named
/// ones are other depths of the same task. Variant and format change no puzzle.
/// </summary>
public sealed record SudokuSettings : ICheckedSettings
{
    /// <summary>Most tries for one item before the settings are called impossible.</summary>
    internal const int MaxDraws = 200_000;

    /// <summary>6x6 with 3 to 30 undone guesses: the deep end.</summary>
    public static SudokuSettings Hard6x6 { get; } = new();

    /// <summary>
    /// 6x6 searched without deductions, 1 to 20 undone guesses: every step asks for one cell's candidates only, which a model of half
    /// a million parameters learns.
    /// </summary>
    public static SudokuSettings Plain6x6 { get; } = new() { Givens = new(14, 16), Reverts = new(1, 20), Strategies = SudokuStrategies.None };

    /// <summary>6x6 with 1 to 3 undone guesses.</summary>
    public static SudokuSettings Medium6x6 { get; } = new() { Givens = new(10, 12), Reverts = new(1, 3) };

    /// <summary>6x6 of any difficulty, most of which need no guess.</summary>
    public static SudokuSettings Shallow6x6 { get; } = new() { Givens = new(10, 12), Reverts = new(0, 30) };

    /// <summary>4x4: lone singles alone solve all of them.</summary>
    public static SudokuSettings Shallow4x4 { get; } = new() { Size = 4, Givens = new(4, 6), Reverts = new(0, 30) };

    /// <summary>The paper's own board, strategies and lines, with the givens of its test boards.</summary>
    public static SudokuSettings Paper { get; } = new()
    {
        Size = 9,
        Givens = new(22, 29),
        Reverts = new(0, 1000),
        Strategies = SudokuStrategies.Full,
        Format = SudokuFormat.Paper,
    };

    /// <summary>Rows of the board.</summary>
    [Doc("Rows of the board: 4, 6 or 9", Unit = "cells")]
    public int Size { get; init; } = 6;

    /// <summary>Names the streams of puzzles. Which split a puzzle belongs to does not depend on it.</summary>
    [Doc("Seed of the task's puzzles")]
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Givens before <see cref="EasyFills"/>. A target is drawn evenly from the range; a puzzle that cannot be thinned to
    /// its target stays if it lies within the range.
    /// </summary>
    [Doc("Givens of a puzzle, lowest to highest", Unit = "cells")]
    public IntRange Givens { get; init; } = new(8, 10);

    /// <summary>The difficulty: guesses the trace solver undoes, before <see cref="EasyFills"/>.</summary>
    [Doc("Undone guesses of a puzzle's trace, lowest to highest", Unit = "guesses")]
    public IntRange Reverts { get; init; } = new(3, 30);

    /// <summary>Deductions before guessing.</summary>
    [Doc("Deductions the trace makes before it guesses")]
    public SudokuStrategies Strategies { get; init; } = SudokuStrategies.LoneSingles;

    /// <summary>What answers show.</summary>
    [Doc("What answers show: the whole search, or only what stood")]
    public SudokuVariant Variant { get; init; } = SudokuVariant.Backtracking;

    /// <summary>How prompts and answers are spelled.</summary>
    [Doc("How prompts and answers are spelled")]
    public SudokuFormat Format { get; init; } = SudokuFormat.Compact;

    /// <summary>The easy variant (section 2.6), 0 for none; the paper makes 10 on 9x9.</summary>
    [Doc("Deduced fills made beforehand (the easy variant)", Unit = "cells")]
    public int EasyFills { get; init; }

    /// <inheritdoc/>
    public SettingProblem? FindProblem()
    {
        if (!SudokuShape.Sizes.Contains(Size))
            return new(nameof(Size), $"{Size}", "4, 6 or 9");

        // The fewest givens with which a unique solution is possible (known for all three sizes).
        var fewest = Size switch { 4 => 4, 6 => 8, _ => 17 };
        var cells = Size * Size;
        return Within(nameof(Givens), Givens, fewest, cells - 1)
            ?? Within(nameof(Reverts), Reverts, 0, 1_000_000)
            ?? Within(nameof(EasyFills), new(EasyFills, EasyFills), 0, cells - 1 - Givens.High)
            ?? Known(nameof(Strategies), Strategies) ?? Known(nameof(Variant), Variant) ?? Known(nameof(Format), Format);
    }

    private static SettingProblem? Within(string property, IntRange value, int low, int high) =>
        value.Low <= value.High && value.Low >= low && value.High <= high
            ? null
            : new(property, value.Low == value.High ? $"{value.Low}" : $"{value}", $"within {low}..{high}");

    private static SettingProblem? Known<T>(string property, T value)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? null : new(property, $"{value}", string.Join(", ", Enum.GetNames<T>()));
}
