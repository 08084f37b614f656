using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>The products for 512-bit vectors: a panel is one register, so 6 rows of two panels give 12 accumulators.</summary>
internal static unsafe class AttentionProduct512
{
    /// <summary>See <see cref="IAttentionLanes.Multiply"/>.</summary>
    public static void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged
    {
        var done = 0;
        for (; done + 2 <= numPanels; done += 2)
        {
            TwoPanels(rows, product, panels + done, c + 16 * done);
        }

        if (done < numPanels)
        {
            OnePanel(rows, product, panels[done], c + 16 * done);
        }
    }

    private static void OnePanel<TStored>(int rows, in Product product, TStored* panel, float* c)
        where TStored : unmanaged
    {
        switch (rows)
        {
            case 1: Panel<Rows1, TStored>(product, panel, c); break;
            case 2: Panel<Rows2, TStored>(product, panel, c); break;
            case 3: Panel<Rows3, TStored>(product, panel, c); break;
            case 4: Panel<Rows4, TStored>(product, panel, c); break;
            case 5: Panel<Rows5, TStored>(product, panel, c); break;
            default: Panel<Rows6, TStored>(product, panel, c); break;
        }
    }

    private static void TwoPanels<TStored>(int rows, in Product product, TStored** panels, float* c)
        where TStored : unmanaged
    {
        switch (rows)
        {
            case 1: Pair<Rows1, TStored>(product, panels, c); break;
            case 2: Pair<Rows2, TStored>(product, panels, c); break;
            case 3: Pair<Rows3, TStored>(product, panels, c); break;
            case 4: Pair<Rows4, TStored>(product, panels, c); break;
            case 5: Pair<Rows5, TStored>(product, panels, c); break;
            default: Pair<Rows6, TStored>(product, panels, c); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Start(in Product product, bool scaled, float* c, int row)
    {
        var acc = Vector512.Load(c);
        return scaled ? acc * product.Factors[row] : acc;
    }

    /// <summary>1..6 rows of one panel.</summary>
    private static void Panel<TRows, TStored>(in Product product, TStored* panel, float* c)
        where TRows : struct, IRows
        where TStored : unmanaged
    {
        var b0 = panel;
        var a = product.A;
        nint step = product.AStep, bStep = product.BStep, row1 = product.ARow;
        nint row2 = 2 * row1, row3 = 3 * row1, row4 = 4 * row1, row5 = 5 * row1;
        Vector512<float> c00 = default;
        Vector512<float> c10 = default;
        Vector512<float> c20 = default;
        Vector512<float> c30 = default;
        Vector512<float> c40 = default;
        Vector512<float> c50 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Start(product, scaled, c, 0);

            if (TRows.Count > 1)
            {
                c10 = Start(product, scaled, c + product.CRow, 1);
            }

            if (TRows.Count > 2)
            {
                c20 = Start(product, scaled, c + 2 * product.CRow, 2);
            }

            if (TRows.Count > 3)
            {
                c30 = Start(product, scaled, c + 3 * product.CRow, 3);
            }

            if (TRows.Count > 4)
            {
                c40 = Start(product, scaled, c + 4 * product.CRow, 4);
            }

            if (TRows.Count > 5)
            {
                c50 = Start(product, scaled, c + 5 * product.CRow, 5);
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load512(b0);
            var x0 = Vector512.Create(*a);
            c00 = Vector512.FusedMultiplyAdd(x0, v0, c00);

            if (TRows.Count > 1)
            {
                var x1 = Vector512.Create(a[row1]);
                c10 = Vector512.FusedMultiplyAdd(x1, v0, c10);
            }

            if (TRows.Count > 2)
            {
                var x2 = Vector512.Create(a[row2]);
                c20 = Vector512.FusedMultiplyAdd(x2, v0, c20);
            }

            if (TRows.Count > 3)
            {
                var x3 = Vector512.Create(a[row3]);
                c30 = Vector512.FusedMultiplyAdd(x3, v0, c30);
            }

            if (TRows.Count > 4)
            {
                var x4 = Vector512.Create(a[row4]);
                c40 = Vector512.FusedMultiplyAdd(x4, v0, c40);
            }

            if (TRows.Count > 5)
            {
                var x5 = Vector512.Create(a[row5]);
                c50 = Vector512.FusedMultiplyAdd(x5, v0, c50);
            }

            a += step;
            b0 += bStep;
        }

        c00.Store(c);

        if (TRows.Count > 1)
        {
            c10.Store(c + product.CRow);
        }

        if (TRows.Count > 2)
        {
            c20.Store(c + 2 * product.CRow);
        }

        if (TRows.Count > 3)
        {
            c30.Store(c + 3 * product.CRow);
        }

        if (TRows.Count > 4)
        {
            c40.Store(c + 4 * product.CRow);
        }

        if (TRows.Count > 5)
        {
            c50.Store(c + 5 * product.CRow);
        }
    }

    /// <summary>1..6 rows of two panels.</summary>
    private static void Pair<TRows, TStored>(in Product product, TStored** panels, float* c)
        where TRows : struct, IRows
        where TStored : unmanaged
    {
        var b0 = panels[0];
        var b1 = panels[1];
        var a = product.A;
        nint step = product.AStep, bStep = product.BStep, row1 = product.ARow;
        nint row2 = 2 * row1, row3 = 3 * row1, row4 = 4 * row1, row5 = 5 * row1;
        Vector512<float> c00 = default, c01 = default;
        Vector512<float> c10 = default, c11 = default;
        Vector512<float> c20 = default, c21 = default;
        Vector512<float> c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default;
        Vector512<float> c50 = default, c51 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Start(product, scaled, c, 0);
            c01 = Start(product, scaled, c + 16, 0);

            if (TRows.Count > 1)
            {
                c10 = Start(product, scaled, c + product.CRow, 1);
                c11 = Start(product, scaled, c + product.CRow + 16, 1);
            }

            if (TRows.Count > 2)
            {
                c20 = Start(product, scaled, c + 2 * product.CRow, 2);
                c21 = Start(product, scaled, c + 2 * product.CRow + 16, 2);
            }

            if (TRows.Count > 3)
            {
                c30 = Start(product, scaled, c + 3 * product.CRow, 3);
                c31 = Start(product, scaled, c + 3 * product.CRow + 16, 3);
            }

            if (TRows.Count > 4)
            {
                c40 = Start(product, scaled, c + 4 * product.CRow, 4);
                c41 = Start(product, scaled, c + 4 * product.CRow + 16, 4);
            }

            if (TRows.Count > 5)
            {
                c50 = Start(product, scaled, c + 5 * product.CRow, 5);
                c51 = Start(product, scaled, c + 5 * product.CRow + 16, 5);
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load512(b0);
            var v1 = Stored.Load512(b1);
            var x0 = Vector512.Create(*a);
            c00 = Vector512.FusedMultiplyAdd(x0, v0, c00);
            c01 = Vector512.FusedMultiplyAdd(x0, v1, c01);

            if (TRows.Count > 1)
            {
                var x1 = Vector512.Create(a[row1]);
                c10 = Vector512.FusedMultiplyAdd(x1, v0, c10);
                c11 = Vector512.FusedMultiplyAdd(x1, v1, c11);
            }

            if (TRows.Count > 2)
            {
                var x2 = Vector512.Create(a[row2]);
                c20 = Vector512.FusedMultiplyAdd(x2, v0, c20);
                c21 = Vector512.FusedMultiplyAdd(x2, v1, c21);
            }

            if (TRows.Count > 3)
            {
                var x3 = Vector512.Create(a[row3]);
                c30 = Vector512.FusedMultiplyAdd(x3, v0, c30);
                c31 = Vector512.FusedMultiplyAdd(x3, v1, c31);
            }

            if (TRows.Count > 4)
            {
                var x4 = Vector512.Create(a[row4]);
                c40 = Vector512.FusedMultiplyAdd(x4, v0, c40);
                c41 = Vector512.FusedMultiplyAdd(x4, v1, c41);
            }

            if (TRows.Count > 5)
            {
                var x5 = Vector512.Create(a[row5]);
                c50 = Vector512.FusedMultiplyAdd(x5, v0, c50);
                c51 = Vector512.FusedMultiplyAdd(x5, v1, c51);
            }

            a += step;
            b0 += bStep;
            b1 += bStep;
        }

        c00.Store(c);
        c01.Store(c + 16);

        if (TRows.Count > 1)
        {
            c10.Store(c + product.CRow);
            c11.Store(c + product.CRow + 16);
        }

        if (TRows.Count > 2)
        {
            c20.Store(c + 2 * product.CRow);
            c21.Store(c + 2 * product.CRow + 16);
        }

        if (TRows.Count > 3)
        {
            c30.Store(c + 3 * product.CRow);
            c31.Store(c + 3 * product.CRow + 16);
        }

        if (TRows.Count > 4)
        {
            c40.Store(c + 4 * product.CRow);
            c41.Store(c + 4 * product.CRow + 16);
        }

        if (TRows.Count > 5)
        {
            c50.Store(c + 5 * product.CRow);
            c51.Store(c + 5 * product.CRow + 16);
        }
    }
}
