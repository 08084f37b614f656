using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Retort.Tensors.Cpu;

/// <summary>
/// Register tiles for 16 registers of 8 lanes: up to 6 rows by one panel (12 accumulators, two weights, one broadcast).
/// Rows that a tile lacks are compiled away.
/// </summary>
internal static unsafe class MatMulTile256
{
    /// <summary><paramref name="tiles"/> consecutive tiles of <typeparamref name="TRows"/> rows by one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Run<TRows, TStored>(in MatMulTile<TStored> tile, int tiles)
        where TRows : struct, ICount
        where TStored : unmanaged
    {
        var (depth, ldx, ldy) = (tile.Depth, tile.Ldx, tile.Ldy);
        var x = tile.X;
        var y = tile.Y;
        var start = tile.Start;
        var residual = tile.Residual;
        var ahead = tile.Ahead;
        for (; tiles > 0; tiles--, ahead = 0)
        {
            Vector256<float> a0 = default, b0 = default;
            Vector256<float> a1 = default, b1 = default;
            Vector256<float> a2 = default, b2 = default;
            Vector256<float> a3 = default, b3 = default;
            Vector256<float> a4 = default, b4 = default;
            Vector256<float> a5 = default, b5 = default;
            if (start != null)
            {
                var ld = tile.LdStart;
                a0 = Vector256.Load(start);
                b0 = Vector256.Load(start + 8);
                if (TRows.Value > 1) a1 = Vector256.Load(start + ld);
                if (TRows.Value > 1) b1 = Vector256.Load(start + ld + 8);
                if (TRows.Value > 2) a2 = Vector256.Load(start + 2 * ld);
                if (TRows.Value > 2) b2 = Vector256.Load(start + 2 * ld + 8);
                if (TRows.Value > 3) a3 = Vector256.Load(start + 3 * ld);
                if (TRows.Value > 3) b3 = Vector256.Load(start + 3 * ld + 8);
                if (TRows.Value > 4) a4 = Vector256.Load(start + 4 * ld);
                if (TRows.Value > 4) b4 = Vector256.Load(start + 4 * ld + 8);
                if (TRows.Value > 5) a5 = Vector256.Load(start + 5 * ld);
                if (TRows.Value > 5) b5 = Vector256.Load(start + 5 * ld + 8);
                start += TRows.Value * ld;
            }

            var x0 = x;
            var x1 = TRows.Value > 1 ? x0 + ldx : x;
            var x2 = TRows.Value > 2 ? x1 + ldx : x;
            var x3 = TRows.Value > 3 ? x2 + ldx : x;
            var x4 = TRows.Value > 4 ? x3 + ldx : x;
            var x5 = TRows.Value > 5 ? x4 + ldx : x;
            var panel = tile.Panel;
            for (nint k = 0; k < depth; k++)
            {
                var w0 = Stored.Low(panel);
                var w1 = Stored.High(panel);
                if (Sse.IsSupported) Sse.Prefetch1(panel + ahead);
                panel += 16;
                var v0 = Vector256.Create(x0[k]);
                a0 = Vector256.FusedMultiplyAdd(v0, w0, a0);
                b0 = Vector256.FusedMultiplyAdd(v0, w1, b0);
                var v1 = TRows.Value > 1 ? Vector256.Create(x1[k]) : default;
                if (TRows.Value > 1) a1 = Vector256.FusedMultiplyAdd(v1, w0, a1);
                if (TRows.Value > 1) b1 = Vector256.FusedMultiplyAdd(v1, w1, b1);
                var v2 = TRows.Value > 2 ? Vector256.Create(x2[k]) : default;
                if (TRows.Value > 2) a2 = Vector256.FusedMultiplyAdd(v2, w0, a2);
                if (TRows.Value > 2) b2 = Vector256.FusedMultiplyAdd(v2, w1, b2);
                var v3 = TRows.Value > 3 ? Vector256.Create(x3[k]) : default;
                if (TRows.Value > 3) a3 = Vector256.FusedMultiplyAdd(v3, w0, a3);
                if (TRows.Value > 3) b3 = Vector256.FusedMultiplyAdd(v3, w1, b3);
                var v4 = TRows.Value > 4 ? Vector256.Create(x4[k]) : default;
                if (TRows.Value > 4) a4 = Vector256.FusedMultiplyAdd(v4, w0, a4);
                if (TRows.Value > 4) b4 = Vector256.FusedMultiplyAdd(v4, w1, b4);
                var v5 = TRows.Value > 5 ? Vector256.Create(x5[k]) : default;
                if (TRows.Value > 5) a5 = Vector256.FusedMultiplyAdd(v5, w0, a5);
                if (TRows.Value > 5) b5 = Vector256.FusedMultiplyAdd(v5, w1, b5);
            }

            if (tile.Bias != null)
            {
                a0 += Vector256.Load(tile.Bias);
                b0 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 1) a1 += Vector256.Load(tile.Bias);
                if (TRows.Value > 1) b1 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 2) a2 += Vector256.Load(tile.Bias);
                if (TRows.Value > 2) b2 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 3) a3 += Vector256.Load(tile.Bias);
                if (TRows.Value > 3) b3 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 4) a4 += Vector256.Load(tile.Bias);
                if (TRows.Value > 4) b4 += Vector256.Load(tile.Bias + 8);
                if (TRows.Value > 5) a5 += Vector256.Load(tile.Bias);
                if (TRows.Value > 5) b5 += Vector256.Load(tile.Bias + 8);
            }

            if (residual != null)
            {
                var ld = tile.LdResidual;
                a0 = Vector256.Load(residual) + a0;
                b0 = Vector256.Load(residual + 8) + b0;
                if (TRows.Value > 1) a1 = Vector256.Load(residual + ld) + a1;
                if (TRows.Value > 1) b1 = Vector256.Load(residual + ld + 8) + b1;
                if (TRows.Value > 2) a2 = Vector256.Load(residual + 2 * ld) + a2;
                if (TRows.Value > 2) b2 = Vector256.Load(residual + 2 * ld + 8) + b2;
                if (TRows.Value > 3) a3 = Vector256.Load(residual + 3 * ld) + a3;
                if (TRows.Value > 3) b3 = Vector256.Load(residual + 3 * ld + 8) + b3;
                if (TRows.Value > 4) a4 = Vector256.Load(residual + 4 * ld) + a4;
                if (TRows.Value > 4) b4 = Vector256.Load(residual + 4 * ld + 8) + b4;
                if (TRows.Value > 5) a5 = Vector256.Load(residual + 5 * ld) + a5;
                if (TRows.Value > 5) b5 = Vector256.Load(residual + 5 * ld + 8) + b5;
                residual += TRows.Value * ld;
            }

            a0.Store(y);
            b0.Store(y + 8);
            if (TRows.Value > 1) a1.Store(y + ldy);
            if (TRows.Value > 1) b1.Store(y + ldy + 8);
            if (TRows.Value > 2) a2.Store(y + 2 * ldy);
            if (TRows.Value > 2) b2.Store(y + 2 * ldy + 8);
            if (TRows.Value > 3) a3.Store(y + 3 * ldy);
            if (TRows.Value > 3) b3.Store(y + 3 * ldy + 8);
            if (TRows.Value > 4) a4.Store(y + 4 * ldy);
            if (TRows.Value > 4) b4.Store(y + 4 * ldy + 8);
            if (TRows.Value > 5) a5.Store(y + 5 * ldy);
            if (TRows.Value > 5) b5.Store(y + 5 * ldy + 8);
            x += TRows.Value * ldx;
            y += TRows.Value * ldy;
        }
    }
}
