namespace Retort.Tasks.Sudoku;

/// <summary>What the oracle found in a set of puzzles.</summary>
/// <param name="Puzzles">How many there were.</param>
/// <param name="Solved">How many have a solution.</param>
/// <param name="Unique">How many have exactly one.</param>
/// <param name="PuzzlesPerSecond">How fast, by the caller's clock.</param>
public readonly record struct SudokuOracleReport(int Puzzles, int Solved, int Unique, double PuzzlesPerSecond);

/// <summary>The exhaustive solver: knows for any board whether it has no solution, one, or several.</summary>
public static class SudokuOracle
{
    [ThreadStatic]
    private static BandSearch?[]? searches;

    /// <summary>0, 1, or 2 for "several"; the first solution found goes to <paramref name="solution"/>.</summary>
    /// <param name="puzzle">The board.</param>
    /// <param name="solution">As many cells as the board has; untouched if there is no solution.</param>
    public static int CountSolutions(SudokuPuzzle puzzle, Span<byte> solution)
    {
        var shape = puzzle.Shape;
        var search = (searches ??= new BandSearch?[10])[shape.Size] ??= new BandSearch(shape);
        var solutions = search.Count(puzzle.Cells, limit: 2);
        if (solutions > 0)
            search.Found.CopyTo(solution);
        return solutions;
    }

    /// <summary>Solves all puzzles, each to the proof that there is no second solution.</summary>
    /// <param name="puzzles">The boards, of any sizes.</param>
    /// <param name="threads">How many to use; counts do not depend on it.</param>
    /// <param name="clock">Measures the duration reported.</param>
    public static SudokuOracleReport Solve(IReadOnlyList<SudokuPuzzle> puzzles, int threads, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        var start = clock.GetTimestamp();
        var counts = new byte[puzzles.Count];
        Parallel.For(0, puzzles.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            Span<byte> solution = stackalloc byte[puzzles[i].Shape.NumCells];
            counts[i] = (byte)CountSolutions(puzzles[i], solution);
        });
        var seconds = clock.GetElapsedTime(start).TotalSeconds;
        return new SudokuOracleReport(counts.Length, counts.Count(n => n > 0), counts.Count(n => n == 1),
            seconds > 0 ? counts.Length / seconds : 0);
    }
}
