using System.Collections.Immutable;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// The geometry of a board: 4x4 (boxes 2x2), 6x6 (boxes of 2 rows and 3 columns) or 9x9 (boxes 3x3). Cells are numbered
/// row-major from 0; units are the rows, then the columns, then the boxes. Digits in a set are bits: digit d is bit d-1.
/// </summary>
public sealed class SudokuShape
{
    /// <summary>The sizes there are.</summary>
    public static readonly ImmutableArray<int> Sizes = [4, 6, 9];

    private static readonly SudokuShape Four = new(2, 2), Six = new(2, 3), Nine = new(3, 3);

    private SudokuShape(int boxHeight, int boxWidth)
    {
        (BoxHeight, BoxWidth, Size) = (boxHeight, boxWidth, boxHeight * boxWidth);
        NumCells = Size * Size;
        AllDigits = (1 << Size) - 1;
        (Row, Column, Box) = (new int[NumCells], new int[NumCells], new int[NumCells]);
        CellNames = new string[NumCells];
        for (var cell = 0; cell < NumCells; cell++)
        {
            var (row, column) = (cell / Size, cell % Size);
            (Row[cell], Column[cell]) = (row, column);
            Box[cell] = row / boxHeight * boxHeight + column / boxWidth;
            CellNames[cell] = $"r{row + 1}c{column + 1}";
        }

        var cells = Enumerable.Range(0, NumCells).ToArray();
        Units = [.. UnitsOf(Row), .. UnitsOf(Column), .. UnitsOf(Box)];
        Peers = Array.ConvertAll(cells, cell => Array.FindAll(cells, other => Sees(cell, other)));

        IEnumerable<int[]> UnitsOf(int[] unit) =>
            Enumerable.Range(0, Size).Select(k => Array.FindAll(cells, cell => unit[cell] == k));
    }

    /// <summary>Rows of the board = columns = digits.</summary>
    public int Size { get; }

    /// <summary>Rows of a box.</summary>
    public int BoxHeight { get; }

    /// <summary>Columns of a box.</summary>
    public int BoxWidth { get; }

    /// <summary>Cells of the board: the size squared.</summary>
    public int NumCells { get; }

    /// <summary>The set of all digits.</summary>
    internal int AllDigits { get; }

    /// <summary>Row, column and box of every cell.</summary>
    internal int[] Row { get; }

    internal int[] Column { get; }

    internal int[] Box { get; }

    /// <summary>3 x Size units of Size cells each.</summary>
    internal int[][] Units { get; }

    /// <summary>For every cell the other cells that share a unit with it, ascending.</summary>
    internal int[][] Peers { get; }

    /// <summary>The position token of every cell, "r1c1" first.</summary>
    internal string[] CellNames { get; }

    /// <summary>The board of 4, 6 or 9 rows.</summary>
    public static SudokuShape Of(int size) => size switch
    {
        4 => Four,
        6 => Six,
        9 => Nine,
        _ => throw new ArgumentOutOfRangeException(nameof(size), size, "4, 6 or 9"),
    };

    /// <summary>The board with this many cells; null if there is none.</summary>
    internal static SudokuShape? WithCells(int numCells) => numCells switch { 16 => Four, 36 => Six, 81 => Nine, _ => null };

    /// <summary>Two different cells that may not hold the same digit.</summary>
    internal bool Sees(int a, int b) =>
        a != b && (Row[a] == Row[b] || Column[a] == Column[b] || Box[a] == Box[b]);

    /// <summary>Every unit holds every digit once.</summary>
    internal bool IsSolved(ReadOnlySpan<byte> cells)
    {
        foreach (var unit in Units)
        {
            var seen = 0;
            foreach (var cell in unit)
                seen |= cells[cell] == 0 ? 0 : 1 << (cells[cell] - 1);
            if (seen != AllDigits)
                return false;
        }

        return true;
    }
}
