namespace Retort.Tensors.Reference;

/// <summary>Scalar rotary positions; see <see cref="Cpu.Rope"/>.</summary>
internal static unsafe class Rope
{
    /// <inheritdoc cref="Cpu.Rope.Rotate"/>
    internal static void Rotate(
        float* x, int ld, int startColumn, int numHeads, int headDim, int* positions, float* cos, float* sin,
        bool inverse, int r0, int r1)
    {
        var half = headDim / 2;
        for (var r = r0; r < r1; r++)
        {
            for (var h = 0; h < numHeads; h++)
            {
                var head = x + (nint)r * ld + startColumn + h * headDim;
                for (var d = 0; d < half; d++)
                {
                    var c = cos[(nint)positions[r] * half + d];
                    var s = sin[(nint)positions[r] * half + d];
                    s = inverse ? -s : s;
                    var (a, b) = (head[d], head[half + d]);
                    head[d] = MathF.FusedMultiplyAdd(-b, s, a * c);
                    head[half + d] = MathF.FusedMultiplyAdd(a, s, b * c);
                }
            }
        }
    }
}

/// <summary>Scalar embedding; see <see cref="Cpu.Embedding"/>.</summary>
internal static unsafe class Embedding
{
    /// <inheritdoc cref="Cpu.Embedding.Gather"/>
    internal static void Gather(float* table, int width, int* ids, float* y, int ldY, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            for (var i = 0; i < width; i++)
            {
                y[(nint)r * ldY + i] = ids[r] < 0 ? 0 : table[(nint)ids[r] * width + i];
            }
        }
    }

    /// <inheritdoc cref="Cpu.Embedding.GatherFromPanels"/>
    internal static void GatherFromPanels(PanelMatrix table, int* ids, Tensor y)
    {
        for (var r = 0; r < y.Rows; r++)
        {
            for (var i = 0; i < y.Columns; i++)
            {
                y.Data[(nint)r * y.Columns + i] = ids[r] < 0 ? 0 : Products.Read(table, ids[r], i);
            }
        }
    }

    /// <inheritdoc cref="Cpu.Embedding.AddRows"/>
    internal static void AddRows(float* table, int width, int* positions, float* x, int ldX, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            for (var i = 0; i < width; i++)
            {
                x[(nint)r * ldX + i] += table[(nint)positions[r] * width + i];
            }
        }
    }

    /// <summary>Gradient of table rows v0 .. v1-1 straight from the ids; tokens 0 .. numTokens-1 by their shards.</summary>
    internal static void Scatter(
        float* dy, int ldDy, int width, int* ids, int* shardRowStarts, int numShards, bool continueChain, bool panels,
        float* dTable, int v0, int v1)
    {
        for (var v = v0; v < v1; v++)
        {
            for (var i = 0; i < width; i++)
            {
                var (row, column) = (v, i);
                var place = dTable + (panels ? PanelIndex(v, i, width) : (nint)v * width + i);
                *place = ColumnGradients.Shards(Chain, *place, shardRowStarts, numShards, continueChain);

                float Chain(float chain, int row0, int row1)
                {
                    for (var t = row0; t < row1; t++)
                    {
                        if (ids[t] == row)
                        {
                            chain += dy[(nint)t * ldDy + column];
                        }
                    }

                    return chain;
                }
            }
        }
    }

    private static nint PanelIndex(int row, int column, int width) =>
        ((nint)(row / 16) * width + column) * 16 + row % 16;
}
