using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>LayerNorm (Ba et al. 2016) over rows r0 .. r1-1 of <c>columns</c> floats, ld* floats apart.</summary>
internal static unsafe class LayerNorm
{
    /// <summary>
    /// mean = sum16(x) / columns, rstd = 1 / sqrt(sumsq16(x - mean) / columns + epsilon),
    /// y = ((x - mean) * rstd) * gain + bias. Gain, bias [columns] and mean, rstd [rows] may be null; y may be x.
    /// </summary>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gain, float* bias, float* mean, float* rstd, int columns,
        float epsilon, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var xr = x + (nint)r * ldX;
            var yr = y + (nint)r * ldY;
            var centre = Lanes.Sum(xr, columns) / columns;
            var centres = Vector512.Create(centre);
            var squares = Vector512<float>.Zero;
            var i = 0;
            for (; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var d = Vector512.Load(xr + i) - centres;
                squares = Vector512.FusedMultiplyAdd(d, d, squares);
            }

            if (i < columns)
            {
                var d = Lanes.LoadPartial(xr + i, columns - i, centre) - centres;
                squares = Vector512.FusedMultiplyAdd(d, d, squares);
            }

            var scale = 1f / MathF.Sqrt(Lanes.Tree(squares) / columns + epsilon);
            var scales = Vector512.Create(scale);
            for (i = 0; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var v = (Vector512.Load(xr + i) - centres) * scales;
                v = gain == null ? v : v * Vector512.Load(gain + i);
                (bias == null ? v : v + Vector512.Load(bias + i)).Store(yr + i);
            }

            for (; i < columns; i++)
            {
                var v = (xr[i] - centre) * scale;
                v = gain == null ? v : v * gain[i];
                yr[i] = bias == null ? v : v + bias[i];
            }

            if (rstd != null)
            {
                rstd[r] = scale;
            }

            if (mean != null)
            {
                mean[r] = centre;
            }
        }
    }

    /// <summary>
    /// With xhat = (x - mean) * rstd and w = dy * gain:
    /// dx = fma(-xhat, dot16(w, xhat) / columns, w - sum16(w) / columns) * rstd, added to what dx holds when
    /// <paramref name="accumulate"/> is set. dx may be dy. Gain and bias: <see cref="NormGradients"/>.
    /// </summary>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gain, float* mean, float* rstd, float* dx, int ldDx, int columns,
        bool accumulate, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var dyr = dy + (nint)r * ldDy;
            var xr = x + (nint)r * ldX;
            var dxr = dx + (nint)r * ldDx;
            var (centre, scale) = (Vector512.Create(mean[r]), Vector512.Create(rstd[r]));
            var (sums, dots) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var i = 0;
            for (; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var w = Vector512.Load(dyr + i);
                w = gain == null ? w : w * Vector512.Load(gain + i);
                sums += w;
                dots = Vector512.FusedMultiplyAdd(w, (Vector512.Load(xr + i) - centre) * scale, dots);
            }

            var rest = columns - i;
            if (rest > 0)
            {
                var w = Lanes.LoadPartial(dyr + i, rest, -0f);
                w = gain == null ? w : w * Lanes.LoadPartial(gain + i, rest, 1f);
                sums += w;
                var xhat = (Lanes.LoadPartial(xr + i, rest, mean[r]) - centre) * scale;
                dots = Vector512.FusedMultiplyAdd(w, xhat, dots);
            }

            var meanW = Vector512.Create(Lanes.Tree(sums) / columns);
            var meanDot = Vector512.Create(Lanes.Tree(dots) / columns);
            for (i = 0; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var w = Vector512.Load(dyr + i);
                w = gain == null ? w : w * Vector512.Load(gain + i);
                var d = InputGradient(w, (Vector512.Load(xr + i) - centre) * scale, meanW, meanDot, scale);
                (accumulate ? Vector512.Load(dxr + i) + d : d).Store(dxr + i);
            }

            if (rest > 0)
            {
                var w = Lanes.LoadPartial(dyr + i, rest, 0f);
                w = gain == null ? w : w * Lanes.LoadPartial(gain + i, rest, 0f);
                var xhat = (Lanes.LoadPartial(xr + i, rest, 0f) - centre) * scale;
                var d = InputGradient(w, xhat, meanW, meanDot, scale);
                d = accumulate ? Lanes.LoadPartial(dxr + i, rest, 0f) + d : d;
                Lanes.StorePartial(d, dxr + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> InputGradient(
        Vector512<float> w, Vector512<float> xhat, Vector512<float> meanW, Vector512<float> meanDot,
        Vector512<float> scale) => Vector512.FusedMultiplyAdd(-xhat, meanDot, w - meanW) * scale;
}
