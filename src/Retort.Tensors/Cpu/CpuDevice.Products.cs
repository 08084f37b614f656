namespace Retort.Tensors.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void WritePanels(ReadOnlySpan<float> rows, PanelMatrix weight, int firstRow)
    {
        var numRows = rows.Length / weight.InDim;
        fixed (float* source = rows)
        {
            if (weight.Format == WeightFormat.BFloat16)
            {
                MatMulPanels.Pack(source, weight.InDim, firstRow, numRows, weight.InDim, (BFloat16*)weight.Panels.Address);
            }
            else
            {
                MatMulPanels.Pack(source, weight.InDim, firstRow, numRows, weight.InDim, weight.Panels.Data);
            }
        }
    }

    /// <inheritdoc/>
    public override void ReadPanels(PanelMatrix weight, int firstRow, Span<float> rows)
    {
        var numRows = rows.Length / weight.InDim;
        fixed (float* target = rows)
        {
            if (weight.Format == WeightFormat.BFloat16)
            {
                MatMulPanels.Unpack((BFloat16*)weight.Panels.Address, firstRow, numRows, weight.InDim, target, weight.InDim);
            }
            else
            {
                MatMulPanels.Unpack(weight.Panels.Data, firstRow, numRows, weight.InDim, target, weight.InDim);
            }
        }
    }

    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, PanelMatrix weight, Tensor bias, Tensor residual, Tensor y)
    {
        if (weight.Format == WeightFormat.BFloat16)
        {
            MatMul.Forward(
                pool, MatMul.BestWidth, x.Data, x.Columns, x.Rows, (BFloat16*)weight.Panels.Address, weight.InDim, weight.OutDim,
                bias.Data, residual.Data, residual.Columns, y.Data, y.Columns);
        }
        else
        {
            MatMul.Forward(
                pool, x.Data, x.Columns, x.Rows, weight.Panels.Data, weight.InDim, weight.OutDim,
                bias.Data, residual.Data, residual.Columns, y.Data, y.Columns);
        }
    }

    /// <inheritdoc/>
    protected override void LinearBackwardInputCore(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate) =>
        MatMul.BackwardInput(
            pool, dY.Data, dY.Columns, dY.Rows, weight.Panels.Data, weight.InDim, weight.OutDim, dX.Data, dX.Columns, accumulate);

    /// <inheritdoc/>
    protected override void LinearBackwardWeightCore(
        Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW, Tensor dBias)
    {
        var starts = new ReadOnlySpan<int>(shards.RowStarts.Data, shards.RowStarts.Length);
        MatMul.BackwardWeight(
            pool, x.Data, x.Columns, dY.Data, dY.Columns, starts, dW.Panels.Data, dW.InDim, dW.OutDim, shards.ContinueChain);
        if (!dBias.IsAbsent)
        {
            MatMul.ColumnSums(pool, dY.Data, dY.Columns, starts, dW.OutDim, dBias.Data, shards.ContinueChain);
        }
    }
}
