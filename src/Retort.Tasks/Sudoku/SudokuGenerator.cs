using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>A puzzle with its one solution and the demonstrator's trace.</summary>
internal sealed record SolvedSudoku(SudokuPuzzle Puzzle, string Solution, SudokuEvent[] Trace);

/// <summary>
/// Makes puzzles with one solution: a random full grid, thinned cell by cell in random order as long as the solution
/// stays unique. A puzzle belongs to one split by its own look: a hash of its line, digits renamed in order of first
/// appearance, so no split holds another's puzzle, renamed or not, whatever the seeds (a mirrored or turned board may
/// recur). Indices of one split may repeat a puzzle where there are few, as on 4x4.
/// </summary>
internal sealed class SudokuGenerator(SudokuSettings settings)
{
    private const int Splits = 10;

    private readonly SudokuShape shape = SudokuShape.Of(settings.Size);

    /// <summary>Puzzle number <paramref name="index"/> of a split.</summary>
    public SolvedSudoku Create(Split split, long index)
    {
        var random = CounterRandom.For(settings.Seed, $"sudoku/{split}", (ulong)index);
        var search = new BandSearch(shape);
        var solver = new TraceSolver(shape, settings.Strategies);
        Span<byte> full = stackalloc byte[shape.NumCells];
        Span<byte> cells = stackalloc byte[shape.NumCells];
        Span<byte> eased = stackalloc byte[shape.NumCells];
        for (var draw = 0; draw < SudokuSettings.MaxDraws; draw++)
        {
            search.FillRandomly(ref random, full);
            full.CopyTo(cells);
            if (!TryThin(search, cells, ref random))
                continue;
            cells.CopyTo(eased);
            Ease(solver, eased, full, ref random);
            if (SplitOf(eased) != split || Difficulty(solver.Solve(cells, settings.Reverts.High)) < settings.Reverts.Low)
                continue;
            // Fewer empty cells do not always mean fewer wrong guesses, hence no bound here.
            if (solver.Solve(eased, int.MaxValue) is { } trace)
                return new SolvedSudoku(new SudokuPuzzle(shape, eased, $"{split}-{index}"), SudokuPuzzle.Line(full), trace);
        }

        throw UserError.Request("task sudoku",
            $"no puzzle with {settings.Givens} givens and {settings.Reverts} "
            + $"undone guesses in {SudokuSettings.MaxDraws} draws", "wider ranges");
    }

    /// <summary>The easy variant (section 2.6): writes deduced digits and, if there are too few, digits of the solution.</summary>
    public void Ease(TraceSolver solver, Span<byte> cells, ReadOnlySpan<byte> full, ref CounterRandom random)
    {
        if (settings.EasyFills == 0)
            return;
        for (var missing = settings.EasyFills - solver.Deduce(cells, settings.EasyFills); missing > 0; missing--)
        {
            var skip = random.NextInt32(cells.Count((byte)0));
            var cell = cells.IndexOf((byte)0);
            for (; skip > 0; skip--)
                cell += 1 + cells[(cell + 1)..].IndexOf((byte)0);
            cells[cell] = full[cell];
        }
    }

    private static int Difficulty(SudokuEvent[]? trace) => trace is null ? -1 : SudokuTrace.CountReverts(trace);

    /// <summary>The split a puzzle belongs to: one in ten is for validation, one for test.</summary>
    internal static Split SplitOf(ReadOnlySpan<byte> cells)
    {
        Span<char> canonical = stackalloc char[cells.Length];
        Span<char> nameOf = stackalloc char[10];
        nameOf.Clear();
        var next = '1';
        for (var cell = 0; cell < cells.Length; cell++)
        {
            ref var name = ref nameOf[cells[cell]];
            if (name == 0)
                name = cells[cell] == 0 ? '.' : next++;
            canonical[cell] = name;
        }

        return (CounterRandom.Hash(new string(canonical)) % Splits) switch
        {
            0 => Split.Validation,
            1 => Split.Test,
            _ => Split.Train,
        };
    }

    /// <summary>
    /// Empties cells down to a number of givens drawn from the range, or as near as this grid gets; false if it does not
    /// get into the range.
    /// </summary>
    private bool TryThin(BandSearch search, Span<byte> cells, ref CounterRandom random)
    {
        Span<int> order = stackalloc int[cells.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        random.Shuffle(order);
        var target = random.NextInt32(settings.Givens.Low, settings.Givens.High);
        var (givens, needed) = (cells.Length, 0);
        foreach (var cell in order)
        {
            if (givens == target || needed > settings.Givens.High)
                break;
            var digit = cells[cell];
            cells[cell] = 0;
            if (search.HasOther(cells, cell, digit))
            {
                cells[cell] = digit;
                needed++;
            }
            else
            {
                givens--;
            }
        }

        return givens <= settings.Givens.High;
    }
}
