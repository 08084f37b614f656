namespace Retort.Tasks.Sudoku;

/// <summary>A board in the middle of a solution: digits and the candidates of every empty cell (as sets; 0 when filled).</summary>
internal sealed class PencilMarks(SudokuShape shape)
{
    public SudokuShape Shape => shape;

    public byte[] Cells { get; } = new byte[shape.NumCells];

    public int[] Candidates { get; } = new int[shape.NumCells];

    public int NumEmpty { get; private set; }

    public void Load(ReadOnlySpan<byte> givens)
    {
        Cells.AsSpan().Clear();
        Candidates.AsSpan().Fill(shape.AllDigits);
        NumEmpty = shape.NumCells;
        for (var cell = 0; cell < givens.Length; cell++)
        {
            if (givens[cell] != 0)
                Place(cell, givens[cell]);
        }
    }

    public void CopyFrom(PencilMarks other)
    {
        other.Cells.CopyTo(Cells, 0);
        other.Candidates.CopyTo(Candidates, 0);
        NumEmpty = other.NumEmpty;
    }

    /// <summary>Writes a digit and strikes it from every cell that sees it.</summary>
    public void Place(int cell, int digit)
    {
        Cells[cell] = (byte)digit;
        Candidates[cell] = 0;
        NumEmpty--;
        foreach (var peer in shape.Peers[cell])
            Candidates[peer] &= ~(1 << (digit - 1));
    }

    /// <summary>Strikes digits from a cell; true if one was there.</summary>
    public bool Strike(int cell, int digits)
    {
        if ((Candidates[cell] & digits) == 0)
            return false;
        Candidates[cell] &= ~digits;
        return true;
    }
}
