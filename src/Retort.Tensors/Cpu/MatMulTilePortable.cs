namespace Retort.Tensors.Cpu;

/// <summary>The tile in plain scalar code, for machines without vectors that multiply and add in one rounding.</summary>
internal static unsafe class MatMulTilePortable
{
    private const int Lanes = MatMul.PanelWidth;

    /// <summary><paramref name="rows"/> rows by <paramref name="panels"/> panels.</summary>
    public static void Run<TStored>(in MatMulTile<TStored> tile, int rows, int panels)
        where TStored : unmanaged
    {
        var sums = stackalloc float[Lanes];
        for (nint r = 0; r < rows; r++)
        {
            for (nint p = 0; p < panels; p++)
            {
                var column = p * Lanes;
                for (var lane = 0; lane < Lanes; lane++)
                {
                    sums[lane] = tile.Start == null ? 0 : tile.Start[r * tile.LdStart + column + lane];
                }

                var panel = tile.Panel + p * tile.PanelStride;
                for (nint k = 0; k < tile.Depth; k++, panel += Lanes)
                {
                    var value = tile.X[r * tile.Ldx + k];
                    for (var lane = 0; lane < Lanes; lane++)
                    {
                        sums[lane] = MathF.FusedMultiplyAdd(value, Stored.Load(panel + Stored.Place<TStored>(lane)), sums[lane]);
                    }
                }

                for (var lane = 0; lane < Lanes; lane++)
                {
                    var sum = sums[lane];
                    sum = tile.Bias == null ? sum : sum + tile.Bias[column + lane];
                    sum = tile.Residual == null ? sum : tile.Residual[r * tile.LdResidual + column + lane] + sum;
                    tile.Y[r * tile.Ldy + column + lane] = sum;
                }
            }
        }
    }
}
