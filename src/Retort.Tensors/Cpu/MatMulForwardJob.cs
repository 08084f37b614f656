namespace Retort.Tensors.Cpu;

/// <summary>Chunks of <c>Y = X W^T</c>: a block of rows by a range of panels.</summary>
internal sealed unsafe class MatMulForwardJob<TStored> : PoolJob
    where TStored : unmanaged
{
    private const int Lanes = MatMul.PanelWidth;

    /// <summary>Floats of X a block of rows may take, so that it stays in a second-level cache of 512 KB.</summary>
    private const int BlockFloats = 40 * 1024;
    private const int LongestDepth = 320, UsualDepth = 256, MostPanelsPerCall = 4;

    public float* X, Bias, Residual, Y;
    public TStored* Panels;
    public nint Ldx, LdResidual, Ldy;
    public int Rows, InDim, OutDim;
    public SimdWidth Width;
    public WorkerPool? Pool;

    private int rowBlock, panelBlocks, panelsPerBlock;

    /// <summary>Cuts the product for a number of threads and returns the number of chunks.</summary>
    public int Plan(int threads)
    {
        var panels = MatMulPanels.Count(OutDim);
        var tallest = Width == SimdWidth.Vector512 ? 8 : 6;
        var block = Math.Clamp(BlockFloats / Math.Max(1, InDim), 8 * tallest, 192);
        var rowBlocks = (Rows + block - 1) / block;
        if (rowBlocks > threads)
        {
            rowBlocks = (rowBlocks + threads - 1) / threads * threads;
        }

        rowBlock = ((Rows + rowBlocks - 1) / rowBlocks + tallest - 1) / tallest * tallest;
        rowBlocks = (Rows + rowBlock - 1) / rowBlock;
        var wanted = threads == 1 ? 1 : Math.Min(panels, Math.Max(1, (4 * threads + rowBlocks - 1) / rowBlocks));
        panelsPerBlock = (panels + wanted - 1) / wanted;
        if (rowBlocks == 1 && wanted > 1)
        {
            var unit = MatMulTiles.PanelsPerCall<TStored>(Width, Rows);
            panelsPerBlock = (panelsPerBlock + unit - 1) / unit * unit;
        }

        panelBlocks = (panels + panelsPerBlock - 1) / panelsPerBlock;
        Pool!.ReserveScratch((long)rowBlock * MostPanelsPerCall * Lanes);
        return rowBlocks * panelBlocks;
    }

    public override void Execute(int chunk, int worker)
    {
        var firstRow = chunk / panelBlocks * rowBlock;
        var rows = Math.Min(rowBlock, Rows - firstRow);
        var panel = chunk % panelBlocks * panelsPerBlock;
        var end = Math.Min(panel + panelsPerBlock, MatMulPanels.Count(OutDim));
        var fullPanels = OutDim / Lanes;
        var perCall = MatMulTiles.PanelsPerCall<TStored>(Width, rows);
        var partial = Pool!.Scratch(worker);
        while (panel < end)
        {
            // Calls of equal width: 4 panels by at most 3 are 2 and 2. A padded panel goes alone.
            var full = Math.Min(end, fullPanels) - panel;
            var calls = (full + perCall - 1) / perCall;
            var panels = full <= 0 ? 1 : (full + calls - 1) / calls;
            Panel(firstRow, rows, panel, panels, full <= 0, partial);
            panel += panels;
        }
    }

    private void Panel(int firstRow, int rows, int panel, int panels, bool padded, float* partial)
    {
        var column = (nint)panel * Lanes;
        var stride = (nint)InDim * Lanes;
        var y = Y + firstRow * Ldy + column;
        var residual = Residual == null ? null : Residual + firstRow * LdResidual + column;
        var bias = Bias == null ? null : Bias + column;

        // Depth in blocks whose panel stays in the first-level cache while the rows pass over it.
        var blocks = InDim <= LongestDepth || rows <= 8 ? 1 : (InDim + UsualDepth - 1) / UsualDepth;
        var depth = ((InDim + blocks - 1) / blocks + 7) / 8 * 8;
        var tile = new MatMulTile<TStored> { Ldx = Ldx, PanelStride = stride, LdStart = panels * Lanes };
        for (var k = 0; ; k += depth)
        {
            var last = k + depth >= InDim;
            tile.X = X + firstRow * Ldx + k;
            tile.Panel = Panels + panel * stride + (nint)k * Lanes;
            tile.Depth = Math.Min(depth, InDim - k);
            tile.Start = k == 0 ? null : partial;
            tile.Y = last && !padded ? y : partial;
            tile.Ldy = last && !padded ? Ldy : tile.LdStart;
            tile.Bias = last && !padded ? bias : null;
            tile.Residual = last && !padded ? residual : null;
            tile.LdResidual = LdResidual;
            tile.Ahead = last ? stride - (nint)k * Lanes : (nint)depth * Lanes;
            MatMulTiles.Run(Width, tile, rows, panels);
            if (last)
            {
                break;
            }
        }

        if (padded)
        {
            Finish(rows, OutDim - (int)column, partial, bias, residual, y);
        }
    }

    /// <summary>The last panel's own columns, from the padded tile.</summary>
    private void Finish(int rows, int columns, float* partial, float* bias, float* residual, float* y)
    {
        for (nint r = 0; r < rows; r++)
        {
            for (nint c = 0; c < columns; c++)
            {
                var sum = partial[r * Lanes + c];
                sum = bias == null ? sum : sum + bias[c];
                y[r * Ldy + c] = residual == null ? sum : residual[r * LdResidual + c] + sum;
            }
        }
    }
}
