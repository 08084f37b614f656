using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>Which deductions the trace solver makes before it guesses.</summary>
public enum SudokuStrategies
{
    /// <summary>Lone singles only: the paper's naive solver, and the recipe for small boards (section 6.3).</summary>
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
public enum SudokuForm
{
    /// <summary>Two tokens a fill, for small models.</summary>
    Compact,

    /// <summary>The paper's own lines (section 2.6).</summary>
    Paper,
}

/// <summary>Everything that decides which puzzles the task makes and how they are written.</summary>
public sealed record SudokuSettings
{
    /// <summary>Most tries for one item before the settings are called impossible.</summary>
    internal const int MaxDraws = 200_000;

    /// <summary>Rows of the board: 4, 6 or 9.</summary>
    public int Size { get; init; } = 6;

    /// <summary>Names the streams of puzzles. Which split a puzzle belongs to does not depend on it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Fewest givens, before <see cref="EasyFills"/>. The target is drawn evenly from the range.</summary>
    public int MinGivens { get; init; } = 8;

    /// <summary>Most givens, before <see cref="EasyFills"/>. A puzzle that cannot be thinned to its target stays if within the range.</summary>
    public int MaxGivens { get; init; } = 12;

    /// <summary>Fewest undone guesses the trace solver needs: the difficulty.</summary>
    public int MinReverts { get; init; }

    /// <summary>Most undone guesses the trace solver needs.</summary>
    public int MaxReverts { get; init; } = 1000;

    /// <summary>Deductions before guessing.</summary>
    public SudokuStrategies Strategies { get; init; } = SudokuStrategies.LoneSingles;

    /// <summary>What answers show. Puzzles do not depend on it.</summary>
    public SudokuVariant Variant { get; init; } = SudokuVariant.Backtracking;

    /// <summary>How answers are spelled. Puzzles do not depend on it.</summary>
    public SudokuForm Form { get; init; } = SudokuForm.Compact;

    /// <summary>Fills made for the model beforehand (the easy variant; the paper makes 10 on 9x9); 0 for none.</summary>
    public int EasyFills { get; init; }

    /// <summary>Returns these settings, or says which one is out of range (<see cref="UserError"/>, exit code 2).</summary>
    public SudokuSettings Validated()
    {
        if (!SudokuShape.Sizes.Contains(Size))
            throw UserError.Request("task.size", $"{Size}", "4, 6 or 9");

        // The fewest givens with which a unique solution is possible (known for all three sizes).
        var fewest = Size switch { 4 => 4, 6 => 8, _ => 17 };
        var cells = Size * Size;
        Require("task.minGivens", MinGivens, fewest, cells - 1);
        Require("task.maxGivens", MaxGivens, MinGivens, cells - 1);
        Require("task.minReverts", MinReverts, 0, 1_000_000);
        Require("task.maxReverts", MaxReverts, MinReverts, 1_000_000);
        Require("task.easyFills", EasyFills, 0, cells - 1 - MaxGivens);
        Require("task.strategies", (int)Strategies, 0, 1);
        Require("task.variant", (int)Variant, 0, 1);
        Require("task.form", (int)Form, 0, 1);
        return this;
    }

    private static void Require(string where, int value, int low, int high)
    {
        if (value < low || value > high)
            throw UserError.Request(where, $"{value}", $"{low} to {high}");
    }
}
