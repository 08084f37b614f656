using CsCheck;
using Retort.Tasks.Sudoku;

namespace Retort.Tasks.Tests.Sudoku;

public class SudokuTraceTests
{
    private static readonly SudokuSettings[] Bases =
    [
        SudokuSettings.Shallow4x4,
        SudokuSettings.Shallow6x6,
        SudokuSettings.Hard6x6,
        SudokuSettings.Plain6x6,
        SudokuSettings.Shallow6x6 with { Givens = new(8, 11), Strategies = SudokuStrategies.Full },
        SudokuSettings.Paper with { Givens = new(24, 30) },
        SudokuSettings.Paper with { Givens = new(28, 34), Strategies = SudokuStrategies.LoneSingles },
    ];

    private static readonly Gen<(SudokuShape Shape, SolvedSudoku Solved)> GenSolved = Gen.Select(
        Gen.Int[0, Bases.Length - 1].Select(i => Bases[i]), Gen.ULong, (settings, seed) =>
            (SudokuShape.Of(settings.Size), new SudokuGenerator(settings with { Seed = seed }).Create(Split.Train, 0)));

    [Fact]
    public void A_trace_replays_to_the_solution() => GenSolved.Sample((shape, solved) =>
    {
        var cells = solved.Puzzle.Cells.ToArray();
        Assert.True(SudokuTrace.TryReplay(solved.Trace, cells));
        Assert.Equal(solved.Solution, SudokuPuzzle.Line(cells));
    }, iter: 150);

    [Fact]
    public void A_direct_solution_fills_every_empty_cell_once_and_right() => GenSolved.Sample((shape, solved) =>
    {
        var direct = SudokuTrace.Direct(solved.Trace);
        Assert.All(direct, step => Assert.Equal(SudokuEventKind.Fill, step.Kind));
        Assert.All(direct, step => Assert.Equal(solved.Solution[step.Cell] - '0', step.Digit));
        Assert.Equal(Enumerable.Range(0, shape.NumCells).Where(cell => solved.Puzzle.Cells[cell] == 0),
            direct.Select(step => step.Cell).Order());
    }, iter: 150);

    [Fact]
    public void Every_step_is_what_the_rules_say() => GenSolved.Sample((shape, solved) =>
    {
        var cells = solved.Puzzle.Cells.ToArray();
        for (var i = 0; i < solved.Trace.Length; i++)
        {
            var step = solved.Trace[i];
            Assert.True(SudokuTrace.TryReplay(solved.Trace.AsSpan(0, i), solved.Puzzle.Cells.ToArray().AsSpan()));
            cells = solved.Puzzle.Cells.ToArray();
            SudokuTrace.TryReplay(solved.Trace.AsSpan(0, i), cells);
            var free = shape.AllDigits;
            foreach (var peer in shape.Peers[step.Cell])
                free &= cells[peer] == 0 ? ~0 : ~(1 << (cells[peer] - 1));
            switch (step.Kind)
            {
                case SudokuEventKind.Fill:
                    Assert.Equal(0, cells[step.Cell]);
                    Assert.NotEqual(0, free >> (step.Digit - 1) & 1);
                    break;
                case SudokuEventKind.Guess:
                    // The first empty cell, a choice among candidates that the board allows, tried in ascending order.
                    Assert.Equal(Array.IndexOf(cells, (byte)0), step.Cell);
                    Assert.Equal(step.Candidates, step.Candidates & free);
                    Assert.True(int.PopCount(step.Candidates) >= 2);
                    Assert.NotEqual(0, step.Candidates >> (step.Digit - 1) & 1);
                    break;
                case SudokuEventKind.NoCandidate or SudokuEventKind.Invalid:
                    Assert.Equal(SudokuEventKind.Revert, solved.Trace[i + 1].Kind);
                    break;
            }
        }
    }, iter: 100);

    [Fact]
    public void Without_strategies_every_step_is_about_the_first_empty_cell_and_all_its_candidates()
    {
        for (var index = 0; index < 40; index++)
        {
            var shape = SudokuShape.Of(6);
            var solved = new SudokuGenerator(SudokuSettings.Plain6x6).Create(Split.Train, index);
            var cells = new byte[shape.NumCells];
            for (var i = 0; i < solved.Trace.Length; i++)
            {
                solved.Puzzle.Cells.CopyTo(cells);
                SudokuTrace.TryReplay(solved.Trace.AsSpan(0, i), cells);
                var step = solved.Trace[i];
                if (step.Kind == SudokuEventKind.Revert)
                    continue;
                Assert.Equal(Array.IndexOf(cells, (byte)0), step.Cell);
                var free = shape.AllDigits;
                foreach (var peer in shape.Peers[step.Cell])
                    free &= cells[peer] == 0 ? ~0 : ~(1 << (cells[peer] - 1));
                var listed = step.Kind switch
                {
                    SudokuEventKind.NoCandidate => 0,
                    SudokuEventKind.Fill => 1 << (step.Digit - 1),
                    _ => step.Candidates,
                };
                Assert.Equal(free, listed);
            }
        }
    }

    [Fact]
    public void Lone_singles_are_taken_from_the_top_of_the_board()
    {
        // Row 1 lacks its last digit and so does row 4: the first comes first, though both are ready.
        var puzzle = SudokuPuzzle.Parse("123.34..21..432.");
        var trace = new TraceSolver(puzzle.Shape, SudokuStrategies.LoneSingles).Solve(puzzle.Cells, 0);
        Assert.Equal([3, 6, 7, 10, 11, 15], trace!.Select(step => step.Cell));
    }

    [Fact]
    public void The_full_strategies_never_undo_more_guesses_than_lone_singles_in_total()
    {
        var (full, lone) = (0, 0);
        for (var i = 0; i < 100; i++)
        {
            var puzzle = new SudokuGenerator(Bases[2]).Create(Split.Test, i).Puzzle;
            full += Reverts(SudokuStrategies.Full);
            lone += Reverts(SudokuStrategies.LoneSingles);

            int Reverts(SudokuStrategies strategies) =>
                SudokuTrace.CountReverts(new TraceSolver(puzzle.Shape, strategies).Solve(puzzle.Cells, 1000));
        }

        Assert.True(full * 5 < lone, $"{full} against {lone}");
    }

    [Fact]
    public void A_board_without_solution_has_no_trace_and_the_solver_says_it_did_not_give_up()
    {
        var blocked = SudokuPuzzle.Parse("123....4........");
        var solver = new TraceSolver(blocked.Shape, SudokuStrategies.LoneSingles);
        Assert.Null(solver.Solve(blocked.Cells, 1000));
        Assert.False(solver.GaveUp);
    }

    [Theory]
    [InlineData(SudokuFormat.Compact)]
    [InlineData(SudokuFormat.Paper)]
    public void Traces_and_prompts_survive_writing_and_reading(SudokuFormat format) => GenSolved.Sample((shape, solved) =>
    {
        var grammar = new SudokuGrammar(shape, format);
        var text = grammar.Write(solved.Trace);
        Assert.True(grammar.TryParse(text, out var read));
        // The compact form does not list candidates again when it reverts.
        Assert.Equal(solved.Trace.Select(Written), read);
        Assert.Equal(text, grammar.Write(read));
        Assert.Equal(read, grammar.ParseLeniently(text));
        Assert.Equal(grammar.CountTokens(solved.Trace), text.Split(' ').Length);
        Assert.Equal(solved.Puzzle.Cells.ToArray(), grammar.ParsePrompt(grammar.WritePrompt(solved.Puzzle)));
        Assert.All(text.Split(' '), token => Assert.Contains(token, grammar.Vocabulary));
        Assert.All(grammar.WritePrompt(solved.Puzzle).Split(' '), token => Assert.Contains(token, grammar.Vocabulary));

        SudokuEvent Written(SudokuEvent step) =>
            format == SudokuFormat.Compact && step.Kind == SudokuEventKind.Revert ? step with { Candidates = 0 } : step;
    }, iter: 60);

    [Fact]
    public void The_paper_form_has_the_papers_vocabulary_and_lines()
    {
        var grammar = new SudokuGrammar(SudokuShape.Of(9), SudokuFormat.Paper);
        Assert.Equal(105, grammar.Vocabulary.Distinct().Count());
        SudokuEvent[] trace =
        [
            new(SudokuEventKind.Fill, 3, 7), new(SudokuEventKind.Guess, 9, 2, 0b110), new(SudokuEventKind.NoCandidate, 12),
            new(SudokuEventKind.Revert, 9, 0, 0b110), new(SudokuEventKind.Invalid),
        ];
        Assert.Equal(
            "r1c4 = 7 n guess : r2c1 [ 2 , 3 ] = 2 n r2c1 = 2 n nocand : r2c4 n revert : r2c1 [ 2 , 3 ] = none n invalid n SOL_E",
            grammar.Write(trace));
        Assert.Equal("r1c4 7 r2c1 guess 2 3 = 2 r2c4 nocand revert r2c1 invalid",
            new SudokuGrammar(grammar.Shape, SudokuFormat.Compact).Write(trace));
        var (prompt, answer) = (grammar.CountPromptTokens(24), grammar.CountTokens(new SudokuEvent[57]));
        // The paper: about 328 tokens with the board, whatever the board.
        Assert.Equal(329, prompt + answer);
    }

    [Fact]
    public void A_step_cut_short_is_not_of_the_grammar()
    {
        var grammar = new SudokuGrammar(SudokuShape.Of(6), SudokuFormat.Compact);
        foreach (var text in new[] { "r1c1", "r1c1 7", "guess", "r1c1 guess = 2", "r1c1 guess revert r1c1", "guess r1c1 1 2 = 1", "revert", "nocand r1c1", "r1c1 1 2", "solving" })
            Assert.False(grammar.TryParse(text, out _), text);
    }
}
