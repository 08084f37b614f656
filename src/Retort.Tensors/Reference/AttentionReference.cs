using Retort.Tensors.Cpu;

namespace Retort.Tensors.Reference;

/// <summary>
/// Attention one element at a time, exactly as docs/numerics.md writes it: slow, obvious, and the judge of every kernel's
/// bits. One sequence; pointers and layouts as in <see cref="AttentionForward"/> and <see cref="AttentionBackward"/>.
/// </summary>
internal static unsafe class AttentionReference
{
    private const int Lanes = 16;
    private const int BlockKeys = 64;

    /// <summary>Output [tokens, OutputWidth] and lse [tokens, NumHeads] of qkv [tokens, QkvWidth]; ids [tokens] where there is a bias.</summary>
    public static void Forward(
        in HeadShape shape, float* qkv, float* output, float* lse, int tokens, AttentionBias bias = default, int* ids = null)
    {
        for (var row = 0; row < tokens; row++)
        {
            for (var head = 0; head < shape.NumHeads; head++)
            {
                var at = row * shape.NumHeads + head;
                lse[at] = Query(shape, qkv, row, head, output + at * shape.HeadDim, bias, ids);
            }
        }
    }

    /// <summary>One query head of row <paramref name="row"/>; returns its lse.</summary>
    internal static float Query(
        in HeadShape shape, float* qkv, int row, int head, float* output, AttentionBias bias = default, int* ids = null)
    {
        var headDim = shape.HeadDim;
        var values = qkv + shape.ValueOffset(head / shape.Group);
        var o = new float[headDim];
        var sums = new float[Lanes];
        var e = new float[BlockKeys];
        var max = float.NegativeInfinity;
        for (var first = 0; first <= row; first += BlockKeys)
        {
            var before = max;
            for (var j = 0; j < BlockKeys; j++)
            {
                e[j] = first + j <= row ? Score(shape, qkv, row, first + j, head, bias, ids) : float.NegativeInfinity;
                max = MathF.Max(max, e[j]);
            }

            var correction = float.IsNegativeInfinity(before) ? 0f : Elementary.Exp(before - max);
            for (var j = 0; j < BlockKeys; j++)
            {
                e[j] = Elementary.Exp(e[j] - max);
                var lane = j % Lanes;
                sums[lane] = j < Lanes ? MathF.FusedMultiplyAdd(sums[lane], correction, e[j]) : sums[lane] + e[j];
            }

            for (var d = 0; d < headDim; d++)
            {
                o[d] *= correction;
                for (var j = 0; j < BlockKeys && first + j <= row; j++)
                {
                    o[d] = MathF.FusedMultiplyAdd(e[j], values[(first + j) * shape.QkvWidth + d], o[d]);
                }
            }
        }

        var sum = Tree(sums);
        for (var d = 0; d < headDim; d++)
        {
            output[d] = o[d] / sum + 0f;
        }

        return max + Elementary.Log(sum);
    }

    /// <summary>Gradients of <see cref="Forward"/>: every element of dQkv [tokens, QkvWidth] is overwritten.</summary>
    public static void Backward(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, float* dQkv, int tokens, AttentionBias bias = default,
        int* ids = null)
    {
        int headDim = shape.HeadDim, stride = shape.QkvWidth;
        new Span<float>(dQkv, tokens * stride).Clear();
        for (var head = 0; head < shape.NumHeads; head++)
        {
            int q = head * headDim, k = shape.KeyOffset(head / shape.Group), v = shape.ValueOffset(head / shape.Group);
            for (var i = 0; i < tokens; i++)
            {
                var dO = dOutput + i * shape.OutputWidth + q;
                var mean = Dot16(dO, output + i * shape.OutputWidth + q, headDim);
                for (var j = 0; j <= i; j++)
                {
                    var p = Elementary.Exp(Score(shape, qkv, i, j, head, bias, ids) - lse[i * shape.NumHeads + head]);
                    var ds = p * (Chain(dO, qkv + j * stride + v, headDim) - mean);
                    for (var d = 0; d < headDim; d++)
                    {
                        Add(dQkv + i * stride + q + d, ds, qkv[j * stride + k + d]);
                        Add(dQkv + j * stride + k + d, ds, qkv[i * stride + q + d]);
                        Add(dQkv + j * stride + v + d, p, dO[d]);
                    }
                }
            }
        }

        for (var i = 0; i < tokens * stride; i++)
        {
            var isValue = i % stride >= shape.ValueOffset(0);
            dQkv[i] = (isValue ? dQkv[i] : shape.Scale * dQkv[i]) + 0f;
        }
    }

    /// <summary>Adds the gradients of <see cref="Forward"/>'s scores to the bias's entries, dTable [entries, NumHeads].</summary>
    public static void AddToBias(
        in HeadShape shape, float* qkv, float* output, float* dOutput, float* lse, float* dTable, int tokens, AttentionBias bias, int* ids)
    {
        for (var head = 0; head < shape.NumHeads; head++)
        {
            for (var i = 0; i < tokens; i++)
            {
                var at = i * shape.OutputWidth + head * shape.HeadDim;
                var mean = Dot16(dOutput + at, output + at, shape.HeadDim);
                for (var j = 0; j <= i; j++)
                {
                    var p = Elementary.Exp(Score(shape, qkv, i, j, head, bias, ids) - lse[i * shape.NumHeads + head]);
                    var value = qkv + j * shape.QkvWidth + shape.ValueOffset(head / shape.Group);
                    dTable[Entry(bias, ids[i], ids[j]) * shape.NumHeads + head] += p * (Chain(dOutput + at, value, shape.HeadDim) - mean);
                }
            }
        }
    }

    private static float Score(in HeadShape shape, float* qkv, int row, int key, int head, AttentionBias bias, int* ids)
    {
        var scaled = Chain(
            qkv + row * shape.QkvWidth + head * shape.HeadDim,
            qkv + key * shape.QkvWidth + shape.KeyOffset(head / shape.Group), shape.HeadDim) * shape.Scale;
        return bias.IsAbsent ? scaled : scaled + bias.Table.Data[Entry(bias, ids[row], ids[key]) * bias.Table.Columns + head];
    }

    private static int Entry(AttentionBias bias, int query, int key) =>
        Math.Max(0, query - key) + (bias.IsByPair ? query * (query + 1) / 2 : 0);

    private static float Chain(float* x, float* y, int count)
    {
        var acc = 0f;
        for (var d = 0; d < count; d++)
        {
            Add(&acc, x[d], y[d]);
        }

        return acc;
    }

    private static void Add(float* acc, float x, float y) => *acc = MathF.FusedMultiplyAdd(x, y, *acc);

    private static float Dot16(float* x, float* y, int count)
    {
        var lanes = new float[Lanes];
        for (var i = 0; i < count; i++)
        {
            lanes[i % Lanes] = MathF.FusedMultiplyAdd(x[i], y[i], lanes[i % Lanes]);
        }

        return Tree(lanes);
    }

    private static float Tree(float[] lanes)
    {
        for (var half = Lanes / 2; half > 0; half /= 2)
        {
            for (var lane = 0; lane < half; lane++)
            {
                lanes[lane] += lanes[lane + half];
            }
        }

        return lanes[0];
    }
}
