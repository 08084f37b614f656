namespace Retort.Tasks.Sudoku;

/// <summary>One pass over a text's tokens. A Try method that fails leaves the place where it was.</summary>
internal struct SudokuTokenReader(SudokuGrammar grammar, string text)
{
    private readonly string[] tokens = text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries);
    private int at;

    public readonly bool AtEnd => at == tokens.Length;

    public void Skip() => at++;

    public bool Take(string token)
    {
        if (AtEnd || tokens[at] != token)
            return false;
        at++;
        return true;
    }

    public bool TryStep(out SudokuEvent step)
    {
        step = default;
        if (AtEnd)
            return false;
        var start = at;
        var read = tokens[at] switch
        {
            SudokuGrammar.Guess when !grammar.Compact => TryGuess(out step),
            SudokuGrammar.Revert => TryRevert(out step),
            SudokuGrammar.NoCandidate when !grammar.Compact => TryNoCandidate(out step),
            SudokuGrammar.Invalid => TryInvalid(out step),
            _ when !grammar.Compact => TryFill(out step),
            _ => TryCompactCell(out step),
        };
        at = read ? at : start;
        return read;
    }

    public bool TryFill(out SudokuEvent step)
    {
        var start = at;
        var read = TakeCell(out var cell) & (grammar.Compact || Take("=")) & TakeDigit(out var digit) && TakeLineEnd();
        step = new SudokuEvent(SudokuEventKind.Fill, cell, digit);
        at = read ? at : start;
        return read;
    }

    /// <summary>Compact: a cell, then what becomes of it.</summary>
    private bool TryCompactCell(out SudokuEvent step)
    {
        step = default;
        if (!TakeCell(out var cell))
            return false;
        if (Take(SudokuGrammar.NoCandidate))
        {
            step = new SudokuEvent(SudokuEventKind.NoCandidate, cell);
            return true;
        }

        var (isGuess, candidates) = (Take(SudokuGrammar.Guess), 0);
        if ((isGuess && !(TakeCandidates(out candidates) && Take("="))) || !TakeDigit(out var digit))
            return false;
        step = new SudokuEvent(isGuess ? SudokuEventKind.Guess : SudokuEventKind.Fill, cell, digit, candidates);
        return true;
    }

    /// <summary>The paper's form repeats the guess as a fill: one step, not two.</summary>
    private bool TryGuess(out SudokuEvent step)
    {
        step = default;
        if (!(Take(SudokuGrammar.Guess) && TakeColon() && TakeCell(out var cell) && TakeCandidates(out var candidates)
            && Take("=") && TakeDigit(out var digit) && TakeLineEnd()))
            return false;
        step = new SudokuEvent(SudokuEventKind.Guess, cell, digit, candidates);
        var afterGuess = at;
        if (!(TryFill(out var fill) && (fill.Cell, fill.Digit) == (cell, digit)))
            at = afterGuess;
        return true;
    }

    private bool TryRevert(out SudokuEvent step)
    {
        step = default;
        var candidates = 0;
        if (!(Take(SudokuGrammar.Revert) && TakeColon() && TakeCell(out var cell)))
            return false;
        if (!grammar.Compact && !(TakeCandidates(out candidates) && Take("=") && Take(SudokuGrammar.None) && TakeLineEnd()))
            return false;
        step = new SudokuEvent(SudokuEventKind.Revert, cell, 0, candidates);
        return true;
    }

    private bool TryInvalid(out SudokuEvent step)
    {
        step = new SudokuEvent(SudokuEventKind.Invalid);
        return Take(SudokuGrammar.Invalid) && TakeLineEnd();
    }

    private bool TryNoCandidate(out SudokuEvent step)
    {
        var read = Take(SudokuGrammar.NoCandidate) & TakeColon() & TakeCell(out var cell) && TakeLineEnd();
        step = new SudokuEvent(SudokuEventKind.NoCandidate, cell);
        return read;
    }

    private bool TakeColon() => grammar.Compact || Take(":");

    private bool TakeLineEnd() => grammar.Compact || Take(SudokuGrammar.NewLine);

    private bool TakeCell(out int cell)
    {
        cell = 0;
        if (AtEnd || !grammar.TryCell(tokens[at], out cell))
            return false;
        at++;
        return true;
    }

    private bool TakeDigit(out int digit)
    {
        digit = AtEnd || tokens[at].Length != 1 ? 0 : tokens[at][0] - '0';
        if (digit < 1 || digit > grammar.Shape.Size)
        {
            digit = 0;
            return false;
        }

        at++;
        return true;
    }

    private bool TakeCandidates(out int candidates)
    {
        candidates = 0;
        if (!grammar.Compact && !Take("["))
            return false;
        while (TakeDigit(out var digit))
        {
            candidates |= 1 << (digit - 1);
            if (!grammar.Compact && !Take(","))
                break;
        }

        return candidates != 0 && (grammar.Compact || Take("]"));
    }
}
