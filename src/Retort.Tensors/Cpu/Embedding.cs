namespace Retort.Tensors.Cpu;

/// <summary>
/// Rows of a table taken by token id. The table is row-major [V, width] or, when it is also the output matrix, in panels
/// [ceil(V / 16)][width][16] (docs/numerics.md). Ids must lie in 0 .. V-1, or be -1 for a row of zeros; callers check.
/// </summary>
internal static unsafe class Embedding
{
    /// <summary>y[r] = table[ids[r]] for rows r0 .. r1-1, row-major table.</summary>
    internal static void Gather(float* table, int width, int* ids, float* y, int ldY, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var to = new Span<float>(y + (nint)r * ldY, width);
            if (ids[r] < 0)
            {
                to.Clear();
                continue;
            }

            new ReadOnlySpan<float>(table + (nint)ids[r] * width, width).CopyTo(to);
        }
    }

    /// <summary>y[r] = the table's row ids[r], table in panels.</summary>
    internal static void GatherFromPanels<TStored>(TStored* panels, int width, int* ids, float* y, int ldY, int r0, int r1)
        where TStored : unmanaged
    {
        for (var r = r0; r < r1; r++)
        {
            var to = y + (nint)r * ldY;
            if (ids[r] < 0)
            {
                new Span<float>(to, width).Clear();
                continue;
            }

            var from = panels + (nint)(ids[r] / Lanes.Count) * width * Lanes.Count + Stored.Place<TStored>(ids[r] % Lanes.Count);
            for (var i = 0; i < width; i++)
            {
                to[i] = Stored.Load(from + i * Lanes.Count);
            }
        }
    }

    /// <summary>x[r] = x[r] + table[positions[r]]: learned positions. Their gradient is a scatter by position.</summary>
    internal static void AddRows(float* table, int width, int* positions, float* x, int ldX, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            Elementwise.Add(x + (nint)r * ldX, table + (nint)positions[r] * width, x + (nint)r * ldX, 0, width);
        }
    }
}
