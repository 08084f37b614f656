using System.Numerics;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// The demonstrator (section 2.6): deduce as long as there is something to deduce, then guess, and undo guesses that end
/// dead. Every step is a function of the board: dead ends are looked for first, the next fill is the first lone single in
/// row-major order, then (with all strategies) the first hidden single of rows, columns, boxes. Without strategies the first empty
/// cell alone decides. A guess takes the first
/// empty cell in row-major order, its candidates ascending; the paper's own order is partial, this rule is our departure.
/// Not thread-safe.
/// </summary>
internal sealed class TraceSolver(SudokuShape shape, SudokuStrategies strategies)
{
    private readonly List<PencilMarks> levels = [];
    private readonly List<SudokuEvent> trace = [];
    private readonly bool[] isGiven = new bool[shape.NumCells];
    private int revertsLeft, fillsLeft;
    private PencilMarks? solved;

    /// <summary>
    /// Solves and records. Null if there is no solution or more than <paramref name="maxReverts"/> guesses are undone
    /// (<see cref="GaveUp"/> tells which); with all strategies the puzzle must have one solution.
    /// </summary>
    public SudokuEvent[]? Solve(ReadOnlySpan<byte> givens, int maxReverts)
    {
        (revertsLeft, fillsLeft) = (maxReverts, int.MaxValue);
        Begin(givens);
        return Search(0) ? [.. trace] : null;
    }

    /// <summary>The last search stopped because too many guesses were undone.</summary>
    public bool GaveUp => revertsLeft < 0;

    /// <summary>The full grid the last successful search reached.</summary>
    public ReadOnlySpan<byte> Solution => solved!.Cells;

    /// <summary>Writes up to so many deduced digits into the board, without guessing; how many there were.</summary>
    public int Deduce(Span<byte> cells, int maxFills)
    {
        fillsLeft = maxFills;
        Begin(cells);
        _ = Deduce(levels[0]);
        levels[0].Cells.CopyTo(cells);
        return trace.Count;
    }

    private void Begin(ReadOnlySpan<byte> givens)
    {
        trace.Clear();
        for (var cell = 0; cell < givens.Length; cell++)
            isGiven[cell] = givens[cell] != 0;
        Level(0).Load(givens);
    }

    private PencilMarks Level(int depth)
    {
        if (depth == levels.Count)
            levels.Add(new PencilMarks(shape));
        return levels[depth];
    }

    private bool Search(int depth)
    {
        var marks = levels[depth];
        if (Deduce(marks) is { } deadEnd)
        {
            trace.Add(deadEnd);
            return false;
        }

        if (marks.NumEmpty == 0)
        {
            solved = marks;
            return true;
        }

        var cell = Array.IndexOf(marks.Cells, (byte)0);
        var candidates = marks.Candidates[cell];
        var next = Level(depth + 1);
        for (var untried = candidates; untried != 0; untried &= untried - 1)
        {
            var digit = BitOperations.TrailingZeroCount(untried) + 1;
            trace.Add(new SudokuEvent(SudokuEventKind.Guess, cell, digit, candidates));
            next.CopyFrom(marks);
            next.Place(cell, digit);
            if (Search(depth + 1))
                return true;
            if (--revertsLeft < 0)
                return false;
            trace.Add(new SudokuEvent(SudokuEventKind.Revert, cell, 0, candidates));
        }

        return false;
    }

    /// <summary>Fills what follows; the dead end, if that is where it leads.</summary>
    private SudokuEvent? Deduce(PencilMarks marks)
    {
        while (marks.NumEmpty > 0)
        {
            var (cell, digit) = LoneSingle(marks);
            if (cell >= 0 && digit == 0)
                return new SudokuEvent(SudokuEventKind.NoCandidate, cell);
            if (cell < 0 && strategies == SudokuStrategies.Full)
            {
                (cell, digit) = HiddenSingle(marks);
                if (cell < 0 && digit != 0)
                    return new SudokuEvent(SudokuEventKind.Invalid);
                if (cell < 0 && Eliminations.TryAny(marks, isGiven))
                    continue;
            }

            if (cell < 0 || trace.Count == fillsLeft)
                return null;
            marks.Place(cell, digit);
            trace.Add(new SudokuEvent(SudokuEventKind.Fill, cell, digit));
        }

        return null;
    }

    /// <summary>
    /// The first cell without candidates (digit 0), else the first with just one, else cell -1; without strategies only the first empty
    /// cell is looked at.
    /// </summary>
    private (int Cell, int Digit) LoneSingle(PencilMarks marks)
    {
        var (single, digit, looked) = (-1, 0, 0);
        for (var cell = 0; cell < marks.Cells.Length && (looked == 0 || strategies != SudokuStrategies.None); cell++)
        {
            if (marks.Cells[cell] != 0)
                continue;
            looked++;
            var candidates = marks.Candidates[cell];
            if (candidates == 0)
                return (cell, 0);
            if (single < 0 && (candidates & (candidates - 1)) == 0)
                (single, digit) = (cell, BitOperations.TrailingZeroCount(candidates) + 1);
        }

        return (single, digit);
    }

    /// <summary>A digit with one place left in a unit; cell -1 and the digit if it has none; cell -1 and 0 otherwise.</summary>
    private (int Cell, int Digit) HiddenSingle(PencilMarks marks)
    {
        var single = (Cell: -1, Digit: 0);
        foreach (var unit in shape.Units)
        {
            var (once, twice, placed) = (0, 0, 0);
            foreach (var cell in unit)
            {
                twice |= once & marks.Candidates[cell];
                once |= marks.Candidates[cell];
                placed |= marks.Cells[cell] == 0 ? 0 : 1 << (marks.Cells[cell] - 1);
            }

            var missing = shape.AllDigits & ~(once | placed);
            if (missing != 0)
                return (-1, BitOperations.TrailingZeroCount(missing) + 1);
            var unique = once & ~twice;
            if (unique == 0 || single.Cell >= 0)
                continue;
            var bit = unique & -unique;
            single = (Array.Find(unit, cell => (marks.Candidates[cell] & bit) != 0), BitOperations.TrailingZeroCount(bit) + 1);
        }

        return single;
    }
}
