using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Register tiles for 32 registers of 16 lanes: up to 8 rows by 3 panels (24 accumulators, three weights, broadcasts from
/// memory). Rows and panels that a tile lacks are compiled away.
/// </summary>
internal static unsafe class MatMulTile512
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
            Vector512<float> a0 = default, b0 = default, c0 = default;
            Vector512<float> a1 = default, b1 = default, c1 = default;
            Vector512<float> a2 = default, b2 = default, c2 = default;
            Vector512<float> a3 = default, b3 = default, c3 = default;
            Vector512<float> a4 = default, b4 = default, c4 = default;
            Vector512<float> a5 = default, b5 = default, c5 = default;
            Vector512<float> a6 = default, b6 = default, c6 = default;
            Vector512<float> a7 = default, b7 = default, c7 = default;
            if (start != null)
            {
                var ld = tile.LdStart;
                a0 = Vector512.Load(start);
                if (TPanels.Value > 1) b0 = Vector512.Load(start + 16);
                if (TPanels.Value > 2) c0 = Vector512.Load(start + 32);
                if (TRows.Value > 1) a1 = Vector512.Load(start + ld);
                if (TRows.Value > 1 && TPanels.Value > 1) b1 = Vector512.Load(start + ld + 16);
                if (TRows.Value > 1 && TPanels.Value > 2) c1 = Vector512.Load(start + ld + 32);
                if (TRows.Value > 2) a2 = Vector512.Load(start + 2 * ld);
                if (TRows.Value > 2 && TPanels.Value > 1) b2 = Vector512.Load(start + 2 * ld + 16);
                if (TRows.Value > 2 && TPanels.Value > 2) c2 = Vector512.Load(start + 2 * ld + 32);
                if (TRows.Value > 3) a3 = Vector512.Load(start + 3 * ld);
                if (TRows.Value > 3 && TPanels.Value > 1) b3 = Vector512.Load(start + 3 * ld + 16);
                if (TRows.Value > 3 && TPanels.Value > 2) c3 = Vector512.Load(start + 3 * ld + 32);
                if (TRows.Value > 4) a4 = Vector512.Load(start + 4 * ld);
                if (TRows.Value > 4 && TPanels.Value > 1) b4 = Vector512.Load(start + 4 * ld + 16);
                if (TRows.Value > 4 && TPanels.Value > 2) c4 = Vector512.Load(start + 4 * ld + 32);
                if (TRows.Value > 5) a5 = Vector512.Load(start + 5 * ld);
                if (TRows.Value > 5 && TPanels.Value > 1) b5 = Vector512.Load(start + 5 * ld + 16);
                if (TRows.Value > 5 && TPanels.Value > 2) c5 = Vector512.Load(start + 5 * ld + 32);
                if (TRows.Value > 6) a6 = Vector512.Load(start + 6 * ld);
                if (TRows.Value > 6 && TPanels.Value > 1) b6 = Vector512.Load(start + 6 * ld + 16);
                if (TRows.Value > 6 && TPanels.Value > 2) c6 = Vector512.Load(start + 6 * ld + 32);
                if (TRows.Value > 7) a7 = Vector512.Load(start + 7 * ld);
                if (TRows.Value > 7 && TPanels.Value > 1) b7 = Vector512.Load(start + 7 * ld + 16);
                if (TRows.Value > 7 && TPanels.Value > 2) c7 = Vector512.Load(start + 7 * ld + 32);
                start += TRows.Value * ld;
            }

            var x0 = x;
            var x1 = TRows.Value > 1 ? x0 + ldx : x;
            var x2 = TRows.Value > 2 ? x1 + ldx : x;
            var x3 = TRows.Value > 3 ? x2 + ldx : x;
            var x4 = TRows.Value > 4 ? x3 + ldx : x;
            var x5 = TRows.Value > 5 ? x4 + ldx : x;
            var x6 = TRows.Value > 6 ? x5 + ldx : x;
            var x7 = TRows.Value > 7 ? x6 + ldx : x;
            var panel = tile.Panel;
            for (nint k = 0; k < depth; k++)
            {
                var w0 = Stored.Both(panel);
                var w1 = TPanels.Value > 1 ? Stored.Both(panel + stride) : default;
                var w2 = TPanels.Value > 2 ? Stored.Both(panel + 2 * stride) : default;
                panel += 16;
                var v0 = Vector512.Create(x0[k]);
                a0 = Vector512.FusedMultiplyAdd(v0, w0, a0);
                if (TPanels.Value > 1) b0 = Vector512.FusedMultiplyAdd(v0, w1, b0);
                if (TPanels.Value > 2) c0 = Vector512.FusedMultiplyAdd(v0, w2, c0);
                var v1 = TRows.Value > 1 ? Vector512.Create(x1[k]) : default;
                if (TRows.Value > 1) a1 = Vector512.FusedMultiplyAdd(v1, w0, a1);
                if (TRows.Value > 1 && TPanels.Value > 1) b1 = Vector512.FusedMultiplyAdd(v1, w1, b1);
                if (TRows.Value > 1 && TPanels.Value > 2) c1 = Vector512.FusedMultiplyAdd(v1, w2, c1);
                var v2 = TRows.Value > 2 ? Vector512.Create(x2[k]) : default;
                if (TRows.Value > 2) a2 = Vector512.FusedMultiplyAdd(v2, w0, a2);
                if (TRows.Value > 2 && TPanels.Value > 1) b2 = Vector512.FusedMultiplyAdd(v2, w1, b2);
                if (TRows.Value > 2 && TPanels.Value > 2) c2 = Vector512.FusedMultiplyAdd(v2, w2, c2);
                var v3 = TRows.Value > 3 ? Vector512.Create(x3[k]) : default;
                if (TRows.Value > 3) a3 = Vector512.FusedMultiplyAdd(v3, w0, a3);
                if (TRows.Value > 3 && TPanels.Value > 1) b3 = Vector512.FusedMultiplyAdd(v3, w1, b3);
                if (TRows.Value > 3 && TPanels.Value > 2) c3 = Vector512.FusedMultiplyAdd(v3, w2, c3);
                var v4 = TRows.Value > 4 ? Vector512.Create(x4[k]) : default;
                if (TRows.Value > 4) a4 = Vector512.FusedMultiplyAdd(v4, w0, a4);
                if (TRows.Value > 4 && TPanels.Value > 1) b4 = Vector512.FusedMultiplyAdd(v4, w1, b4);
                if (TRows.Value > 4 && TPanels.Value > 2) c4 = Vector512.FusedMultiplyAdd(v4, w2, c4);
                var v5 = TRows.Value > 5 ? Vector512.Create(x5[k]) : default;
                if (TRows.Value > 5) a5 = Vector512.FusedMultiplyAdd(v5, w0, a5);
                if (TRows.Value > 5 && TPanels.Value > 1) b5 = Vector512.FusedMultiplyAdd(v5, w1, b5);
                if (TRows.Value > 5 && TPanels.Value > 2) c5 = Vector512.FusedMultiplyAdd(v5, w2, c5);
                var v6 = TRows.Value > 6 ? Vector512.Create(x6[k]) : default;
                if (TRows.Value > 6) a6 = Vector512.FusedMultiplyAdd(v6, w0, a6);
                if (TRows.Value > 6 && TPanels.Value > 1) b6 = Vector512.FusedMultiplyAdd(v6, w1, b6);
                if (TRows.Value > 6 && TPanels.Value > 2) c6 = Vector512.FusedMultiplyAdd(v6, w2, c6);
                var v7 = TRows.Value > 7 ? Vector512.Create(x7[k]) : default;
                if (TRows.Value > 7) a7 = Vector512.FusedMultiplyAdd(v7, w0, a7);
                if (TRows.Value > 7 && TPanels.Value > 1) b7 = Vector512.FusedMultiplyAdd(v7, w1, b7);
                if (TRows.Value > 7 && TPanels.Value > 2) c7 = Vector512.FusedMultiplyAdd(v7, w2, c7);
            }

            if (tile.Bias != null)
            {
                a0 += Vector512.Load(tile.Bias);
                if (TPanels.Value > 1) b0 += Vector512.Load(tile.Bias + 16);
                if (TPanels.Value > 2) c0 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 1) a1 += Vector512.Load(tile.Bias);
                if (TRows.Value > 1 && TPanels.Value > 1) b1 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 1 && TPanels.Value > 2) c1 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 2) a2 += Vector512.Load(tile.Bias);
                if (TRows.Value > 2 && TPanels.Value > 1) b2 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 2 && TPanels.Value > 2) c2 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 3) a3 += Vector512.Load(tile.Bias);
                if (TRows.Value > 3 && TPanels.Value > 1) b3 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 3 && TPanels.Value > 2) c3 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 4) a4 += Vector512.Load(tile.Bias);
                if (TRows.Value > 4 && TPanels.Value > 1) b4 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 4 && TPanels.Value > 2) c4 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 5) a5 += Vector512.Load(tile.Bias);
                if (TRows.Value > 5 && TPanels.Value > 1) b5 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 5 && TPanels.Value > 2) c5 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 6) a6 += Vector512.Load(tile.Bias);
                if (TRows.Value > 6 && TPanels.Value > 1) b6 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 6 && TPanels.Value > 2) c6 += Vector512.Load(tile.Bias + 32);
                if (TRows.Value > 7) a7 += Vector512.Load(tile.Bias);
                if (TRows.Value > 7 && TPanels.Value > 1) b7 += Vector512.Load(tile.Bias + 16);
                if (TRows.Value > 7 && TPanels.Value > 2) c7 += Vector512.Load(tile.Bias + 32);
            }

            if (residual != null)
            {
                var ld = tile.LdResidual;
                a0 = Vector512.Load(residual) + a0;
                if (TPanels.Value > 1) b0 = Vector512.Load(residual + 16) + b0;
                if (TPanels.Value > 2) c0 = Vector512.Load(residual + 32) + c0;
                if (TRows.Value > 1) a1 = Vector512.Load(residual + ld) + a1;
                if (TRows.Value > 1 && TPanels.Value > 1) b1 = Vector512.Load(residual + ld + 16) + b1;
                if (TRows.Value > 1 && TPanels.Value > 2) c1 = Vector512.Load(residual + ld + 32) + c1;
                if (TRows.Value > 2) a2 = Vector512.Load(residual + 2 * ld) + a2;
                if (TRows.Value > 2 && TPanels.Value > 1) b2 = Vector512.Load(residual + 2 * ld + 16) + b2;
                if (TRows.Value > 2 && TPanels.Value > 2) c2 = Vector512.Load(residual + 2 * ld + 32) + c2;
                if (TRows.Value > 3) a3 = Vector512.Load(residual + 3 * ld) + a3;
                if (TRows.Value > 3 && TPanels.Value > 1) b3 = Vector512.Load(residual + 3 * ld + 16) + b3;
                if (TRows.Value > 3 && TPanels.Value > 2) c3 = Vector512.Load(residual + 3 * ld + 32) + c3;
                if (TRows.Value > 4) a4 = Vector512.Load(residual + 4 * ld) + a4;
                if (TRows.Value > 4 && TPanels.Value > 1) b4 = Vector512.Load(residual + 4 * ld + 16) + b4;
                if (TRows.Value > 4 && TPanels.Value > 2) c4 = Vector512.Load(residual + 4 * ld + 32) + c4;
                if (TRows.Value > 5) a5 = Vector512.Load(residual + 5 * ld) + a5;
                if (TRows.Value > 5 && TPanels.Value > 1) b5 = Vector512.Load(residual + 5 * ld + 16) + b5;
                if (TRows.Value > 5 && TPanels.Value > 2) c5 = Vector512.Load(residual + 5 * ld + 32) + c5;
                if (TRows.Value > 6) a6 = Vector512.Load(residual + 6 * ld) + a6;
                if (TRows.Value > 6 && TPanels.Value > 1) b6 = Vector512.Load(residual + 6 * ld + 16) + b6;
                if (TRows.Value > 6 && TPanels.Value > 2) c6 = Vector512.Load(residual + 6 * ld + 32) + c6;
                if (TRows.Value > 7) a7 = Vector512.Load(residual + 7 * ld) + a7;
                if (TRows.Value > 7 && TPanels.Value > 1) b7 = Vector512.Load(residual + 7 * ld + 16) + b7;
                if (TRows.Value > 7 && TPanels.Value > 2) c7 = Vector512.Load(residual + 7 * ld + 32) + c7;
                residual += TRows.Value * ld;
            }

            a0.Store(y);
            if (TPanels.Value > 1) b0.Store(y + 16);
            if (TPanels.Value > 2) c0.Store(y + 32);
            if (TRows.Value > 1) a1.Store(y + ldy);
            if (TRows.Value > 1 && TPanels.Value > 1) b1.Store(y + ldy + 16);
            if (TRows.Value > 1 && TPanels.Value > 2) c1.Store(y + ldy + 32);
            if (TRows.Value > 2) a2.Store(y + 2 * ldy);
            if (TRows.Value > 2 && TPanels.Value > 1) b2.Store(y + 2 * ldy + 16);
            if (TRows.Value > 2 && TPanels.Value > 2) c2.Store(y + 2 * ldy + 32);
            if (TRows.Value > 3) a3.Store(y + 3 * ldy);
            if (TRows.Value > 3 && TPanels.Value > 1) b3.Store(y + 3 * ldy + 16);
            if (TRows.Value > 3 && TPanels.Value > 2) c3.Store(y + 3 * ldy + 32);
            if (TRows.Value > 4) a4.Store(y + 4 * ldy);
            if (TRows.Value > 4 && TPanels.Value > 1) b4.Store(y + 4 * ldy + 16);
            if (TRows.Value > 4 && TPanels.Value > 2) c4.Store(y + 4 * ldy + 32);
            if (TRows.Value > 5) a5.Store(y + 5 * ldy);
            if (TRows.Value > 5 && TPanels.Value > 1) b5.Store(y + 5 * ldy + 16);
            if (TRows.Value > 5 && TPanels.Value > 2) c5.Store(y + 5 * ldy + 32);
            if (TRows.Value > 6) a6.Store(y + 6 * ldy);
            if (TRows.Value > 6 && TPanels.Value > 1) b6.Store(y + 6 * ldy + 16);
            if (TRows.Value > 6 && TPanels.Value > 2) c6.Store(y + 6 * ldy + 32);
            if (TRows.Value > 7) a7.Store(y + 7 * ldy);
            if (TRows.Value > 7 && TPanels.Value > 1) b7.Store(y + 7 * ldy + 16);
            if (TRows.Value > 7 && TPanels.Value > 2) c7.Store(y + 7 * ldy + 32);
            x += TRows.Value * ldx;
            y += TRows.Value * ldy;
        }
    }
}
