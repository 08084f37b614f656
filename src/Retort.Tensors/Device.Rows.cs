using Retort.Core;

namespace Retort.Tensors;

/// <summary>
/// A token embedding's place: row-major [vocabulary, width], or, when tied to the output head, the head's panels.
/// </summary>
/// <param name="Table">Row-major table; absent when tied.</param>
/// <param name="Tied">The head's weights [vocabulary, width]; default when not tied.</param>
public readonly record struct EmbeddingTable(Tensor Table, PanelMatrix Tied)
{
    /// <summary>Whether the output head's weights are the table.</summary>
    public bool IsTied => Table.IsAbsent;

    /// <summary>Rows.</summary>
    public int VocabularySize => IsTied ? Tied.OutDim : Table.Rows;

    /// <summary>Columns.</summary>
    public int Width => IsTied ? Tied.InDim : Table.Columns;
}

/// <summary>Rotary tables [positions, headDim / 2] of cosines and sines.</summary>
public readonly record struct RopeTables(Tensor Cos, Tensor Sin)
{
    /// <summary>
    /// Fills both tables on the host, in double: position p turns pair i by the angle p * frequencies[i]; sines and cosines times
    /// <paramref name="magnitude"/>.
    /// </summary>
    public void Fill(Device device, ReadOnlySpan<double> frequencies, double magnitude = 1)
    {
        ArgumentNullException.ThrowIfNull(device);
        var (positions, pairs) = (Cos.Rows, Cos.Columns);
        var (cosines, sines) = (new float[positions * pairs], new float[positions * pairs]);
        for (var i = 0; i < pairs; i++)
        {
            for (var position = 0; position < positions; position++)
            {
                cosines[position * pairs + i] = (float)(magnitude * ExactMath.Cos(position * frequencies[i]));
                sines[position * pairs + i] = (float)(magnitude * ExactMath.Sin(position * frequencies[i]));
            }
        }

        device.Write(Cos, cosines);
        device.Write(Sin, sines);
    }
}

public abstract partial class Device
{
    /// <summary>y[t] = table[tokens[t]]; a row of zeros for the token -1.</summary>
    public void Embed(IntTensor tokens, EmbeddingTable table, Tensor y)
    {
        Require(y.Rows == tokens.Length && y.Columns == table.Width, "embed: shapes differ");
        EmbedCore(tokens, table, y);
    }

    /// <summary>dTable[v] = sum of dY[t] over tokens t equal to v, ascending within a shard, a tree between shards.</summary>
    public void EmbedBackward(IntTensor tokens, Tensor dY, GradientShards shards, EmbeddingTable dTable)
    {
        Require(dY.Rows == tokens.Length && dY.Columns == dTable.Width, "embed: shapes differ");
        EmbedBackwardCore(tokens, dY, shards, dTable);
    }

    /// <summary>y = (x / rms(x)) * gain over each row; rstd[rows, 1] is kept for the backward pass. y may be x.</summary>
    public void RmsNorm(Tensor x, Tensor gain, float epsilon, Tensor y, Tensor rstd)
    {
        Require(x.Rows == y.Rows && x.Columns == y.Columns && gain.Length == x.Columns, "rmsnorm: shapes differ");
        Require(rstd.IsAbsent || rstd.Length == x.Rows, "rmsnorm: rstd length");
        RmsNormCore(x, gain, epsilon, y, rstd);
    }

    /// <summary>dX = (or +=) the gradient through the norm; dGain over the shards.</summary>
    public void RmsNormBackward(
        Tensor dY, Tensor x, Tensor gain, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards, Tensor dGain)
    {
        Require(dY.Rows == x.Rows && dY.Columns == x.Columns && dX.Rows == x.Rows, "rmsnorm: shapes differ");
        RmsNormBackwardCore(dY, x, gain, rstd, dX, accumulate, shards, dGain);
    }

    /// <summary>
    /// y = (x - mean) / std (* gain) (+ bias) over each row, gain and bias optional; mean and rstd [rows, 1] are kept.
    /// </summary>
    public void LayerNorm(Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd)
    {
        Require(x.Rows == y.Rows && x.Columns == y.Columns, "layernorm: shapes differ");
        Require(gain.IsAbsent || gain.Length == x.Columns, "layernorm: gain length");
        Require(bias.IsAbsent || bias.Length == x.Columns, "layernorm: bias length");
        LayerNormCore(x, gain, bias, epsilon, y, mean, rstd);
    }

    /// <summary>dX = (or +=) the gradient through the norm; dGain and dBias over the shards where present.</summary>
    public void LayerNormBackward(
        Tensor dY, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards,
        Tensor dGain, Tensor dBias)
    {
        Require(dY.Rows == x.Rows && dY.Columns == x.Columns && dX.Rows == x.Rows, "layernorm: shapes differ");
        LayerNormBackwardCore(dY, x, gain, mean, rstd, dX, accumulate, shards, dGain, dBias);
    }

    /// <summary>
    /// Rotary positions in place on the first <paramref name="numHeads"/> heads of every row (q heads, then k heads),
    /// halves rotated: pairs (d, d + headDim/2). <paramref name="inverse"/> rotates back, which is the backward pass.
    /// </summary>
    public void Rope(Tensor qkv, IntTensor positions, RopeTables tables, int numHeads, int headDim, bool inverse)
    {
        Require(positions.Length == qkv.Rows && numHeads * headDim <= qkv.Columns, "rope: shapes differ");
        Require(tables.Cos.Columns == headDim / 2, "rope: table width");
        RopeCore(qkv, positions, tables, numHeads, headDim, inverse);
    }

    /// <summary>y[rows, n] = silu(x[:, 0..n)) * x[:, n..2n): gate and up side by side in x[rows, 2n].</summary>
    public void SwiGlu(Tensor gateUp, Tensor y)
    {
        Require(gateUp.Columns == 2 * y.Columns && gateUp.Rows == y.Rows, "swiglu: shapes differ");
        SwiGluCore(gateUp, y);
    }

    /// <summary>dGateUp[rows, 2n] from dY[rows, n]; the sigmoid is computed again.</summary>
    public void SwiGluBackward(Tensor dY, Tensor gateUp, Tensor dGateUp)
    {
        Require(gateUp.Columns == 2 * dY.Columns && dGateUp.Columns == gateUp.Columns, "swiglu: shapes differ");
        SwiGluBackwardCore(dY, gateUp, dGateUp);
    }

    /// <summary>y = gelu(x), the tanh form (Hendrycks and Gimpel 2016).</summary>
    public void Gelu(Tensor x, Tensor y)
    {
        Require(x.Length == y.Length, "gelu: shapes differ");
        GeluCore(x, y);
    }

    /// <summary>dX = gelu'(x) * dY.</summary>
    public void GeluBackward(Tensor dY, Tensor x, Tensor dX)
    {
        Require(x.Length == dY.Length && x.Length == dX.Length, "gelu: shapes differ");
        GeluBackwardCore(dY, x, dX);
    }

    /// <summary>y = max(0, x).</summary>
    public void Relu(Tensor x, Tensor y)
    {
        Require(x.Length == y.Length, "relu: shapes differ");
        ReluCore(x, y);
    }

    /// <summary>dX = dY where x is positive, else 0.</summary>
    public void ReluBackward(Tensor dY, Tensor x, Tensor dX)
    {
        Require(x.Length == dY.Length && x.Length == dX.Length, "relu: shapes differ");
        ReluBackwardCore(dY, x, dX);
    }

    /// <summary>
    /// RMSNorm over each query head (gain q) and each key head (gain k) of q|k|v rows; values are copied.
    /// rstd[rows, NumHeads + NumKvHeads] is kept for the backward pass. y is not x.
    /// </summary>
    public void HeadNorm(Tensor qkv, Tensor gainQ, Tensor gainK, HeadShape heads, float epsilon, Tensor y, Tensor rstd)
    {
        Require(qkv.Columns == heads.QkvWidth && y.Columns == qkv.Columns && y.Rows == qkv.Rows, "headnorm: shapes differ");
        Require(gainQ.Length == heads.HeadDim && gainK.Length == heads.HeadDim, "headnorm: gain length");
        HeadNormCore(qkv, gainQ, gainK, heads, epsilon, y, rstd);
    }

    /// <summary>dX through the norms (values copied), dGainQ and dGainK over the shards: rows ascending, heads ascending in a row.</summary>
    public void HeadNormBackward(
        Tensor dY, Tensor qkv, Tensor gainQ, Tensor gainK, Tensor rstd, HeadShape heads, Tensor dX, GradientShards shards,
        Tensor dGainQ, Tensor dGainK)
    {
        Require(dY.Columns == heads.QkvWidth && dX.Columns == dY.Columns && dX.Rows == dY.Rows, "headnorm: shapes differ");
        HeadNormBackwardCore(dY, qkv, gainQ, gainK, rstd, heads, dX, shards, dGainQ, dGainK);
    }

    /// <inheritdoc cref="Relu"/>
    protected abstract void ReluCore(Tensor x, Tensor y);

    /// <inheritdoc cref="ReluBackward"/>
    protected abstract void ReluBackwardCore(Tensor dY, Tensor x, Tensor dX);

    /// <inheritdoc cref="HeadNorm"/>
    protected abstract void HeadNormCore(
        Tensor qkv, Tensor gainQ, Tensor gainK, HeadShape heads, float epsilon, Tensor y, Tensor rstd);

    /// <inheritdoc cref="HeadNormBackward"/>
    protected abstract void HeadNormBackwardCore(
        Tensor dY, Tensor qkv, Tensor gainQ, Tensor gainK, Tensor rstd, HeadShape heads, Tensor dX, GradientShards shards,
        Tensor dGainQ, Tensor dGainK);

    /// <summary>
    /// FIRE's normalised distances (Li et al. 2024, equation 2): y[i (i + 1) / 2 + d, 0] = psi(d) / psi(max(i, |m| threshold)) with psi(x) = log(|c| x + 1), for a
    /// query at id i and a key d before it; shape[1, 2] holds c and m.
    /// </summary>
    public void FireDistances(Tensor shape, float threshold, Tensor y)
    {
        RequireFire(shape, y);
        FireDistancesCore(shape, threshold, y);
    }

    /// <summary>dShape[1, 2] from dY.</summary>
    public void FireDistancesBackward(Tensor dY, Tensor shape, float threshold, Tensor dShape)
    {
        RequireFire(shape, dY);
        Require(dShape.Length == 2, "fire: shapes differ");
        FireDistancesBackwardCore(dY, shape, threshold, dShape);
    }

    /// <summary>Ids i whose entries i (i + 1) / 2 + d fill so many rows.</summary>
    protected static int FireIds(Tensor y) => (int)((Math.Sqrt(8.0 * y.Rows + 1) - 1) / 2);

    /// <inheritdoc cref="FireDistances"/>
    protected abstract void FireDistancesCore(Tensor shape, float threshold, Tensor y);

    /// <inheritdoc cref="FireDistancesBackward"/>
    protected abstract void FireDistancesBackwardCore(Tensor dY, Tensor shape, float threshold, Tensor dShape);

    private static void RequireFire(Tensor shape, Tensor y)
    {
        var ids = FireIds(y);
        Require(shape.Length == 2 && y.Columns == 1 && (long)ids * (ids + 1) / 2 == y.Rows, "fire: shapes differ");
    }

    /// <inheritdoc cref="Embed"/>
    protected abstract void EmbedCore(IntTensor tokens, EmbeddingTable table, Tensor y);

    /// <inheritdoc cref="EmbedBackward"/>
    protected abstract void EmbedBackwardCore(IntTensor tokens, Tensor dY, GradientShards shards, EmbeddingTable dTable);

    /// <inheritdoc cref="RmsNorm"/>
    protected abstract void RmsNormCore(Tensor x, Tensor gain, float epsilon, Tensor y, Tensor rstd);

    /// <inheritdoc cref="RmsNormBackward"/>
    protected abstract void RmsNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards, Tensor dGain);

    /// <inheritdoc cref="LayerNorm"/>
    protected abstract void LayerNormCore(
        Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd);

    /// <inheritdoc cref="LayerNormBackward"/>
    protected abstract void LayerNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards,
        Tensor dGain, Tensor dBias);

    /// <inheritdoc cref="Rope"/>
    protected abstract void RopeCore(
        Tensor qkv, IntTensor positions, RopeTables tables, int numHeads, int headDim, bool inverse);

    /// <inheritdoc cref="SwiGlu"/>
    protected abstract void SwiGluCore(Tensor gateUp, Tensor y);

    /// <inheritdoc cref="SwiGluBackward"/>
    protected abstract void SwiGluBackwardCore(Tensor dY, Tensor gateUp, Tensor dGateUp);

    /// <inheritdoc cref="Gelu"/>
    protected abstract void GeluCore(Tensor x, Tensor y);

    /// <inheritdoc cref="GeluBackward"/>
    protected abstract void GeluBackwardCore(Tensor dY, Tensor x, Tensor dX);
}
