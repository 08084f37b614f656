using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Retort.Tensors.Cpu;

/// <summary>RMSNorm (Zhang and Sennrich 2019) over rows r0 .. r1-1 of <c>columns</c> floats, ld* floats apart.</summary>
internal static unsafe class RmsNorm
{
    /// <summary>
    /// y = (x * rstd) * gain, rstd = 1 / sqrt(sumsq16(x) / columns + epsilon). <paramref name="gain"/> [columns] and
    /// <paramref name="rstd"/> [rows] may be null; y may be x.
    /// </summary>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gain, float* rstd, int columns, float epsilon, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var xr = x + (nint)r * ldX;
            var yr = y + (nint)r * ldY;
            var scale = 1f / MathF.Sqrt(Lanes.SumSquares(xr, columns) / columns + epsilon);
            if (rstd != null)
            {
                rstd[r] = scale;
            }

            var scales = Vector512.Create(scale);
            var i = 0;
            for (; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var v = Vector512.Load(xr + i) * scales;
                (gain == null ? v : v * Vector512.Load(gain + i)).Store(yr + i);
            }

            for (; i < columns; i++)
            {
                var v = xr[i] * scale;
                yr[i] = gain == null ? v : v * gain[i];
            }
        }
    }

    /// <summary>
    /// With xhat = x * rstd and w = dy * gain: dx = fma(-xhat, dot16(w, xhat) / columns, w) * rstd, added to what dx holds
    /// when <paramref name="accumulate"/> is set (dx + that). dx may be dy. The gain's gradient is
    /// <see cref="NormGradients.RmsGain"/>.
    /// </summary>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gain, float* rstd, float* dx, int ldDx, int columns,
        bool accumulate, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var dyr = dy + (nint)r * ldDy;
            var xr = x + (nint)r * ldX;
            var dxr = dx + (nint)r * ldDx;
            var scale = Vector512.Create(rstd[r]);
            var dots = Vector512<float>.Zero;
            var i = 0;
            for (; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var w = Vector512.Load(dyr + i);
                w = gain == null ? w : w * Vector512.Load(gain + i);
                dots = Vector512.FusedMultiplyAdd(w, Vector512.Load(xr + i) * scale, dots);
            }

            var rest = columns - i;
            if (rest > 0)
            {
                var w = Lanes.LoadPartial(dyr + i, rest, -0f);
                w = gain == null ? w : w * Lanes.LoadPartial(gain + i, rest, 1f);
                dots = Vector512.FusedMultiplyAdd(w, Lanes.LoadPartial(xr + i, rest, 0f) * scale, dots);
            }

            var mean = Vector512.Create(Lanes.Tree(dots) / columns);
            for (i = 0; i <= columns - Lanes.Count; i += Lanes.Count)
            {
                var w = Vector512.Load(dyr + i);
                w = gain == null ? w : w * Vector512.Load(gain + i);
                var d = InputGradient(w, Vector512.Load(xr + i) * scale, mean, scale);
                (accumulate ? Vector512.Load(dxr + i) + d : d).Store(dxr + i);
            }

            if (rest > 0)
            {
                var w = Lanes.LoadPartial(dyr + i, rest, 0f);
                w = gain == null ? w : w * Lanes.LoadPartial(gain + i, rest, 0f);
                var d = InputGradient(w, Lanes.LoadPartial(xr + i, rest, 0f) * scale, mean, scale);
                d = accumulate ? Lanes.LoadPartial(dxr + i, rest, 0f) + d : d;
                Lanes.StorePartial(d, dxr + i, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> InputGradient(
        Vector512<float> w, Vector512<float> xhat, Vector512<float> mean, Vector512<float> scale) =>
        Vector512.FusedMultiplyAdd(-xhat, mean, w) * scale;
}
