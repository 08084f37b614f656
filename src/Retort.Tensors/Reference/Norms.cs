namespace Retort.Tensors.Reference;

/// <summary>Scalar RMSNorm; see <see cref="Cpu.RmsNorm"/>.</summary>
internal static unsafe class RmsNorm
{
    /// <inheritdoc cref="Cpu.RmsNorm.Forward"/>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gain, float* rstd, int columns, float epsilon, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var xr = x + (nint)r * ldX;
            var scale = 1f / MathF.Sqrt(LaneSums.SumSquares(xr, columns) / columns + epsilon);
            for (var i = 0; i < columns; i++)
            {
                var xhat = xr[i] * scale;
                y[(nint)r * ldY + i] = gain == null ? xhat : xhat * gain[i];
            }

            if (rstd != null)
            {
                rstd[r] = scale;
            }
        }
    }

    /// <inheritdoc cref="Cpu.RmsNorm.Backward"/>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gain, float* rstd, float* dx, int ldDx, int columns,
        bool accumulate, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var dyr = dy + (nint)r * ldDy;
            var xr = x + (nint)r * ldX;
            var dxr = dx + (nint)r * ldDx;
            var dots = default(LaneSums);
            for (var i = 0; i < columns; i++)
            {
                dots.AddProduct(i, gain == null ? dyr[i] : dyr[i] * gain[i], xr[i] * rstd[r]);
            }

            var meanDot = dots.Tree() / columns;
            for (var i = 0; i < columns; i++)
            {
                var w = gain == null ? dyr[i] : dyr[i] * gain[i];
                var d = MathF.FusedMultiplyAdd(-(xr[i] * rstd[r]), meanDot, w) * rstd[r];
                dxr[i] = accumulate ? dxr[i] + d : d;
            }
        }
    }
}

/// <summary>Scalar LayerNorm; see <see cref="Cpu.LayerNorm"/>.</summary>
internal static unsafe class LayerNorm
{
    /// <inheritdoc cref="Cpu.LayerNorm.Forward"/>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gain, float* bias, float* mean, float* rstd, int columns,
        float epsilon, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var xr = x + (nint)r * ldX;
            var centre = LaneSums.Sum(xr, columns) / columns;
            var squares = default(LaneSums);
            for (var i = 0; i < columns; i++)
            {
                squares.AddProduct(i, xr[i] - centre, xr[i] - centre);
            }

            var scale = 1f / MathF.Sqrt(squares.Tree() / columns + epsilon);
            for (var i = 0; i < columns; i++)
            {
                var v = (xr[i] - centre) * scale;
                v = gain == null ? v : v * gain[i];
                y[(nint)r * ldY + i] = bias == null ? v : v + bias[i];
            }

            if (mean != null)
            {
                mean[r] = centre;
            }

            if (rstd != null)
            {
                rstd[r] = scale;
            }
        }
    }

    /// <inheritdoc cref="Cpu.LayerNorm.Backward"/>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gain, float* mean, float* rstd, float* dx, int ldDx, int columns,
        bool accumulate, int r0, int r1)
    {
        for (var r = r0; r < r1; r++)
        {
            var dyr = dy + (nint)r * ldDy;
            var xr = x + (nint)r * ldX;
            var dxr = dx + (nint)r * ldDx;
            var sums = default(LaneSums);
            var dots = default(LaneSums);
            for (var i = 0; i < columns; i++)
            {
                var w = gain == null ? dyr[i] : dyr[i] * gain[i];
                sums.Add(i, w);
                dots.AddProduct(i, w, (xr[i] - mean[r]) * rstd[r]);
            }

            var meanW = sums.Tree() / columns;
            var meanDot = dots.Tree() / columns;
            for (var i = 0; i < columns; i++)
            {
                var w = gain == null ? dyr[i] : dyr[i] * gain[i];
                var xhat = (xr[i] - mean[r]) * rstd[r];
                var d = MathF.FusedMultiplyAdd(-xhat, meanDot, w - meanW) * rstd[r];
                dxr[i] = accumulate ? dxr[i] + d : d;
            }
        }
    }
}

/// <summary>Scalar query/key norm; see <see cref="Cpu.HeadNorm"/>.</summary>
internal static unsafe class HeadNorm
{
    /// <inheritdoc cref="Cpu.HeadNorm.Forward"/>
    internal static void Forward(
        float* x, int ldX, float* y, int ldY, float* gainQ, float* gainK, float* rstd, HeadShape heads, float epsilon,
        int r0, int r1)
    {
        var normed = heads.NumHeads + heads.NumKvHeads;
        for (var r = r0; r < r1; r++)
        {
            for (var h = 0; h < normed; h++)
            {
                var column = h * heads.HeadDim;
                RmsNorm.Forward(
                    x + (nint)r * ldX + column, 0, y + (nint)r * ldY + column, 0, h < heads.NumHeads ? gainQ : gainK,
                    rstd == null ? null : rstd + (nint)r * normed + h, heads.HeadDim, epsilon, 0, 1);
            }

            for (var i = normed * heads.HeadDim; i < heads.QkvWidth; i++)
            {
                y[(nint)r * ldY + i] = x[(nint)r * ldX + i];
            }
        }
    }

    /// <inheritdoc cref="Cpu.HeadNorm.Backward"/>
    internal static void Backward(
        float* dy, int ldDy, float* x, int ldX, float* gainQ, float* gainK, float* rstd, float* dx, int ldDx,
        HeadShape heads, int r0, int r1)
    {
        var normed = heads.NumHeads + heads.NumKvHeads;
        for (var r = r0; r < r1; r++)
        {
            for (var h = 0; h < normed; h++)
            {
                var column = h * heads.HeadDim;
                RmsNorm.Backward(
                    dy + (nint)r * ldDy + column, 0, x + (nint)r * ldX + column, 0, h < heads.NumHeads ? gainQ : gainK,
                    rstd + (nint)r * normed + h, dx + (nint)r * ldDx + column, 0, heads.HeadDim, accumulate: false, 0, 1);
            }

            for (var i = normed * heads.HeadDim; i < heads.QkvWidth; i++)
            {
                dx[(nint)r * ldDx + i] = dy[(nint)r * ldDy + i];
            }
        }
    }
}
