namespace Retort.Tasks.Sudoku;

/// <summary>What a step of a trace does.</summary>
public enum SudokuEventKind
{
    /// <summary>A deduction writes a digit.</summary>
    Fill,

    /// <summary>A cell's candidates are listed and one of them is written, to be undone if it proves wrong.</summary>
    Guess,

    /// <summary>Dead end: an empty cell has no candidate left.</summary>
    NoCandidate,

    /// <summary>Dead end: a unit has no place left for a digit.</summary>
    Invalid,

    /// <summary>The latest guess still standing, and everything written since, is undone.</summary>
    Revert,
}

/// <summary>One step of a trace.</summary>
/// <param name="Kind">What it does; the other fields are 0 where it has no use for them.</param>
/// <param name="Cell">The cell, row-major from 0.</param>
/// <param name="Digit">The digit written (fill, guess).</param>
/// <param name="Candidates">The cell's candidates as a set, digit d being bit d-1 (guess, revert).</param>
public readonly record struct SudokuEvent(SudokuEventKind Kind, int Cell = 0, int Digit = 0, int Candidates = 0);

/// <summary>What can be read off a trace.</summary>
public static class SudokuTrace
{
    /// <summary>Guesses that were undone.</summary>
    public static int CountReverts(ReadOnlySpan<SudokuEvent> trace)
    {
        var reverts = 0;
        foreach (var step in trace)
            reverts += step.Kind == SudokuEventKind.Revert ? 1 : 0;
        return reverts;
    }

    /// <summary>
    /// The direct solution: the trace without its undone guesses and dead ends. A guess that stood becomes a plain fill,
    /// so the length depends on the number of empty cells alone, as in the paper (section 2.6: "length is constant").
    /// </summary>
    public static SudokuEvent[] Direct(ReadOnlySpan<SudokuEvent> trace)
    {
        var kept = new List<SudokuEvent>(trace.Length);
        var guesses = new Stack<int>();
        foreach (var step in trace)
        {
            switch (step.Kind)
            {
                case SudokuEventKind.Fill:
                    kept.Add(step);
                    break;
                case SudokuEventKind.Guess:
                    guesses.Push(kept.Count);
                    kept.Add(new SudokuEvent(SudokuEventKind.Fill, step.Cell, step.Digit));
                    break;
                case SudokuEventKind.Revert when guesses.TryPop(out var start):
                    kept.RemoveRange(start, kept.Count - start);
                    break;
            }
        }

        return [.. kept];
    }

    /// <summary>
    /// Plays the trace onto the board: the last write to a cell wins, a revert restores what the innermost standing guess
    /// and all later steps overwrote. False if a revert names another cell than that guess's, or there is none.
    /// </summary>
    /// <param name="trace">The steps.</param>
    /// <param name="cells">The givens; afterwards the final grid, 0 for empty cells.</param>
    public static bool TryReplay(ReadOnlySpan<SudokuEvent> trace, Span<byte> cells)
    {
        var written = new Stack<(int Cell, byte Before)>();
        var guesses = new Stack<(int Cell, int NumWritten)>();
        foreach (var step in trace)
        {
            switch (step.Kind)
            {
                case SudokuEventKind.Guess:
                    guesses.Push((step.Cell, written.Count));
                    goto case SudokuEventKind.Fill;
                case SudokuEventKind.Fill:
                    written.Push((step.Cell, cells[step.Cell]));
                    cells[step.Cell] = (byte)step.Digit;
                    break;
                case SudokuEventKind.Revert:
                    if (!guesses.TryPop(out var guess) || guess.Cell != step.Cell)
                        return false;
                    while (written.Count > guess.NumWritten)
                    {
                        var (cell, before) = written.Pop();
                        cells[cell] = before;
                    }

                    break;
            }
        }

        return true;
    }
}
