namespace Retort.Tensors.Cpu;

/// <summary>
/// RMSNorm of each query head (gainQ) and key head (gainK) of q|k|v rows r0 .. r1-1, values copied. rstd is
/// [rows, numHeads + numKvHeads]. The gains' gradients are <see cref="NormGradients.RmsGain"/> with groups.
/// </summary>
internal static unsafe class HeadNorm
{
    /// <summary>y[rows, width]; y is not x.</summary>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gainQ, float* gainK, float* rstd, HeadShape heads, float epsilon,
        int r0, int r1)
    {
        var (dim, both) = (heads.HeadDim, heads.NumHeads + heads.NumKvHeads);
        for (var r = r0; r < r1; r++)
        {
            var xr = x + (nint)r * ldX;
            var yr = y + (nint)r * ldY;
            var scales = rstd == null ? null : rstd + (nint)r * both;
            RmsNorm.Forward(xr, dim, yr, dim, gainQ, scales, dim, epsilon, 0, heads.NumHeads);
            var k = heads.NumHeads * dim;
            var keyScales = rstd == null ? null : scales + heads.NumHeads;
            RmsNorm.Forward(xr + k, dim, yr + k, dim, gainK, keyScales, dim, epsilon, 0, heads.NumKvHeads);
            Elementwise.Copy(xr, yr, both * dim, heads.QkvWidth);
        }
    }

    /// <summary>dx[rows, width] is overwritten; the values' part is copied from dy. dx may be dy.</summary>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gainQ, float* gainK, float* rstd, float* dx, int ldDx,
        HeadShape heads, int r0, int r1)
    {
        var (dim, both) = (heads.HeadDim, heads.NumHeads + heads.NumKvHeads);
        for (var r = r0; r < r1; r++)
        {
            var dyr = dy + (nint)r * ldDy;
            var xr = x + (nint)r * ldX;
            var dxr = dx + (nint)r * ldDx;
            var scales = rstd + (nint)r * both;
            RmsNorm.Backward(dyr, dim, xr, dim, gainQ, scales, dxr, dim, dim, accumulate: false, 0, heads.NumHeads);
            var k = heads.NumHeads * dim;
            RmsNorm.Backward(
                dyr + k, dim, xr + k, dim, gainK, scales + heads.NumHeads, dxr + k, dim, dim, accumulate: false, 0,
                heads.NumKvHeads);
            Elementwise.Copy(dyr, dxr, both * dim, heads.QkvWidth);
        }
    }
}
