namespace Retort.Tensors;

/// <summary>
/// Where a gradient's sum over tokens is cut (docs/numerics.md). <paramref name="RowStarts"/> holds the first row of each shard and,
/// last, the number of rows; a power of two of shards, combined by a perfect binary tree. With
/// <paramref name="ContinueChain"/> there is one shard, a later part of one begun before, and its chain goes on from the stored values.
/// </summary>
public readonly record struct GradientShards(IntTensor RowStarts, bool ContinueChain)
{
    /// <summary>Number of shards.</summary>
    public int Count => RowStarts.Length - 1;
}

public abstract partial class Device
{
    /// <summary>y[rows, out] = x[rows, in] W^T (+ bias[1, out]) (+ residual[rows, out]); y may be the residual.</summary>
    public void Linear(Tensor x, PanelMatrix weight, Tensor bias, Tensor residual, Tensor y)
    {
        Require(x.Columns == weight.InDim && y.Columns == weight.OutDim && x.Rows == y.Rows, "linear: shapes differ");
        Require(bias.IsAbsent || bias.Length == weight.OutDim, "linear: bias length");
        Require(residual.IsAbsent || (residual.Rows == y.Rows && residual.Columns == y.Columns), "linear: residual shape");
        work.LinearFlops += ProductFlops(x.Rows, weight);
        work.WeightBytes += weight.Panels.Length * sizeof(float);
        LinearCore(x, weight, bias, residual, y);
    }

    /// <summary>dX[rows, in] = dY[rows, out] W, or += it.</summary>
    public void LinearBackwardInput(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate)
    {
        Require(dX.Columns == weight.InDim && dY.Columns == weight.OutDim && dX.Rows == dY.Rows, "linear: shapes differ");
        Require(weight.Format == WeightFormat.Float32, "linear: gradients need float32 weights");
        work.LinearFlops += ProductFlops(dY.Rows, weight);
        work.WeightBytes += weight.Panels.Length * sizeof(float);
        LinearBackwardInputCore(dY, weight, dX, accumulate);
    }

    /// <summary>dW[out, in] = dY^T x over the shards, and dBias[1, out] the column sums of dY where it is present.</summary>
    public void LinearBackwardWeight(Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW, Tensor dBias)
    {
        Require(x.Columns == dW.InDim && dY.Columns == dW.OutDim && x.Rows == dY.Rows, "linear: shapes differ");
        Require(dW.Format == WeightFormat.Float32, "linear: gradients are float32");
        Require(dBias.IsAbsent || dBias.Length == dW.OutDim, "linear: bias length");
        work.LinearFlops += ProductFlops(x.Rows, dW);
        LinearBackwardWeightCore(x, dY, shards, dW, dBias);
    }

    /// <summary>Writes rows firstRow .. of W[out, in] from a row-major host matrix [rows, in] into the panels.</summary>
    public abstract void WritePanels(ReadOnlySpan<float> rows, PanelMatrix weight, int firstRow);

    /// <summary>Reads rows firstRow .. of W[out, in] into a row-major host matrix [rows, in].</summary>
    public abstract void ReadPanels(PanelMatrix weight, int firstRow, Span<float> rows);

    /// <inheritdoc cref="Linear"/>
    protected abstract void LinearCore(Tensor x, PanelMatrix weight, Tensor bias, Tensor residual, Tensor y);

    /// <inheritdoc cref="LinearBackwardInput"/>
    protected abstract void LinearBackwardInputCore(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate);

    /// <inheritdoc cref="LinearBackwardWeight"/>
    protected abstract void LinearBackwardWeightCore(
        Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW, Tensor dBias);

    private static long ProductFlops(int rows, PanelMatrix weight) => 2L * rows * weight.InDim * weight.OutDim;
}
