using System.Numerics;
using System.Text;

namespace Retort.Tasks.Sudoku;

/// <summary>
/// How prompts and traces are written: tokens separated by single spaces, one position token a cell (r1c1, r1c2, ...).
/// <code>
/// compact                                       paper (section 2.6; "n" stands for the line's end)
///   prompt     { cell digit } solving             original : { cell = digit n } solving SOL_S
///   fill       cell digit                         cell = digit n
///   guess      cell guess { digit } = digit       guess : cell [ digit { , digit } ] = digit n cell = digit n
///   dead end   cell nocand  |  invalid            nocand : cell n  |  invalid n
///   revert     revert cell                        revert : cell [ digit { , digit } ] = none n
///   end        (none)                             SOL_E
/// </code>
/// A guess in compact form is also the fill. Its cell comes first, so that the word after it can be told from what the cell sees. A revert undoes the innermost guess that stands, which is of that cell.
/// </summary>
public sealed class SudokuGrammar
{
    internal const string Guess = "guess", Revert = "revert", NoCandidate = "nocand", Invalid = "invalid", Solving = "solving",
        Original = "original", NewLine = "n", None = "none", Start = "SOL_S", End = "SOL_E";

    private readonly Dictionary<string, int> cellOf = [];

    /// <summary>The grammar of a board in one form.</summary>
    public SudokuGrammar(SudokuShape shape, SudokuFormat format)
    {
        (Shape, Format) = (shape, format);
        var digits = Enumerable.Range(1, shape.Size).Select(d => $"{d}");
        string[] words = format == SudokuFormat.Compact
            ? ["=", Guess, Revert, NoCandidate, Invalid, Solving]
            : ["=", Guess, Revert, NoCandidate, Invalid, Solving, Original, "[", "]", None, NewLine, ":", ",", Start, End];
        Vocabulary = [.. digits, .. words, .. shape.CellNames];
        for (var cell = 0; cell < shape.NumCells; cell++)
            cellOf[shape.CellNames[cell]] = cell;
    }

    /// <summary>The board.</summary>
    public SudokuShape Shape { get; }

    /// <summary>The form.</summary>
    public SudokuFormat Format { get; }

    /// <summary>
    /// Digits, words, positions. In paper form on 9x9 that is 105 tokens: the paper's 109 less START, END, MASK and the
    /// unknown token, which belong to the tokenizer.
    /// </summary>
    public IReadOnlyList<string> Vocabulary { get; }

    internal bool Compact => Format == SudokuFormat.Compact;

    /// <summary>The givens, up to and with the token after which the answer begins.</summary>
    public string WritePrompt(SudokuPuzzle puzzle)
    {
        var text = new StringBuilder(Compact ? "" : Original + " : ");
        for (var cell = 0; cell < Shape.NumCells; cell++)
        {
            if (puzzle.Cells[cell] != 0)
                Append(text, new SudokuEvent(SudokuEventKind.Fill, cell, puzzle.Cells[cell]));
        }

        return text.Append(Compact ? Solving : Solving + " " + Start).ToString();
    }

    /// <summary>The answer: the steps, and in paper form the end token.</summary>
    public string Write(ReadOnlySpan<SudokuEvent> trace)
    {
        var text = new StringBuilder();
        foreach (var step in trace)
            Append(text, step);
        return Compact ? text.ToString().TrimEnd() : text.Append(End).ToString();
    }

    /// <summary>Tokens of <see cref="Write"/>'s text.</summary>
    public int CountTokens(ReadOnlySpan<SudokuEvent> trace)
    {
        var tokens = Compact ? 0 : 1;
        foreach (var step in trace)
        {
            var candidates = BitOperations.PopCount((uint)step.Candidates);
            tokens += (step.Kind, Compact) switch
            {
                (SudokuEventKind.Fill, true) => 2,
                (SudokuEventKind.Fill, false) => 4,
                (SudokuEventKind.Guess, true) => 4 + candidates,
                (SudokuEventKind.Guess, false) => 11 + 2 * candidates,
                (SudokuEventKind.Revert, true) => 2,
                (SudokuEventKind.Revert, false) => 7 + 2 * candidates,
                (SudokuEventKind.NoCandidate, _) => Compact ? 2 : 4,
                _ => Compact ? 1 : 2,
            };
        }

        return tokens;
    }

    /// <summary>Tokens of a prompt with so many givens.</summary>
    public int CountPromptTokens(int numGivens) => Compact ? 2 * numGivens + 1 : 4 * numGivens + 4;

    /// <summary>
    /// Reads an answer back. In paper form nothing after the end token counts, and the end token may be missing. False
    /// if the text is not of the grammar; <paramref name="trace"/> then holds the steps before the fault.
    /// </summary>
    public bool TryParse(string text, out SudokuEvent[] trace)
    {
        var wellFormed = Parse(text, lenient: false, out var steps);
        trace = [.. steps];
        return wellFormed;
    }

    /// <summary>Reads whatever steps there are in a text, skipping tokens that begin none.</summary>
    public SudokuEvent[] ParseLeniently(string text)
    {
        Parse(text, lenient: true, out var steps);
        return [.. steps];
    }

    /// <summary>The givens a prompt states, as row-major digits with 0 for empty cells; null if it is no prompt.</summary>
    public byte[]? ParsePrompt(string prompt)
    {
        var reader = new SudokuTokenReader(this, prompt);
        if (!Compact && !(reader.Take(Original) && reader.Take(":")))
            return null;
        var cells = new byte[Shape.NumCells];
        while (reader.TryFill(out var given))
            cells[given.Cell] = (byte)given.Digit;
        return reader.Take(Solving) && (Compact || reader.Take(Start)) && reader.AtEnd ? cells : null;
    }

    internal bool TryCell(string token, out int cell) => cellOf.TryGetValue(token, out cell);

    private bool Parse(string text, bool lenient, out List<SudokuEvent> steps)
    {
        steps = [];
        var reader = new SudokuTokenReader(this, text);
        while (!reader.AtEnd && (Compact || !reader.Take(End)))
        {
            if (reader.TryStep(out var step))
                steps.Add(step);
            else if (lenient)
                reader.Skip();
            else
                return false;
        }

        return true;
    }

    private void Append(StringBuilder text, SudokuEvent step)
    {
        var cell = Shape.CellNames[step.Cell];
        _ = (step.Kind, Compact) switch
        {
            (SudokuEventKind.Fill, true) => text.Append($"{cell} {step.Digit} "),
            (SudokuEventKind.Fill, false) => text.Append($"{cell} = {step.Digit} {NewLine} "),
            (SudokuEventKind.Guess, true) => text.Append($"{cell} {Guess} {Digits(step.Candidates, " ")} = {step.Digit} "),
            (SudokuEventKind.Guess, false) => text.Append(
                $"{Guess} : {cell} [ {Digits(step.Candidates, " , ")} ] = {step.Digit} {NewLine} {cell} = {step.Digit} {NewLine} "),
            (SudokuEventKind.Revert, true) => text.Append($"{Revert} {cell} "),
            (SudokuEventKind.Revert, false) => text.Append(
                $"{Revert} : {cell} [ {Digits(step.Candidates, " , ")} ] = {None} {NewLine} "),
            (SudokuEventKind.NoCandidate, true) => text.Append($"{cell} {NoCandidate} "),
            (SudokuEventKind.NoCandidate, false) => text.Append($"{NoCandidate} : {cell} {NewLine} "),
            _ => text.Append($"{Invalid} {LineEnd}"),
        };
    }

    private string LineEnd => Compact ? "" : NewLine + " ";

    private static string Digits(int candidates, string separator) =>
        string.Join(separator, Enumerable.Range(1, 9).Where(digit => (candidates >> (digit - 1) & 1) != 0));
}
