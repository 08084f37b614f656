using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>Covers a block of rows and whole panels with register tiles of the chosen width.</summary>
internal static unsafe class MatMulTiles
{
    private const int Lanes = MatMul.PanelWidth;

    /// <summary>The widest registers that multiply and add in one rounding on this machine.</summary>
    public static SimdWidth BestWidth =>
        Vector512.IsHardwareAccelerated ? SimdWidth.Vector512
        : Fma.IsSupported || AdvSimd.IsSupported ? SimdWidth.Vector256
        : SimdWidth.Portable;

    /// <summary>
    /// How many panels to hand to one call, so that few rows still fill the registers. Halves need one more register, for their mask.
    /// </summary>
    public static int PanelsPerCall<TStored>(SimdWidth width, int rows) => width switch
    {
        SimdWidth.Vector512 => 3,
        SimdWidth.Vector256 when typeof(TStored) == typeof(BFloat16) => rows switch { 1 => 4, 2 => 2, _ => 1 },
        SimdWidth.Vector256 => rows switch { 1 => 4, 2 => 3, 3 => 2, _ => 1 },
        _ => 1,
    };

    /// <summary>Computes <paramref name="rows"/> rows by <paramref name="panels"/> panels, at most
    /// <see cref="PanelsPerCall"/> of them.</summary>
    public static void Run<TStored>(SimdWidth width, in MatMulTile<TStored> tile, int rows, int panels)
        where TStored : unmanaged
    {
        if (width == SimdWidth.Portable)
        {
            MatMulTilePortable.Run(tile, rows, panels);
            return;
        }

        // Equal tiles, the taller ones first: 64 rows by at most 6 are 9 tiles of 6 and 2 of 5, never 10 and a 4.
        var tallest = width == SimdWidth.Vector512 ? 8 : 6;
        var tiles = (rows + tallest - 1) / tallest;
        var height = (rows + tiles - 1) / tiles;
        var shorter = tiles * height - rows;
        Run(width, tile, height, tiles - shorter, panels);
        if (shorter > 0)
        {
            Run(width, tile.Rows((nint)height * (tiles - shorter)), height - 1, shorter, panels);
        }
    }

    private static void Run<TStored>(SimdWidth width, in MatMulTile<TStored> tile, int height, int tiles, int panels)
        where TStored : unmanaged
    {
        if (width == SimdWidth.Vector512)
        {
            switch (panels)
            {
                case 1: Run512<N1, TStored>(tile, height, tiles); break;
                case 2: Run512<N2, TStored>(tile, height, tiles); break;
                default: Run512<N3, TStored>(tile, height, tiles); break;
            }

            return;
        }

        switch (height, panels)
        {
            case (1, 1): MatMulFewRows256.Run<N1, N1, TStored>(tile, tiles); break;
            case (1, 2): MatMulFewRows256.Run<N1, N2, TStored>(tile, tiles); break;
            case (1, 3): MatMulFewRows256.Run<N1, N3, TStored>(tile, tiles); break;
            case (1, _): MatMulFewRows256.Run<N1, N4, TStored>(tile, tiles); break;
            case (2, 1): MatMulFewRows256.Run<N2, N1, TStored>(tile, tiles); break;
            case (2, 2): MatMulFewRows256.Run<N2, N2, TStored>(tile, tiles); break;
            case (2, _): MatMulFewRows256.Run<N2, N3, TStored>(tile, tiles); break;
            case (3, 1): MatMulTile256.Run<N3, TStored>(tile, tiles); break;
            case (3, _): MatMulFewRows256.Run<N3, N2, TStored>(tile, tiles); break;
            case (4, _): MatMulTile256.Run<N4, TStored>(tile, tiles); break;
            case (5, _): MatMulTile256.Run<N5, TStored>(tile, tiles); break;
            default: MatMulTile256.Run<N6, TStored>(tile, tiles); break;
        }
    }

    private static void Run512<TPanels, TStored>(in MatMulTile<TStored> tile, int height, int tiles)
        where TPanels : struct, ICount
        where TStored : unmanaged
    {
        switch (height)
        {
            case 1: MatMulTile512.Run<N1, TPanels, TStored>(tile, tiles); break;
            case 2: MatMulTile512.Run<N2, TPanels, TStored>(tile, tiles); break;
            case 3: MatMulTile512.Run<N3, TPanels, TStored>(tile, tiles); break;
            case 4: MatMulTile512.Run<N4, TPanels, TStored>(tile, tiles); break;
            case 5: MatMulTile512.Run<N5, TPanels, TStored>(tile, tiles); break;
            case 6: MatMulTile512.Run<N6, TPanels, TStored>(tile, tiles); break;
            case 7: MatMulTile512.Run<N7, TPanels, TStored>(tile, tiles); break;
            default: MatMulTile512.Run<N8, TPanels, TStored>(tile, tiles); break;
        }
    }
}
