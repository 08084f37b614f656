using Retort.Core;

namespace Retort.Tasks.Sudoku;

/// <summary>One puzzle as an item, with what experiments group by.</summary>
/// <param name="Id">"test-17", or what the caller named it.</param>
/// <param name="Prompt">The givens.</param>
/// <param name="Answer">The demonstration in the settings' variant and format.</param>
/// <param name="Puzzle">The givens as a line.</param>
/// <param name="Solution">The one solution as a line.</param>
/// <param name="NumReverts">Guesses the demonstrator undid: the difficulty, whatever the variant.</param>
/// <param name="NumTraceTokens">Tokens of the backtracking answer.</param>
/// <param name="NumDirectTokens">Tokens of the direct answer.</param>
public sealed record SudokuItem(string Id, string Prompt, string Answer, string Puzzle, string Solution, int NumReverts,
    int NumTraceTokens, int NumDirectTokens) : TaskItem(Id, Prompt, Answer)
{
    /// <summary>The demonstrator's mistakes: 1 + reverts (section 4).</summary>
    public int Mistakes => 1 + NumReverts;
}

/// <summary>
/// Sudoku by sequential search or in one go (section 2.6). Puzzles depend on neither variant nor format, so tasks that differ only
/// in these have the same items at the same indices. Immutable; every member may be called from any thread.
/// </summary>
public sealed class SudokuTask : ITask
{
    /// <summary>Undone guesses beyond which an outside puzzle's trace is not written.</summary>
    private const int MaxOutsideReverts = 100_000;

    private readonly SudokuGenerator generator;

    /// <summary>Checks the settings (<see cref="UserError"/>) and builds the task.</summary>
    public SudokuTask(SudokuSettings settings)
    {
        if (settings.FindProblem() is { } problem)
        {
            var setting = char.ToLowerInvariant(problem.Property[0]) + problem.Property[1..];
            throw UserError.Request($"task.{setting}", problem.What, problem.Expected);
        }

        Settings = settings;
        Shape = SudokuShape.Of(settings.Size);
        Grammar = new SudokuGrammar(Shape, settings.Format);
        generator = new SudokuGenerator(settings);
    }

    /// <inheritdoc/>
    public string Name => "sudoku";

    /// <summary>The settings.</summary>
    public SudokuSettings Settings { get; }

    /// <summary>The board.</summary>
    public SudokuShape Shape { get; }

    /// <summary>The grammar of prompts and answers.</summary>
    public SudokuGrammar Grammar { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Vocabulary => Grammar.Vocabulary;

    /// <inheritdoc/>
    public TaskItem Create(Split split, long index) => CreateItem(split, index);

    /// <summary>As <see cref="Create"/>, typed. <see cref="UserError"/> if no puzzle of the wanted difficulty turns up.</summary>
    public SudokuItem CreateItem(Split split, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return ToItem($"{split.ToString().ToLowerInvariant()}-{index}", generator.Create(split, index));
    }

    /// <summary>As <see cref="FromPuzzle(SudokuPuzzle, string)"/>, from a line of 16, 36 or 81 cells.</summary>
    public SudokuItem FromPuzzle(string line, string id) => FromPuzzle(SudokuPuzzle.Parse(line, id, Settings.Size), id);

    /// <summary>
    /// An item from an outside puzzle; ranges of givens and difficulty are not asked for, the easy variant's fills are
    /// made. <see cref="UserError"/> if the board has another size, no solution or several, is full, or its trace would
    /// undo more than 100,000 guesses.
    /// </summary>
    public SudokuItem FromPuzzle(SudokuPuzzle puzzle, string id)
    {
        if (puzzle.Shape != Shape)
            throw UserError.Request(puzzle.Where, $"a {puzzle.Shape.Size}x{puzzle.Shape.Size} board", $"{Shape.Size}x{Shape.Size} (task.size)");
        if (puzzle.NumGivens + Settings.EasyFills >= Shape.NumCells)
            throw UserError.Request(puzzle.Where, $"{puzzle.NumGivens} givens", $"fewer than {Shape.NumCells - Settings.EasyFills}");
        Span<byte> full = stackalloc byte[Shape.NumCells];
        var solutions = SudokuOracle.CountSolutions(puzzle, full);
        if (solutions != 1)
            throw UserError.Request(puzzle.Where, solutions == 0 ? "no solution" : "more than one solution", "a puzzle with one solution");

        Span<byte> cells = stackalloc byte[Shape.NumCells];
        puzzle.Cells.CopyTo(cells);
        var solver = new TraceSolver(Shape, Settings.Strategies);
        var random = CounterRandom.For(Settings.Seed, "sudoku/easy", CounterRandom.Hash(puzzle.ToString()));
        generator.Ease(solver, cells, full, ref random);
        var trace = solver.Solve(cells, MaxOutsideReverts)
            ?? throw UserError.Request(puzzle.Where, $"its trace undoes more than {MaxOutsideReverts} guesses",
                "an easier puzzle, or task.strategies: full");
        return ToItem(id, new SolvedSudoku(new SudokuPuzzle(Shape, cells, puzzle.Where), SudokuPuzzle.Line(full), trace));
    }

    /// <summary>
    /// The strict check: the text is of the grammar, its reverts undo what they should
    /// (<see cref="SudokuTrace.TryReplay"/>; apart from that the last write to a cell wins), and the final grid is full,
    /// has every digit once in every row, column and box, and keeps the givens. The steps' reasons are not judged. The answer
    /// is the final grid as a line, if full.
    /// </summary>
    public Verdict Verify(TaskItem item, string completion)
    {
        if (Grammar.ParsePrompt(item.Prompt) is not { } givens)
            return new Verdict(false);
        var grid = givens.AsSpan().ToArray();
        if (!Grammar.TryParse(completion, out var trace) || !SudokuTrace.TryReplay(trace, grid) || grid.AsSpan().Contains((byte)0))
            return new Verdict(false);
        var keepsGivens = true;
        for (var cell = 0; cell < grid.Length; cell++)
            keepsGivens &= givens[cell] == 0 || givens[cell] == grid[cell];
        return new Verdict(keepsGivens && Shape.IsSolved(grid), SudokuPuzzle.Line(grid));
    }

    /// <summary>
    /// The paper's own check (section 4): of all fills in the text the last write to a cell wins, guesses' listings, reverts
    /// and error lines are ignored, and more than 99% of the cells agree with the solution (on these boards: all of
    /// them). It forgives inconsistent traces and stray tokens.
    /// </summary>
    public bool VerifyLeniently(TaskItem item, string completion)
    {
        if (Grammar.ParsePrompt(item.Prompt) is not { } grid)
            return false;
        Span<byte> solution = stackalloc byte[Shape.NumCells];
        if (SudokuOracle.CountSolutions(new SudokuPuzzle(Shape, grid), solution) == 0)
            return false;
        foreach (var step in Grammar.ParseLeniently(completion))
        {
            if (step.Kind is SudokuEventKind.Fill or SudokuEventKind.Guess)
                grid[step.Cell] = (byte)step.Digit;
        }

        var agreeing = 0;
        for (var cell = 0; cell < grid.Length; cell++)
            agreeing += grid[cell] == solution[cell] ? 1 : 0;
        return agreeing > 0.99 * grid.Length;
    }

    /// <summary>Mistakes a completion makes on its way (section 4): 1 + reverts in it.</summary>
    public int CountMistakes(string completion) => 1 + SudokuTrace.CountReverts(Grammar.ParseLeniently(completion));

    private SudokuItem ToItem(string id, SolvedSudoku solved)
    {
        var direct = SudokuTrace.Direct(solved.Trace);
        return new SudokuItem(id, Grammar.WritePrompt(solved.Puzzle),
            Grammar.Write(Settings.Variant == SudokuVariant.Direct ? direct : solved.Trace),
            solved.Puzzle.ToString(), solved.Solution, SudokuTrace.CountReverts(solved.Trace),
            Grammar.CountTokens(solved.Trace), Grammar.CountTokens(direct));
    }
}
