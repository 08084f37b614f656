using CsCheck;
using Retort.Core;
using Retort.Tasks.Sudoku;

namespace Retort.Tasks.Tests.Sudoku;

public class SudokuOracleTests
{
    /// <summary>All 288 full 4x4 grids, found by trying every arrangement of every row.</summary>
    private static readonly string[] AllFours = EveryGrid();

    [Fact]
    public void There_are_288_grids_of_4x4_and_28200960_of_6x6()
    {
        Assert.Equal(288, AllFours.Length);
        Assert.Equal(288, new BandSearch(SudokuShape.Of(4)).Count(new byte[16], int.MaxValue));
        // The first row is one of 720, all alike.
        var start = SudokuPuzzle.Parse("123456".PadRight(36, '.'));
        Assert.Equal(28_200_960 / 720, new BandSearch(start.Shape).Count(start.Cells, int.MaxValue));
    }

    [Fact]
    public void Solutions_are_counted_as_brute_force_counts_them_on_4x4() =>
        Gen.Select(Gen.Int[0, 287].Select(i => AllFours[i]), Gen.Bool.Array[16], Gen.Int[0, 15], Gen.Int[1, 4]).Sample((grid, shown, where, digit) =>
        {
            var line = grid.Select((c, i) => shown[i] ? c : '.').ToArray();
            line[where] = (char)('0' + digit);
            var matching = AllFours.Count(full => full.Zip(line).All(pair => pair.Second == '.' || pair.First == pair.Second));
            if (TryParse(new string(line)) is not { } puzzle)
            {
                Assert.Equal(0, matching);
                return;
            }

            var solution = new byte[16];
            Assert.Equal(Math.Min(2, matching), SudokuOracle.CountSolutions(puzzle, solution));
            if (matching > 0)
                Assert.Contains(SudokuPuzzle.Line(solution), AllFours);
        }, iter: 2000);

    [Theory]
    [InlineData(6)]
    [InlineData(9)]
    public void Larger_boards_are_counted_as_the_plain_search_counts_them(int size) => Gen.Select(Gen.ULong, Gen.Int[1, 60]).Sample((seed, thinning) =>
    {
        var shape = SudokuShape.Of(size);
        var random = CounterRandom.For(seed, "test");
        var search = new BandSearch(shape);
        var cells = new byte[shape.NumCells];
        search.FillRandomly(ref random, cells);
        Assert.True(shape.IsSolved(cells));
        for (var i = 0; i < shape.NumCells * thinning / 80; i++)
            cells[random.NextInt32(cells.Length)] = 0;
        // One board in two is spoiled by a digit that may not fit.
        var spoiled = random.NextInt32(cells.Length);
        if ((seed & 1) == 0)
            cells[spoiled] = (byte)random.NextInt32(1, size);
        if (TryParse(SudokuPuzzle.Line(cells)) is not { } puzzle)
            return;
        var solution = new byte[shape.NumCells];
        var count = SudokuOracle.CountSolutions(puzzle, solution);
        Assert.Equal(PlainSearch.Count(shape, cells, 2), count);
        if (count > 0)
        {
            Assert.True(shape.IsSolved(solution));
            Assert.All(cells.Zip(solution), pair => Assert.True(pair.First == 0 || pair.First == pair.Second));
        }
    }, iter: 300);

    [Fact]
    public void Every_generated_puzzle_has_one_solution()
    {
        var task = new SudokuTask(SudokuSettings.Hard6x6);
        var puzzles = Enumerable.Range(0, 200).Select(i => SudokuPuzzle.Parse(task.CreateItem(Split.Train, i).Puzzle)).ToList();
        var report = SudokuOracle.Solve(puzzles, threads: 2, TimeProvider.System);
        Assert.Equal((200, 200, 200), (report.Puzzles, report.Solved, report.Unique));
    }

    [Fact]
    public void A_report_tells_no_solution_one_and_several_apart_for_any_thread_count()
    {
        SudokuPuzzle[] puzzles =
        [
            SudokuPuzzle.Parse(new string('.', 81)), SudokuPuzzle.Parse("123....4........"),
            SudokuPuzzle.Parse(AllFours[17]), SudokuPuzzle.Parse(new string('0', 36)),
        ];
        foreach (var threads in new[] { 1, 2, 5 })
        {
            var report = SudokuOracle.Solve(puzzles, threads, TimeProvider.System);
            Assert.Equal((4, 3, 1), (report.Puzzles, report.Solved, report.Unique));
        }
    }

    [Theory]
    [InlineData("sudokus_17.txt", 3000)]
    [InlineData("sudoku10k.txt", 3000)]
    public void Published_puzzles_are_solved(string file, int count)
    {
        var path = Path.Combine(SharedData() ?? "", "sudoku", file);
        Assert.SkipUnless(File.Exists(path), $"shared data sudoku/{file} is not here");
        using var lines = new StringReader(string.Join('\n', File.ReadLines(path).Take(count)));
        var report = SudokuOracle.Solve(SudokuReader.Read(lines, path, size: 9), threads: 2, TimeProvider.System);
        Assert.Equal((count, count), (report.Puzzles, report.Solved));
        Assert.Equal(count, report.Unique);
    }

    private static SudokuPuzzle? TryParse(string line)
    {
        try
        {
            return SudokuPuzzle.Parse(line);
        }
        catch (UserError)
        {
            return null;
        }
    }

    private static string[] EveryGrid()
    {
        var rows = (from a in "1234"
                    from b in "1234"
                    from c in "1234"
                    from d in "1234"
                    let row = $"{a}{b}{c}{d}"
                    where row.Distinct().Count() == 4
                    select row).ToArray();
        return (from a in rows
                from b in rows
                where Fits(a, b, true)
                from c in rows
                where Fits(a, c, false) && Fits(b, c, false)
                from d in rows
                where Fits(a, d, false) && Fits(b, d, false) && Fits(c, d, true)
                select a + b + c + d).ToArray();

        static bool Fits(string upper, string lower, bool sameBoxes) =>
            !upper.Zip(lower).Any(pair => pair.First == pair.Second)
            && !(sameBoxes && (upper[..2].Intersect(lower[..2]).Any() || upper[2..].Intersect(lower[2..]).Any()));
    }

    private static string? SharedData()
    {
        if (Environment.GetEnvironmentVariable("RETORT_SHARED") is { Length: > 0 } shared)
            return Path.Combine(shared, "data");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Retort.slnx")))
                return Path.Combine(folder.Parent!.FullName, "shared", "data");
        }

        return null;
    }
}
