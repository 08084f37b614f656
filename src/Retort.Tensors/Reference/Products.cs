namespace Retort.Tensors.Reference;

/// <summary>Scalar matrix products over weights in panels; see <see cref="Cpu.MatMul"/>.</summary>
internal static unsafe class Products
{
    /// <summary>y[t, o] = the ascending chain over i, then bias, then residual + it.</summary>
    internal static void Forward(Tensor x, PanelMatrix weight, float* bias, float* residual, Tensor y)
    {
        for (var t = 0; t < x.Rows; t++)
        {
            for (var o = 0; o < weight.OutDim; o++)
            {
                var sum = 0f;
                for (var i = 0; i < weight.InDim; i++)
                {
                    sum = MathF.FusedMultiplyAdd(x.Data[(nint)t * weight.InDim + i], Read(weight, o, i), sum);
                }

                var place = (nint)t * weight.OutDim + o;
                sum = bias == null ? sum : sum + bias[o];
                y.Data[place] = residual == null ? sum : residual[place] + sum;
            }
        }
    }

    /// <summary>dX[t, i] = the ascending chain over o, or dX + it.</summary>
    internal static void BackwardInput(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate)
    {
        for (var t = 0; t < dY.Rows; t++)
        {
            for (var i = 0; i < weight.InDim; i++)
            {
                var sum = 0f;
                for (var o = 0; o < weight.OutDim; o++)
                {
                    sum = MathF.FusedMultiplyAdd(dY.Data[(nint)t * weight.OutDim + o], Read(weight, o, i), sum);
                }

                var place = dX.Data + (nint)t * weight.InDim + i;
                *place = accumulate ? *place + sum : sum;
            }
        }
    }

    /// <summary>dW[o, i]: a chain over the tokens of each shard, a tree between shards.</summary>
    internal static void BackwardWeight(Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW)
    {
        for (var o = 0; o < dW.OutDim; o++)
        {
            for (var i = 0; i < dW.InDim; i++)
            {
                var (output, input) = (o, i);
                var place = At(dW, o, i);
                *place = ColumnGradients.Shards(Chain, *place, shards.RowStarts.Data, shards.Count, shards.ContinueChain);

                float Chain(float chain, int row0, int row1)
                {
                    for (var t = row0; t < row1; t++)
                    {
                        chain = MathF.FusedMultiplyAdd(
                            x.Data[(nint)t * x.Columns + input], dY.Data[(nint)t * dY.Columns + output], chain);
                    }

                    return chain;
                }
            }
        }
    }

    /// <summary>W[output, input].</summary>
    internal static float Read(PanelMatrix weight, int output, int input) => weight.Format == WeightFormat.BFloat16
        ? Half(weight, output, input)->Widen()
        : *At(weight, output, input);

    /// <summary>W[output, input] = value, rounded to the matrix's format.</summary>
    internal static void Write(PanelMatrix weight, int output, int input, float value)
    {
        if (weight.Format == WeightFormat.BFloat16)
        {
            *Half(weight, output, input) = BFloat16.Round(value);
        }
        else
        {
            *At(weight, output, input) = value;
        }
    }

    private static float* At(PanelMatrix weight, int output, int input) =>
        weight.Panels.Data + Row(weight, output, input) + output % PanelMatrix.PanelWidth;

    /// <summary>Halves lie in pairs: outputs 0 and 8 of a panel, 1 and 9, ...</summary>
    private static BFloat16* Half(PanelMatrix weight, int output, int input) =>
        (BFloat16*)weight.Panels.Address + Row(weight, output, input) + 2 * (output % 8) + output / 8 % 2;

    private static nint Row(PanelMatrix weight, int output, int input) =>
        ((nint)(output / PanelMatrix.PanelWidth) * weight.InDim + input) * PanelMatrix.PanelWidth;
}
