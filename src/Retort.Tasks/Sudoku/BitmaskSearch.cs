using System.Numerics;
using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// Exhaustive depth-first search on any board: one set of free digits per row, column and box, always the empty cell
/// with the fewest candidates next. Not thread-safe.
/// </summary>
internal sealed class BitmaskSearch(SudokuShape shape)
{
    private readonly int[] rowFree = new int[shape.Size], columnFree = new int[shape.Size], boxFree = new int[shape.Size];
    private readonly int[] empty = new int[shape.NumCells];
    private readonly byte[] grid = new byte[shape.NumCells], found = new byte[shape.NumCells];
    private int numEmpty, numFound, limit;
    private int bannedCell, bannedDigit;

    /// <summary>The first solution of the last search that found one.</summary>
    public ReadOnlySpan<byte> Found => found;

    /// <summary>Solutions there are, counted no further than <paramref name="limit"/>.</summary>
    public int Count(ReadOnlySpan<byte> cells, int limit)
    {
        (bannedCell, bannedDigit, numFound, this.limit) = (-1, 0, 0, limit);
        if (Load(cells))
            Search();
        return numFound;
    }

    /// <summary>Is there a solution in which the empty cell <paramref name="cell"/> is not <paramref name="digit"/>?</summary>
    public bool HasOther(ReadOnlySpan<byte> cells, int cell, int digit)
    {
        (bannedCell, bannedDigit, numFound, limit) = (cell, 1 << (digit - 1), 0, 1);
        if (Load(cells))
            Search();
        return numFound > 0;
    }

    /// <summary>A random full grid: the same search on the empty board, digits tried in random order.</summary>
    public void FillRandomly(ref CounterRandom random, Span<byte> cells)
    {
        cells.Clear();
        bannedCell = -1;
        Load(cells);
        Fill(ref random);
        grid.CopyTo(cells);
    }

    private bool Load(ReadOnlySpan<byte> cells)
    {
        rowFree.AsSpan().Fill(shape.AllDigits);
        columnFree.AsSpan().Fill(shape.AllDigits);
        boxFree.AsSpan().Fill(shape.AllDigits);
        numEmpty = 0;
        for (var cell = 0; cell < cells.Length; cell++)
        {
            grid[cell] = cells[cell];
            if (cells[cell] == 0)
            {
                empty[numEmpty++] = cell;
                continue;
            }

            var bit = 1 << (cells[cell] - 1);
            if ((Candidates(cell) & bit) == 0)
                return false;
            Toggle(cell, bit);
        }

        return true;
    }

    private int Candidates(int cell) => rowFree[shape.Row[cell]] & columnFree[shape.Column[cell]] & boxFree[shape.Box[cell]];

    private void Toggle(int cell, int bit)
    {
        rowFree[shape.Row[cell]] ^= bit;
        columnFree[shape.Column[cell]] ^= bit;
        boxFree[shape.Box[cell]] ^= bit;
    }

    /// <summary>Takes the empty cell with the fewest candidates off the list; its place in the list, and the candidates.</summary>
    private (int Place, int Candidates) TakeTightest()
    {
        var (best, bestCandidates, bestCount) = (-1, 0, int.MaxValue);
        for (var i = 0; i < numEmpty; i++)
        {
            var cell = empty[i];
            var candidates = Candidates(cell) & ~(cell == bannedCell ? bannedDigit : 0);
            var count = BitOperations.PopCount((uint)candidates);
            if (count < bestCount)
            {
                (best, bestCandidates, bestCount) = (i, candidates, count);
                if (count <= 1)
                    break;
            }
        }

        numEmpty--;
        (empty[best], empty[numEmpty]) = (empty[numEmpty], empty[best]);
        return (best, bestCandidates);
    }

    private void PutBack(int place)
    {
        (empty[place], empty[numEmpty]) = (empty[numEmpty], empty[place]);
        numEmpty++;
    }

    private void Search()
    {
        if (numEmpty == 0)
        {
            if (numFound++ == 0)
                grid.CopyTo(found, 0);
            return;
        }

        var (place, candidates) = TakeTightest();
        var cell = empty[numEmpty];
        for (; candidates != 0 && numFound < limit; candidates &= candidates - 1)
        {
            var bit = candidates & -candidates;
            grid[cell] = (byte)(BitOperations.TrailingZeroCount(bit) + 1);
            Toggle(cell, bit);
            Search();
            Toggle(cell, bit);
        }

        PutBack(place);
    }

    private bool Fill(ref CounterRandom random)
    {
        if (numEmpty == 0)
            return true;

        var (place, candidates) = TakeTightest();
        var cell = empty[numEmpty];
        while (candidates != 0)
        {
            var skip = random.NextInt32(BitOperations.PopCount((uint)candidates));
            var rest = candidates;
            for (; skip > 0; skip--)
                rest &= rest - 1;
            var bit = rest & -rest;
            candidates ^= bit;
            grid[cell] = (byte)(BitOperations.TrailingZeroCount(bit) + 1);
            Toggle(cell, bit);
            if (Fill(ref random))
                return true;
            Toggle(cell, bit);
        }

        PutBack(place);
        return false;
    }
}
