using Retort.Core;

namespace Retort.Tensors.Tests;

/// <summary>The products of docs/numerics.md, word for word, on plain arrays.</summary>
internal static class MatMulReference
{
    public static float[] Random(ulong index, long length)
    {
        var random = CounterRandom.For(11, "matmul tests", index);
        var values = new float[length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (int)(random.NextUInt32() >> 8) / (float)(1 << 23) - 1;
        }

        return values;
    }

    public static void Forward(
        float[] x, int ldx, int rows, float[] w, int inDim, int outDim, float[]? bias, float[]? residual, int ldr,
        float[] y, int ldy)
    {
        for (var t = 0; t < rows; t++)
        {
            for (var o = 0; o < outDim; o++)
            {
                var acc = 0f;
                for (var i = 0; i < inDim; i++)
                {
                    acc = MathF.FusedMultiplyAdd(x[t * ldx + i], w[o * inDim + i], acc);
                }

                acc = bias is null ? acc : acc + bias[o];
                y[t * ldy + o] = residual is null ? acc : residual[t * ldr + o] + acc;
            }
        }
    }

    public static void BackwardInput(
        float[] dY, int ldy, int rows, float[] w, int inDim, int outDim, float[] dX, int ldx, bool accumulate)
    {
        for (var t = 0; t < rows; t++)
        {
            for (var i = 0; i < inDim; i++)
            {
                var acc = 0f;
                for (var o = 0; o < outDim; o++)
                {
                    acc = MathF.FusedMultiplyAdd(dY[t * ldy + o], w[o * inDim + i], acc);
                }

                dX[t * ldx + i] = accumulate ? dX[t * ldx + i] + acc : acc;
            }
        }
    }

    public static void BackwardWeight(
        float[] x, int ldx, float[] dY, int ldy, int[] starts, float[] dW, int inDim, int outDim, bool continueChain)
    {
        for (var o = 0; o < outDim; o++)
        {
            for (var i = 0; i < inDim; i++)
            {
                var parts = new float[starts.Length - 1];
                for (var g = 0; g < parts.Length; g++)
                {
                    var acc = continueChain ? dW[o * inDim + i] : 0;
                    for (var t = starts[g]; t < starts[g + 1]; t++)
                    {
                        acc = MathF.FusedMultiplyAdd(x[t * ldx + i], dY[t * ldy + o], acc);
                    }

                    parts[g] = acc;
                }

                dW[o * inDim + i] = Tree(parts);
            }
        }
    }

    public static void ColumnSums(float[] dY, int ldy, int[] starts, int columns, float[] grad, bool continueChain)
    {
        for (var c = 0; c < columns; c++)
        {
            var parts = new float[starts.Length - 1];
            for (var g = 0; g < parts.Length; g++)
            {
                parts[g] = continueChain ? grad[c] : 0;
                for (var t = starts[g]; t < starts[g + 1]; t++)
                {
                    parts[g] += dY[t * ldy + c];
                }
            }

            grad[c] = Tree(parts);
        }
    }

    private static float Tree(ReadOnlySpan<float> parts) =>
        parts.Length == 1 ? parts[0] : Tree(parts[..(parts.Length / 2)]) + Tree(parts[(parts.Length / 2)..]);
}
