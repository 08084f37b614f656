namespace Retort.Tasks.Sudoku;

/// <summary>
/// What <see cref="BandSearch"/> looks up. A band is a row of boxes; a digit's places in it are a word of bits, row by
/// row, <c>Size</c> bits a row. A minirow is what a row and a box share. Boxes of a band = rows of a band = BoxHeight.
/// </summary>
internal sealed class BandTables
{
    private static readonly BandTables?[] BySize = new BandTables?[10];

    private BandTables(SudokuShape shape)
    {
        var (size, height, width) = (shape.Size, shape.BoxHeight, shape.BoxWidth);
        (Occupied, Single, LoneColumns) = (new byte[1 << size], new ushort[1 << size], new uint[1 << size]);
        for (var row = 0; row < 1 << size; row++)
        {
            Single[row] = (ushort)((row & (row - 1)) == 0 ? row : 0);
            for (var box = 0; box < height; box++)
            {
                var inBox = row & ((1 << width) - 1) << (box * width);
                Occupied[row] |= (byte)(inBox != 0 ? 1 << box : 0);
                for (var r = 0; r < height && (inBox & (inBox - 1)) == 0; r++)
                    LoneColumns[row] |= (uint)inBox << (r * size);
            }
        }

        Reachable = new uint[1 << (height * height)];
        for (var pattern = 0; pattern < Reachable.Length; pattern++)
            Reachable[pattern] = ReachableFrom(shape, pattern, row: 0, boxesTaken: 0, cells: 0);
    }

    /// <summary>By a row's places: the boxes they lie in, one bit a box.</summary>
    public byte[] Occupied { get; }

    /// <summary>By a row's places: the place itself if it is the only one, else 0.</summary>
    public ushort[] Single { get; }

    /// <summary>
    /// By the columns a band has places in: those alone in their box, in every row of a band. The digit is in this band
    /// in such a column, so in no other.
    /// </summary>
    public uint[] LoneColumns { get; }

    /// <summary>
    /// By the occupied minirows (bit row * boxes + box): all cells of the minirows that are part of some way to give every
    /// row of the band its own box; 0 if there is none. This is hidden single, pointing and claiming within a band at once.
    /// </summary>
    public uint[] Reachable { get; }

    public static BandTables Of(SudokuShape shape) => BySize[shape.Size] ??= new BandTables(shape);

    private static uint ReachableFrom(SudokuShape shape, int pattern, int row, int boxesTaken, uint cells)
    {
        if (row == shape.BoxHeight)
            return cells;
        var reachable = 0u;
        for (var box = 0; box < shape.BoxHeight; box++)
        {
            if ((boxesTaken >> box & 1) != 0 || (pattern >> (row * shape.BoxHeight + box) & 1) == 0)
                continue;
            var minirow = ((1u << shape.BoxWidth) - 1) << (row * shape.Size + box * shape.BoxWidth);
            reachable |= ReachableFrom(shape, pattern, row + 1, boxesTaken | 1 << box, cells | minirow);
        }

        return reachable;
    }
}
