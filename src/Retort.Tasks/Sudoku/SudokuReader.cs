using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// Reads the usual puzzle files: one puzzle a line, dots or zeros for empty cells. Blank lines and lines that begin
/// with '#' are skipped; Windows line ends and a byte-order mark do no harm.
/// </summary>
public static class SudokuReader
{
    /// <summary>Longest file read, in bytes: about ten million 9x9 puzzles.</summary>
    private const long MaxBytes = 1L << 30;

    /// <summary>
    /// All puzzles of a file. <see cref="UserError"/> names file, line, what was found and what was expected; a file
    /// without puzzles is an error too.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="size">Rows every board must have; null for any.</param>
    public static IReadOnlyList<SudokuPuzzle> ReadFile(string path, int? size = null)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
                throw UserError.Request(path, "no such file", "a file with one puzzle a line");
            if (file.Length > MaxBytes)
                throw UserError.Request(path, $"{file.Length} bytes", $"at most {MaxBytes}");
            using var reader = file.OpenText();
            return Read(reader, path, size);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw UserError.Request(path, "not a file name", "a file with one puzzle a line");
        }
    }

    /// <summary>As <see cref="ReadFile"/>, from open text that messages call <paramref name="name"/>.</summary>
    public static IReadOnlyList<SudokuPuzzle> Read(TextReader reader, string name, int? size = null)
    {
        var puzzles = new List<SudokuPuzzle>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var text = line.AsSpan().Trim();
            if (text.Length > 0 && text[0] != '#')
                puzzles.Add(SudokuPuzzle.Parse(line, $"{name}, line {number}", size));
        }

        return puzzles.Count > 0 ? puzzles : throw UserError.Request(name, "no puzzle in it", "one puzzle a line");
    }
}
