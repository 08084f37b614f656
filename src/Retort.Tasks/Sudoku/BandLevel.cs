namespace Retort.Tasks.Sudoku;

/// <summary>The board at one guess of <see cref="BandSearch"/>. Index of digit d (from 0) and band b: d * bands + b.</summary>
internal sealed class BandLevel(int size, int numBands)
{
    /// <summary>Where each digit may be.</summary>
    public uint[] Places { get; } = new uint[size * numBands];

    /// <summary>The value of <see cref="Places"/> the tables were last applied to.</summary>
    public uint[] Settled { get; } = new uint[size * numBands];

    /// <summary>Cells whose digit is certain and struck from their other candidates, by band.</summary>
    public uint[] Filled { get; } = new uint[numBands];

    public void CopyFrom(BandLevel other)
    {
        other.Places.CopyTo(Places, 0);
        other.Settled.CopyTo(Settled, 0);
        other.Filled.CopyTo(Filled, 0);
    }
}
