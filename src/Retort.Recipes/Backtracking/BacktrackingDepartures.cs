using Retort.Tasks.CountDown;
using Retort.Tasks.Sudoku;

namespace Retort.Recipes.Backtracking;

/// <summary>How a run of some settings differs from the paper, a line each: as honest as a methods section.</summary>
internal static class BacktrackingDepartures
{
    /// <summary>The lines that are true of these settings.</summary>
    public static IReadOnlyList<string> Of(BacktrackingSettings settings)
    {
        var (countDown, sudoku, paper) = (settings.CountDown, settings.Sudoku, CountDownSettings.Paper);
        (bool Applies, string Line)[] lines =
        [
            (countDown.Format == CountDownFormat.Compact,
                "CountDown's traces are written in compact tokens (whole numbers, one token an operator), about an eighth of the paper's length; budgets shrink alike."),
            (countDown.RestateTarget, "A single number is followed by the target in compact tokens too, as in the paper's lines."),
            (countDown.Numbers != paper.Numbers || countDown.Target != paper.Target,
                $"CountDown draws numbers from {countDown.Numbers} and targets from {countDown.Target}; the paper from {paper.Numbers} and {paper.Target}."),
            (countDown.MaxIntermediate is not null || !countDown.AllowZero,
                $"Intermediate values are at most {countDown.MaxIntermediate}{(countDown.AllowZero ? "" : " and never zero")}; the paper's have no limit."),
            (countDown.HeldOutTargetShare != paper.HeldOutTargetShare, "No targets are held out from training; the problems asked are unseen, their targets are not."),
            (countDown.Heuristic != HeuristicChoice.AsPublished,
                $"All traces use the heuristic {countDown.Heuristic}; the paper draws one of two for each problem."),
            (true, "Windows of long traces begin with the prompt again and a gap mark, so that every token is conditioned on its problem; the paper's do not."),
            (settings.CountDownStudy.WindowsPerTrace > 0 || settings.SudokuStudy.WindowsPerTrace > 0,
                "Only a trace's first windows are trained on (config: windowsPerTrace), not all."),
            (settings.CountDownStudy.Lengths.Count > 0 || settings.SudokuStudy.Lengths.Count > 0,
                "Searching models learn short traces first (config: lengths); where strategies differ in length, as in the mix, this changes their shares."),
            (settings.CountDownStudy.MarkWeight != 1, "The marks after a single number weigh more in the searching models' loss (config: markWeight)."),
            (sudoku.Size != SudokuSettings.Paper.Size,
                $"Sudoku is {sudoku.Size}x{sudoku.Size} instead of 9x9; the shallow set has {settings.ShallowSudoku.EasyFills} cells filled beforehand, as the paper's easy one has."),
            (sudoku.Strategies != SudokuSettings.Paper.Strategies, "Sudoku is searched with other strategies than the paper's eight (config: sudoku.strategies)."),
            (sudoku.Format == SudokuFormat.Compact, "Sudoku's traces are written in compact tokens; a guess names its cell before it says that it guesses."),
            (true, "Sudoku guesses the first empty cell in row-major order; the paper's order is close to that."),
            (settings.Main.QueryKeyNorm, "Queries and keys are normalised."),
            (settings.Main.HiddenSize < 512, "Models have far fewer parameters and see far fewer tokens; learning rates are higher and batches smaller."),
            (true, "Direct models learn from as many problems as searching ones; the paper's from 285,000 of the 500,000."),
            (true, "Solved means a strict check: operands used up, all numbers used, every return to a state that exists. The paper's checker is lenient."),
            (true, "Equal compute comes from the engine's FLOP counts (output head included), not from pairing positions; best-of-n is the unbiased estimate."),
            (settings.SearchRl.Temperature != 0.7 || settings.DirectRl.Temperature != 0.7, "GRPO samples at another temperature than the paper's 0.7 (config: searchRl, directRl)."),
            (settings.SearchRl.PromptsPerStep != 256, "GRPO takes fewer and smaller steps at a far higher learning rate; the searching model's were chosen by trying on one seed (config: searchRl, directRl)."),
            (true, "The last checkpoint is used, not the one with the best validation loss."),
            (true, "Stacked CountDown's contexts, budgets and parts by length are twice the plain ones."),
        ];
        return [.. lines.Where(line => line.Applies).Select(line => line.Line)];
    }
}
