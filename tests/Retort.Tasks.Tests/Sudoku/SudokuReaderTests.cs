using CsCheck;
using Retort.Core;
using Retort.Tasks.Sudoku;

namespace Retort.Tasks.Tests.Sudoku;

public class SudokuReaderTests
{
    [Fact]
    public void Dots_zeros_comments_blank_lines_and_windows_ends_are_read()
    {
        var puzzles = Read("# a comment\r\n\r\n1...............\r\n   \n0200000000000000  \n" + new string('.', 80) + "9");
        Assert.Equal(["1...............", ".2..............", new string('.', 80) + "9"], puzzles.Select(puzzle => puzzle.ToString()));
        Assert.Equal(["p.txt, line 3", "p.txt, line 5", "p.txt, line 6"], puzzles.Select(puzzle => puzzle.Where));
    }

    [Theory]
    [InlineData(80, ' ', null, "p.txt, line 2: 80 cells; expected 16 cells (4x4), 36 (6x6) or 81 (9x9)")]
    [InlineData(36, ' ', 9, "p.txt, line 2: 36 cells; expected 81 cells (9x9)")]
    [InlineData(81, 'x', null, "p.txt, line 2: character 'x' in cell 8; expected 1 to 9, '.' or '0'")]
    [InlineData(36, '7', 6, "p.txt, line 2: character '7' in cell 8; expected 1 to 6, '.' or '0'")]
    [InlineData(81, '\u0007', null, "p.txt, line 2: character U+0007 in cell 8; expected 1 to 9, '.' or '0'")]
    public void A_malformed_line_is_named_with_what_was_expected(int cells, char odd, int? size, string message)
    {
        var line = new string('.', cells);
        if (odd != ' ')
            line = line[..7] + odd + line[8..];
        var error = Assert.Throws<UserError>(() => Read("\n" + line, size));
        Assert.Equal(message, error.Message);
        Assert.Equal(2, error.ExitCode);
    }

    [Theory]
    [InlineData("5..5", "5 at r1c1 and at r1c4")]
    [InlineData("5........5", "5 at r1c1 and at r2c1")]
    [InlineData(".5.......5", "5 at r1c2 and at r2c1")]
    public void Contradictory_givens_name_both_cells(string start, string found)
    {
        var error = Assert.Throws<UserError>(() => Read(start.PadRight(81, '.')));
        Assert.Contains($"p.txt, line 1: contradictory givens: {found}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_a_folder_and_an_empty_file_are_errors_of_ours()
    {
        Assert.Equal(2, Assert.Throws<UserError>(() => SudokuReader.ReadFile("/no/such/file")).ExitCode);
        Assert.Throws<UserError>(() => SudokuReader.ReadFile(Path.GetTempPath()));
        Assert.Throws<UserError>(() => SudokuReader.ReadFile("a\0b"));
        Assert.Throws<UserError>(() => SudokuReader.ReadFile(""));
        Assert.Throws<UserError>(() => Read("# nothing\n"));
    }

    [Fact]
    public void Any_bytes_are_puzzles_or_an_error_of_ours() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        using var reader = new StreamReader(new MemoryStream(bytes));
        try
        {
            Assert.NotEmpty(SudokuReader.Read(reader, "noise"));
        }
        catch (UserError error)
        {
            Assert.StartsWith("noise", error.Message, StringComparison.Ordinal);
        }
    }, iter: 2000);

    private static IReadOnlyList<SudokuPuzzle> Read(string text, int? size = null)
    {
        using var reader = new StringReader(text);
        return SudokuReader.Read(reader, "p.txt", size);
    }
}
