using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Register tiles for 16 registers of 8 lanes and few rows: 1 row by 4 panels, 2 by 3, 3 by 2, so that enough chains run
/// side by side to hide the latency of a multiply-add. One weight register at a time: more would spill. Rows and panels that a tile lacks are compiled away.
/// </summary>
internal static unsafe class MatMulFewRows256
{
    /// <summary><paramref name="tiles"/> consecutive tiles of <typeparamref name="TRows"/> rows by
    /// <typeparamref name="TPanels"/> panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Run<TRows, TPanels, TStored>(in MatMulTile<TStored> tile, int tiles)
        where TRows : struct, ICount
        where TPanels : struct, ICount
        where TStored : unmanaged
    {
        var (depth, ldx, ldy, stride) = (tile.Depth, tile.Ldx, tile.Ldy, tile.PanelStride);
        var x = tile.X;
        var y = tile.Y;
        var start = tile.Start;
        var residual = tile.Residual;
        for (; tiles > 0; tiles--)
        {
            Vector256<float> a0 = default, b0 = default, c0 = default, d0 = default, e0 = default, f0 = default, g0 = default, h0 = default;
            Vector256<float> a1 = default, b1 = default, c1 = default, d1 = default, e1 = default, f1 = default, g1 = default, h1 = default;
            Vector256<float> a2 = default, b2 = default, c2 = default, d2 = default, e2 = default, f2 = default, g2 = default, h2 = default;
            if (start != null)
            {
                var ld = tile.LdStart;
                a0 = Vector256.Load(start);
                b0 = Vector256.Load(start + 8);
                if (TPanels.Value > 1) c0 = Vector256.Load(start + 16);
                if (TPanels.Value > 1) d0 = Vector256.Load(start + 24);
                if (TPanels.Value > 2) e0 = Vector256.Load(start + 32);
                if (TPanels.Value > 2) f0 = Vector256.Load(start + 40);
                if (TPanels.Value > 3) g0 = Vector256.Load(start + 48);
                if (TPanels.Value > 3) h0 = Vector256.Load(start + 56);
                if (TRows.Value > 1) a1 = Vector256.Load(start + ld);
                if (TRows.Value > 1) b1 = Vector256.Load(start + ld + 8);
                if (TRows.Value > 1 && TPanels.Value > 1) c1 = Vector256.Load(start + ld + 16);
                if (TRows.Value > 1 && TPanels.Value > 1) d1 = Vector256.Load(start + ld + 24);
                if (TRows.Value > 1 && TPanels.Value > 2) e1 = Vector256.Load(start + ld + 32);
                if (TRows.Value > 1 && TPanels.Value > 2) f1 = Vector256.Load(start + ld + 40);
                if (TRows.Value > 1 && TPanels.Value > 3) g1 = Vector256.Load(start + ld + 48);
                if (TRows.Value > 1 && TPanels.Value > 3) h1 = Vector256.Load(start + ld + 56);
                if (TRows.Value > 2) a2 = Vector256.Load(start + 2 * ld);
                if (TRows.Value > 2) b2 = Vector256.Load(start + 2 * ld + 8);
                if (TRows.Value > 2 && TPanels.Value > 1) c2 = Vector256.Load(start + 2 * ld + 16);
                if (TRows.Value > 2 && TPanels.Value > 1) d2 = Vector256.Load(start + 2 * ld + 24);
                if (TRows.Value > 2 && TPanels.Value > 2) e2 = Vector256.Load(start + 2 * ld + 32);
                if (TRows.Value > 2 && TPanels.Value > 2) f2 = Vector256.Load(start + 2 * ld + 40);
                if (TRows.Value > 2 && TPanels.Value > 3) g2 = Vector256.Load(start + 2 * ld + 48);
                if (TRows.Value > 2 && TPanels.Value > 3) h2 = Vector256.Load(start + 2 * ld + 56);
                start += TRows.Value * ld;
            }

            var x0 = x;
            var x1 = TRows.Value > 1 ? x0 + ldx : x;
            var x2 = TRows.Value > 2 ? x1 + ldx : x;
            var panel = tile.Panel;
            for (nint k = 0; k < depth; k++)
            {
                var v0 = Vector256.Create(x0[k]);
                var v1 = TRows.Value > 1 ? Vector256.Create(x1[k]) : default;
                var v2 = TRows.Value > 2 ? Vector256.Create(x2[k]) : default;
                var w = Stored.Low(panel);
                a0 = Vector256.FusedMultiplyAdd(v0, w, a0);
                if (TRows.Value > 1) a1 = Vector256.FusedMultiplyAdd(v1, w, a1);
                if (TRows.Value > 2) a2 = Vector256.FusedMultiplyAdd(v2, w, a2);
                w = Stored.High(panel);
                b0 = Vector256.FusedMultiplyAdd(v0, w, b0);
                if (TRows.Value > 1) b1 = Vector256.FusedMultiplyAdd(v1, w, b1);
                if (TRows.Value > 2) b2 = Vector256.FusedMultiplyAdd(v2, w, b2);

                if (TPanels.Value > 1)
                {
                    w = Stored.Low(panel + stride);
                    c0 = Vector256.FusedMultiplyAdd(v0, w, c0);
                    if (TRows.Value > 1) c1 = Vector256.FusedMultiplyAdd(v1, w, c1);
                    if (TRows.Value > 2) c2 = Vector256.FusedMultiplyAdd(v2, w, c2);
                    w = Stored.High(panel + stride);
                    d0 = Vector256.FusedMultiplyAdd(v0, w, d0);
                    if (TRows.Value > 1) d1 = Vector256.FusedMultiplyAdd(v1, w, d1);
                    if (TRows.Value > 2) d2 = Vector256.FusedMultiplyAdd(v2, w, d2);
                }

                if (TPanels.Value > 2)
                {
                    w = Stored.Low(panel + 2 * stride);
                    e0 = Vector256.FusedMultiplyAdd(v0, w, e0);
                    if (TRows.Value > 1) e1 = Vector256.FusedMultiplyAdd(v1, w, e1);
                    if (TRows.Value > 2) e2 = Vector256.FusedMultiplyAdd(v2, w, e2);
                    w = Stored.High(panel + 2 * stride);
                    f0 = Vector256.FusedMultiplyAdd(v0, w, f0);
                    if (TRows.Value > 1) f1 = Vector256.FusedMultiplyAdd(v1, w, f1);
                    if (TRows.Value > 2) f2 = Vector256.FusedMultiplyAdd(v2, w, f2);
                }

                if (TPanels.Value > 3)
                {
                    w = Stored.Low(panel + 3 * stride);
                    g0 = Vector256.FusedMultiplyAdd(v0, w, g0);
                    if (TRows.Value > 1) g1 = Vector256.FusedMultiplyAdd(v1, w, g1);
                    if (TRows.Value > 2) g2 = Vector256.FusedMultiplyAdd(v2, w, g2);
                    w = Stored.High(panel + 3 * stride);
                    h0 = Vector256.FusedMultiplyAdd(v0, w, h0);
                    if (TRows.Value > 1) h1 = Vector256.FusedMultiplyAdd(v1, w, h1);
                    if (TRows.Value > 2) h2 = Vector256.FusedMultiplyAdd(v2, w, h2);
                }

                panel += 16;
            }

            if (tile.Bias != null)
            {
                a0 += Vector256.Load(tile.Bias);
                b0 += Vector256.Load(tile.Bias + 8);
                if (TPanels.Value > 1) c0 += Vector256.Load(tile.Bias + 16);
                if (TPanels.Value > 1) d0 += Vector256.Load(tile.Bias + 24);
                if (TPanels.Value > 2) e0 += Vector256.Load(tile.Bias + 32);
                if (TPanels.Value > 2) f0 += Vector256.Load(tile.Bias + 40);
                if (TPanels.Value > 3) g0 += Vector256.Load(tile.Bias + 48);
                if (TPanels.Value > 3) h0 += Vector256.Load(tile.Bias + 56);
                if (TRows.Value > 1) a1 += Vector256.Load(tile.Bias);
                if (TRows.Value > 1) b1 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 1 && TPanels.Value > 1) c1 += Vector256.Load(tile.Bias + 16);
                if (TRows.Value > 1 && TPanels.Value > 1) d1 += Vector256.Load(tile.Bias + 24);
                if (TRows.Value > 1 && TPanels.Value > 2) e1 += Vector256.Load(tile.Bias + 32);
                if (TRows.Value > 1 && TPanels.Value > 2) f1 += Vector256.Load(tile.Bias + 40);
                if (TRows.Value > 1 && TPanels.Value > 3) g1 += Vector256.Load(tile.Bias + 48);
                if (TRows.Value > 1 && TPanels.Value > 3) h1 += Vector256.Load(tile.Bias + 56);
                if (TRows.Value > 2) a2 += Vector256.Load(tile.Bias);
                if (TRows.Value > 2) b2 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 2 && TPanels.Value > 1) c2 += Vector256.Load(tile.Bias + 16);
                if (TRows.Value > 2 && TPanels.Value > 1) d2 += Vector256.Load(tile.Bias + 24);
                if (TRows.Value > 2 && TPanels.Value > 2) e2 += Vector256.Load(tile.Bias + 32);
                if (TRows.Value > 2 && TPanels.Value > 2) f2 += Vector256.Load(tile.Bias + 40);
                if (TRows.Value > 2 && TPanels.Value > 3) g2 += Vector256.Load(tile.Bias + 48);
                if (TRows.Value > 2 && TPanels.Value > 3) h2 += Vector256.Load(tile.Bias + 56);
            }

            if (residual != null)
            {
                var ld = tile.LdResidual;
                a0 = Vector256.Load(residual) + a0;
                b0 = Vector256.Load(residual + 8) + b0;
                if (TPanels.Value > 1) c0 = Vector256.Load(residual + 16) + c0;
                if (TPanels.Value > 1) d0 = Vector256.Load(residual + 24) + d0;
                if (TPanels.Value > 2) e0 = Vector256.Load(residual + 32) + e0;
                if (TPanels.Value > 2) f0 = Vector256.Load(residual + 40) + f0;
                if (TPanels.Value > 3) g0 = Vector256.Load(residual + 48) + g0;
                if (TPanels.Value > 3) h0 = Vector256.Load(residual + 56) + h0;
                if (TRows.Value > 1) a1 = Vector256.Load(residual + ld) + a1;
                if (TRows.Value > 1) b1 = Vector256.Load(residual + ld + 8) + b1;
                if (TRows.Value > 1 && TPanels.Value > 1) c1 = Vector256.Load(residual + ld + 16) + c1;
                if (TRows.Value > 1 && TPanels.Value > 1) d1 = Vector256.Load(residual + ld + 24) + d1;
                if (TRows.Value > 1 && TPanels.Value > 2) e1 = Vector256.Load(residual + ld + 32) + e1;
                if (TRows.Value > 1 && TPanels.Value > 2) f1 = Vector256.Load(residual + ld + 40) + f1;
                if (TRows.Value > 1 && TPanels.Value > 3) g1 = Vector256.Load(residual + ld + 48) + g1;
                if (TRows.Value > 1 && TPanels.Value > 3) h1 = Vector256.Load(residual + ld + 56) + h1;
                if (TRows.Value > 2) a2 = Vector256.Load(residual + 2 * ld) + a2;
                if (TRows.Value > 2) b2 = Vector256.Load(residual + 2 * ld + 8) + b2;
                if (TRows.Value > 2 && TPanels.Value > 1) c2 = Vector256.Load(residual + 2 * ld + 16) + c2;
                if (TRows.Value > 2 && TPanels.Value > 1) d2 = Vector256.Load(residual + 2 * ld + 24) + d2;
                if (TRows.Value > 2 && TPanels.Value > 2) e2 = Vector256.Load(residual + 2 * ld + 32) + e2;
                if (TRows.Value > 2 && TPanels.Value > 2) f2 = Vector256.Load(residual + 2 * ld + 40) + f2;
                if (TRows.Value > 2 && TPanels.Value > 3) g2 = Vector256.Load(residual + 2 * ld + 48) + g2;
                if (TRows.Value > 2 && TPanels.Value > 3) h2 = Vector256.Load(residual + 2 * ld + 56) + h2;
                residual += TRows.Value * ld;
            }

            a0.Store(y);
            b0.Store(y + 8);
            if (TPanels.Value > 1) c0.Store(y + 16);
            if (TPanels.Value > 1) d0.Store(y + 24);
            if (TPanels.Value > 2) e0.Store(y + 32);
            if (TPanels.Value > 2) f0.Store(y + 40);
            if (TPanels.Value > 3) g0.Store(y + 48);
            if (TPanels.Value > 3) h0.Store(y + 56);
            if (TRows.Value > 1) a1.Store(y + ldy);
            if (TRows.Value > 1) b1.Store(y + ldy + 8);
            if (TRows.Value > 1 && TPanels.Value > 1) c1.Store(y + ldy + 16);
            if (TRows.Value > 1 && TPanels.Value > 1) d1.Store(y + ldy + 24);
            if (TRows.Value > 1 && TPanels.Value > 2) e1.Store(y + ldy + 32);
            if (TRows.Value > 1 && TPanels.Value > 2) f1.Store(y + ldy + 40);
            if (TRows.Value > 1 && TPanels.Value > 3) g1.Store(y + ldy + 48);
            if (TRows.Value > 1 && TPanels.Value > 3) h1.Store(y + ldy + 56);
            if (TRows.Value > 2) a2.Store(y + 2 * ldy);
            if (TRows.Value > 2) b2.Store(y + 2 * ldy + 8);
            if (TRows.Value > 2 && TPanels.Value > 1) c2.Store(y + 2 * ldy + 16);
            if (TRows.Value > 2 && TPanels.Value > 1) d2.Store(y + 2 * ldy + 24);
            if (TRows.Value > 2 && TPanels.Value > 2) e2.Store(y + 2 * ldy + 32);
            if (TRows.Value > 2 && TPanels.Value > 2) f2.Store(y + 2 * ldy + 40);
            if (TRows.Value > 2 && TPanels.Value > 3) g2.Store(y + 2 * ldy + 48);
            if (TRows.Value > 2 && TPanels.Value > 3) h2.Store(y + 2 * ldy + 56);
            x += TRows.Value * ldx;
            y += TRows.Value * ldy;
        }
    }
}
