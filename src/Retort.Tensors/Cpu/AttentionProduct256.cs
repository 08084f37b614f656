using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// The products for 256-bit vectors: 12 accumulators (6 rows of one panel, 3 rows of two, 1 row of four), which fill the
/// sixteen registers and cover the latency of the fused multiply-add.
/// </summary>
internal static unsafe class AttentionProduct256
{
    /// <summary>See <see cref="IAttentionLanes.Multiply"/>.</summary>
    public static void Multiply<TStored>(int rows, in Product product, TStored** panels, int numPanels, float* c)
        where TStored : unmanaged
    {
        var done = 0;
        if (rows == 1)
        {
            for (; done + 4 <= numPanels; done += 4)
            {
                Four(product, panels + done, c + 16 * done);
            }
        }

        if (rows <= 3)
        {
            for (; done + 2 <= numPanels; done += 2)
            {
                TwoPanels(rows, product, panels + done, c + 16 * done);
            }
        }

        for (; done < numPanels; done++)
        {
            OnePanel(rows, product, panels[done], c + 16 * done);
        }
    }

    /// <summary>See <see cref="IAttentionLanes.MultiplyTail"/>.</summary>
    public static void MultiplyTail<TStored>(int rows, in Product product, TStored* panel, int lanes, float* c)
        where TStored : unmanaged
    {
        if (lanes >= 8)
        {
            HalfPanel(rows, product, panel, c);
        }

        if (lanes % 8 == 4)
        {
            var done = lanes - 4;
            QuarterPanel(rows, product, panel + done, c + done);
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

    private static void HalfPanel<TStored>(int rows, in Product product, TStored* panel, float* c)
        where TStored : unmanaged
    {
        switch (rows)
        {
            case 1: Half<Rows1, TStored>(product, panel, c); break;
            case 2: Half<Rows2, TStored>(product, panel, c); break;
            case 3: Half<Rows3, TStored>(product, panel, c); break;
            case 4: Half<Rows4, TStored>(product, panel, c); break;
            case 5: Half<Rows5, TStored>(product, panel, c); break;
            default: Half<Rows6, TStored>(product, panel, c); break;
        }
    }

    private static void TwoPanels<TStored>(int rows, in Product product, TStored** panels, float* c)
        where TStored : unmanaged
    {
        switch (rows)
        {
            case 1: Pair<Rows1, TStored>(product, panels, c); break;
            case 2: Pair<Rows2, TStored>(product, panels, c); break;
            default: Pair<Rows3, TStored>(product, panels, c); break;
        }
    }

    /// <summary>Four lanes, for head sizes that leave 4 from 8: rare, so plain.</summary>
    private static void QuarterPanel<TStored>(int rows, in Product product, TStored* panel, float* c)
        where TStored : unmanaged
    {
        for (var row = 0; row < rows; row++, c += product.CRow)
        {
            var acc = product.Start == ProductStart.Zero ? default : Vector128.Load(c);
            if (product.Start == ProductStart.Scale)
            {
                acc *= product.Factors[row];
            }

            var a = product.A + row * product.ARow;
            var b = panel;
            for (nint step = 0; step < product.Steps; step++, a += product.AStep, b += product.BStep)
            {
                acc = Vector128.FusedMultiplyAdd(Vector128.Create(*a), Stored.Load128(b), acc);
            }

            acc.Store(c);
        }
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
        Vector256<float> c00 = default, c01 = default;
        Vector256<float> c10 = default, c11 = default;
        Vector256<float> c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default;
        Vector256<float> c40 = default, c41 = default;
        Vector256<float> c50 = default, c51 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Vector256.Load(c);
            c01 = Vector256.Load(c + 8);
            if (scaled)
            {
                var factor = Vector256.Create(product.Factors[0]);
                c00 *= factor;
                c01 *= factor;
            }

            if (TRows.Count > 1)
            {
                c10 = Vector256.Load(c + product.CRow);
                c11 = Vector256.Load(c + product.CRow + 8);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[1]);
                    c10 *= factor;
                    c11 *= factor;
                }
            }

            if (TRows.Count > 2)
            {
                c20 = Vector256.Load(c + 2 * product.CRow);
                c21 = Vector256.Load(c + 2 * product.CRow + 8);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[2]);
                    c20 *= factor;
                    c21 *= factor;
                }
            }

            if (TRows.Count > 3)
            {
                c30 = Vector256.Load(c + 3 * product.CRow);
                c31 = Vector256.Load(c + 3 * product.CRow + 8);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[3]);
                    c30 *= factor;
                    c31 *= factor;
                }
            }

            if (TRows.Count > 4)
            {
                c40 = Vector256.Load(c + 4 * product.CRow);
                c41 = Vector256.Load(c + 4 * product.CRow + 8);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[4]);
                    c40 *= factor;
                    c41 *= factor;
                }
            }

            if (TRows.Count > 5)
            {
                c50 = Vector256.Load(c + 5 * product.CRow);
                c51 = Vector256.Load(c + 5 * product.CRow + 8);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[5]);
                    c50 *= factor;
                    c51 *= factor;
                }
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load256(b0);
            var v1 = Stored.Load256(b0 + 8);
            var x0 = Vector256.Create(*a);
            c00 = Vector256.FusedMultiplyAdd(x0, v0, c00);
            c01 = Vector256.FusedMultiplyAdd(x0, v1, c01);

            if (TRows.Count > 1)
            {
                var x1 = Vector256.Create(a[row1]);
                c10 = Vector256.FusedMultiplyAdd(x1, v0, c10);
                c11 = Vector256.FusedMultiplyAdd(x1, v1, c11);
            }

            if (TRows.Count > 2)
            {
                var x2 = Vector256.Create(a[row2]);
                c20 = Vector256.FusedMultiplyAdd(x2, v0, c20);
                c21 = Vector256.FusedMultiplyAdd(x2, v1, c21);
            }

            if (TRows.Count > 3)
            {
                var x3 = Vector256.Create(a[row3]);
                c30 = Vector256.FusedMultiplyAdd(x3, v0, c30);
                c31 = Vector256.FusedMultiplyAdd(x3, v1, c31);
            }

            if (TRows.Count > 4)
            {
                var x4 = Vector256.Create(a[row4]);
                c40 = Vector256.FusedMultiplyAdd(x4, v0, c40);
                c41 = Vector256.FusedMultiplyAdd(x4, v1, c41);
            }

            if (TRows.Count > 5)
            {
                var x5 = Vector256.Create(a[row5]);
                c50 = Vector256.FusedMultiplyAdd(x5, v0, c50);
                c51 = Vector256.FusedMultiplyAdd(x5, v1, c51);
            }

            a += step;
            b0 += bStep;
        }

        c00.Store(c);
        c01.Store(c + 8);

        if (TRows.Count > 1)
        {
            c10.Store(c + product.CRow);
            c11.Store(c + product.CRow + 8);
        }

        if (TRows.Count > 2)
        {
            c20.Store(c + 2 * product.CRow);
            c21.Store(c + 2 * product.CRow + 8);
        }

        if (TRows.Count > 3)
        {
            c30.Store(c + 3 * product.CRow);
            c31.Store(c + 3 * product.CRow + 8);
        }

        if (TRows.Count > 4)
        {
            c40.Store(c + 4 * product.CRow);
            c41.Store(c + 4 * product.CRow + 8);
        }

        if (TRows.Count > 5)
        {
            c50.Store(c + 5 * product.CRow);
            c51.Store(c + 5 * product.CRow + 8);
        }
    }

    /// <summary>1..6 rows of 8 lanes.</summary>
    private static void Half<TRows, TStored>(in Product product, TStored* panel, float* c)
        where TRows : struct, IRows
        where TStored : unmanaged
    {
        var b0 = panel;
        var a = product.A;
        nint step = product.AStep, bStep = product.BStep, row1 = product.ARow;
        nint row2 = 2 * row1, row3 = 3 * row1, row4 = 4 * row1, row5 = 5 * row1;
        Vector256<float> c00 = default;
        Vector256<float> c10 = default;
        Vector256<float> c20 = default;
        Vector256<float> c30 = default;
        Vector256<float> c40 = default;
        Vector256<float> c50 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Vector256.Load(c);
            if (scaled)
            {
                var factor = Vector256.Create(product.Factors[0]);
                c00 *= factor;
            }

            if (TRows.Count > 1)
            {
                c10 = Vector256.Load(c + product.CRow);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[1]);
                    c10 *= factor;
                }
            }

            if (TRows.Count > 2)
            {
                c20 = Vector256.Load(c + 2 * product.CRow);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[2]);
                    c20 *= factor;
                }
            }

            if (TRows.Count > 3)
            {
                c30 = Vector256.Load(c + 3 * product.CRow);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[3]);
                    c30 *= factor;
                }
            }

            if (TRows.Count > 4)
            {
                c40 = Vector256.Load(c + 4 * product.CRow);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[4]);
                    c40 *= factor;
                }
            }

            if (TRows.Count > 5)
            {
                c50 = Vector256.Load(c + 5 * product.CRow);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[5]);
                    c50 *= factor;
                }
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load256(b0);
            var x0 = Vector256.Create(*a);
            c00 = Vector256.FusedMultiplyAdd(x0, v0, c00);

            if (TRows.Count > 1)
            {
                var x1 = Vector256.Create(a[row1]);
                c10 = Vector256.FusedMultiplyAdd(x1, v0, c10);
            }

            if (TRows.Count > 2)
            {
                var x2 = Vector256.Create(a[row2]);
                c20 = Vector256.FusedMultiplyAdd(x2, v0, c20);
            }

            if (TRows.Count > 3)
            {
                var x3 = Vector256.Create(a[row3]);
                c30 = Vector256.FusedMultiplyAdd(x3, v0, c30);
            }

            if (TRows.Count > 4)
            {
                var x4 = Vector256.Create(a[row4]);
                c40 = Vector256.FusedMultiplyAdd(x4, v0, c40);
            }

            if (TRows.Count > 5)
            {
                var x5 = Vector256.Create(a[row5]);
                c50 = Vector256.FusedMultiplyAdd(x5, v0, c50);
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

    /// <summary>1..3 rows of two panels.</summary>
    private static void Pair<TRows, TStored>(in Product product, TStored** panels, float* c)
        where TRows : struct, IRows
        where TStored : unmanaged
    {
        var b0 = panels[0];
        var b1 = panels[1];
        var a = product.A;
        nint step = product.AStep, bStep = product.BStep, row1 = product.ARow;
        nint row2 = 2 * row1;
        Vector256<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector256<float> c10 = default, c11 = default, c12 = default, c13 = default;
        Vector256<float> c20 = default, c21 = default, c22 = default, c23 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Vector256.Load(c);
            c01 = Vector256.Load(c + 8);
            c02 = Vector256.Load(c + 16);
            c03 = Vector256.Load(c + 24);
            if (scaled)
            {
                var factor = Vector256.Create(product.Factors[0]);
                c00 *= factor;
                c01 *= factor;
                c02 *= factor;
                c03 *= factor;
            }

            if (TRows.Count > 1)
            {
                c10 = Vector256.Load(c + product.CRow);
                c11 = Vector256.Load(c + product.CRow + 8);
                c12 = Vector256.Load(c + product.CRow + 16);
                c13 = Vector256.Load(c + product.CRow + 24);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[1]);
                    c10 *= factor;
                    c11 *= factor;
                    c12 *= factor;
                    c13 *= factor;
                }
            }

            if (TRows.Count > 2)
            {
                c20 = Vector256.Load(c + 2 * product.CRow);
                c21 = Vector256.Load(c + 2 * product.CRow + 8);
                c22 = Vector256.Load(c + 2 * product.CRow + 16);
                c23 = Vector256.Load(c + 2 * product.CRow + 24);
                if (scaled)
                {
                    var factor = Vector256.Create(product.Factors[2]);
                    c20 *= factor;
                    c21 *= factor;
                    c22 *= factor;
                    c23 *= factor;
                }
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load256(b0);
            var v1 = Stored.Load256(b0 + 8);
            var v2 = Stored.Load256(b1);
            var v3 = Stored.Load256(b1 + 8);
            var x0 = Vector256.Create(*a);
            c00 = Vector256.FusedMultiplyAdd(x0, v0, c00);
            c01 = Vector256.FusedMultiplyAdd(x0, v1, c01);
            c02 = Vector256.FusedMultiplyAdd(x0, v2, c02);
            c03 = Vector256.FusedMultiplyAdd(x0, v3, c03);

            if (TRows.Count > 1)
            {
                var x1 = Vector256.Create(a[row1]);
                c10 = Vector256.FusedMultiplyAdd(x1, v0, c10);
                c11 = Vector256.FusedMultiplyAdd(x1, v1, c11);
                c12 = Vector256.FusedMultiplyAdd(x1, v2, c12);
                c13 = Vector256.FusedMultiplyAdd(x1, v3, c13);
            }

            if (TRows.Count > 2)
            {
                var x2 = Vector256.Create(a[row2]);
                c20 = Vector256.FusedMultiplyAdd(x2, v0, c20);
                c21 = Vector256.FusedMultiplyAdd(x2, v1, c21);
                c22 = Vector256.FusedMultiplyAdd(x2, v2, c22);
                c23 = Vector256.FusedMultiplyAdd(x2, v3, c23);
            }

            a += step;
            b0 += bStep;
            b1 += bStep;
        }

        c00.Store(c);
        c01.Store(c + 8);
        c02.Store(c + 16);
        c03.Store(c + 24);

        if (TRows.Count > 1)
        {
            c10.Store(c + product.CRow);
            c11.Store(c + product.CRow + 8);
            c12.Store(c + product.CRow + 16);
            c13.Store(c + product.CRow + 24);
        }

        if (TRows.Count > 2)
        {
            c20.Store(c + 2 * product.CRow);
            c21.Store(c + 2 * product.CRow + 8);
            c22.Store(c + 2 * product.CRow + 16);
            c23.Store(c + 2 * product.CRow + 24);
        }
    }

    /// <summary>One row of four panels.</summary>
    private static void Four<TStored>(in Product product, TStored** panels, float* c)
        where TStored : unmanaged
    {
        var b0 = panels[0];
        var b1 = panels[1];
        var b2 = panels[2];
        var b3 = panels[3];
        var a = product.A;
        nint step = product.AStep, bStep = product.BStep;
        Vector256<float> c00 = default, c01 = default, c02 = default, c03 = default, c04 = default, c05 = default, c06 = default, c07 = default;
        if (product.Start != ProductStart.Zero)
        {
            var scaled = product.Start == ProductStart.Scale;
            c00 = Vector256.Load(c);
            c01 = Vector256.Load(c + 8);
            c02 = Vector256.Load(c + 16);
            c03 = Vector256.Load(c + 24);
            c04 = Vector256.Load(c + 32);
            c05 = Vector256.Load(c + 40);
            c06 = Vector256.Load(c + 48);
            c07 = Vector256.Load(c + 56);
            if (scaled)
            {
                var factor = Vector256.Create(product.Factors[0]);
                c00 *= factor;
                c01 *= factor;
                c02 *= factor;
                c03 *= factor;
                c04 *= factor;
                c05 *= factor;
                c06 *= factor;
                c07 *= factor;
            }
        }

        for (var left = product.Steps; left > 0; left--)
        {
            var v0 = Stored.Load256(b0);
            var v1 = Stored.Load256(b0 + 8);
            var v2 = Stored.Load256(b1);
            var v3 = Stored.Load256(b1 + 8);
            var v4 = Stored.Load256(b2);
            var v5 = Stored.Load256(b2 + 8);
            var v6 = Stored.Load256(b3);
            var v7 = Stored.Load256(b3 + 8);
            var x0 = Vector256.Create(*a);
            c00 = Vector256.FusedMultiplyAdd(x0, v0, c00);
            c01 = Vector256.FusedMultiplyAdd(x0, v1, c01);
            c02 = Vector256.FusedMultiplyAdd(x0, v2, c02);
            c03 = Vector256.FusedMultiplyAdd(x0, v3, c03);
            c04 = Vector256.FusedMultiplyAdd(x0, v4, c04);
            c05 = Vector256.FusedMultiplyAdd(x0, v5, c05);
            c06 = Vector256.FusedMultiplyAdd(x0, v6, c06);
            c07 = Vector256.FusedMultiplyAdd(x0, v7, c07);
            a += step;
            b0 += bStep;
            b1 += bStep;
            b2 += bStep;
            b3 += bStep;
        }

        c00.Store(c);
        c01.Store(c + 8);
        c02.Store(c + 16);
        c03.Store(c + 24);
        c04.Store(c + 32);
        c05.Store(c + 40);
        c06.Store(c + 48);
        c07.Store(c + 56);
    }
}
