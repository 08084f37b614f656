using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// A board with its givens. Its text is the usual single line: row-major, one character a cell, a dot (or a zero) for an
/// empty one. The givens do not contradict each other; whether there is a solution is for <see cref="SudokuOracle"/>.
/// </summary>
public sealed class SudokuPuzzle
{
    private readonly byte[] cells;

    internal SudokuPuzzle(SudokuShape shape, ReadOnlySpan<byte> cells, string where = "puzzle")
    {
        (Shape, Where) = (shape, where);
        this.cells = cells.ToArray();
    }

    /// <summary>The board's geometry.</summary>
    public SudokuShape Shape { get; }

    /// <summary>Where it came from, for messages: "file.txt, line 12".</summary>
    public string Where { get; }

    /// <summary>Row-major digits, 0 for an empty cell.</summary>
    public ReadOnlySpan<byte> Cells => cells;

    /// <summary>How many cells are filled.</summary>
    public int NumGivens => cells.Length - cells.AsSpan().Count((byte)0);

    /// <summary>
    /// Reads one line. Errors (<see cref="UserError"/>, exit code 2): a length that is no board's, a board of another
    /// size than <paramref name="size"/>, a character that is no cell, givens that contradict each other.
    /// </summary>
    /// <param name="line">16, 36 or 81 characters; white space around them is dropped.</param>
    /// <param name="where">What messages call the place.</param>
    /// <param name="size">Rows the board must have; null for any.</param>
    public static SudokuPuzzle Parse(string line, string where = "puzzle", int? size = null)
    {
        var text = line.AsSpan().Trim();
        var wanted = size is { } rows
            ? $"{rows * rows} cells ({rows}x{rows})"
            : "16 cells (4x4), 36 (6x6) or 81 (9x9)";
        var shape = SudokuShape.WithCells(text.Length);
        if (shape is null || (size is { } needed && shape.Size != needed))
            throw UserError.Request(where, $"{text.Length} cells", wanted);

        Span<byte> cells = stackalloc byte[text.Length];
        for (var i = 0; i < text.Length; i++)
        {
            var digit = text[i] == '.' ? 0 : text[i] - '0';
            if (digit < 0 || digit > shape.Size)
                throw UserError.Request(where, $"character {Show(text[i])} in cell {i + 1}", $"1 to {shape.Size}, '.' or '0'");
            cells[i] = (byte)digit;
        }

        foreach (var unit in shape.Units)
            RequireDistinct(shape, unit, cells, where);
        return new SudokuPuzzle(shape, cells, where);
    }

    /// <summary>The line, with dots for empty cells.</summary>
    public override string ToString() => Line(cells);

    internal static string Line(ReadOnlySpan<byte> cells)
    {
        Span<char> line = stackalloc char[cells.Length];
        for (var i = 0; i < cells.Length; i++)
            line[i] = cells[i] == 0 ? '.' : (char)('0' + cells[i]);
        return new string(line);
    }

    private static void RequireDistinct(SudokuShape shape, int[] unit, ReadOnlySpan<byte> cells, string where)
    {
        for (var i = 0; i < unit.Length; i++)
        {
            for (var j = i + 1; j < unit.Length; j++)
            {
                if (cells[unit[i]] != 0 && cells[unit[i]] == cells[unit[j]])
                {
                    var (a, b) = (shape.CellNames[unit[i]], shape.CellNames[unit[j]]);
                    throw UserError.Request(where, $"contradictory givens: {cells[unit[i]]} at {a} and at {b}",
                        "each digit at most once in a row, column and box");
                }
            }
        }
    }

    private static string Show(char c) => char.IsControl(c) || char.IsSurrogate(c) || c == '\uFFFD' ? $"U+{(int)c:X4}" : $"'{c}'";
}
