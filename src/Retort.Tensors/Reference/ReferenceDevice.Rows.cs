namespace Retort.Tensors.Reference;

public sealed unsafe partial class ReferenceDevice
{
    /// <inheritdoc/>
    protected override void EmbedCore(IntTensor tokens, EmbeddingTable table, Tensor y)
    {
        if (table.IsTied)
        {
            Embedding.GatherFromPanels(table.Tied, tokens.Data, y);
        }
        else
        {
            Embedding.Gather(table.Table.Data, table.Width, tokens.Data, y.Data, y.Columns, 0, y.Rows);
        }
    }

    /// <inheritdoc/>
    protected override void EmbedBackwardCore(IntTensor tokens, Tensor dY, GradientShards shards, EmbeddingTable dTable) =>
        Embedding.Scatter(
            dY.Data, dY.Columns, dTable.Width, tokens.Data, shards.RowStarts.Data, shards.Count, shards.ContinueChain,
            dTable.IsTied, dTable.IsTied ? dTable.Tied.Panels.Data : dTable.Table.Data, 0, dTable.VocabularySize);

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, Tensor gain, float epsilon, Tensor y, Tensor rstd) =>
        Reference.RmsNorm.Forward(x.Data, x.Columns, y.Data, x.Columns, gain.Data, rstd.Data, x.Columns, epsilon, 0, x.Rows);

    /// <inheritdoc/>
    protected override void RmsNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards, Tensor dGain)
    {
        var n = x.Columns;
        NormGradients.RmsGain(
            dY.Data, n, x.Data, n, rstd.Data, 1, 1, n, dGain.Data, shards.RowStarts.Data, shards.Count, shards.ContinueChain, 0, n);
        Reference.RmsNorm.Backward(dY.Data, n, x.Data, n, gain.Data, rstd.Data, dX.Data, n, n, accumulate, 0, x.Rows);
    }

    /// <inheritdoc/>
    protected override void LayerNormCore(
        Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd) =>
        Reference.LayerNorm.Forward(
            x.Data, x.Columns, y.Data, x.Columns, gain.Data, bias.Data, mean.Data, rstd.Data, x.Columns, epsilon, 0, x.Rows);

    /// <inheritdoc/>
    protected override void LayerNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards,
        Tensor dGain, Tensor dBias)
    {
        var n = x.Columns;
        if (!dGain.IsAbsent)
        {
            NormGradients.LayerGain(
                dY.Data, n, x.Data, n, mean.Data, rstd.Data, dGain.Data, shards.RowStarts.Data, shards.Count,
                shards.ContinueChain, 0, n);
        }

        Bias(dY, shards, dBias);
        Reference.LayerNorm.Backward(
            dY.Data, n, x.Data, n, gain.Data, mean.Data, rstd.Data, dX.Data, n, n, accumulate, 0, x.Rows);
    }

    /// <inheritdoc/>
    protected override void HeadNormCore(
        Tensor qkv, Tensor gainQ, Tensor gainK, HeadShape heads, float epsilon, Tensor y, Tensor rstd) =>
        Reference.HeadNorm.Forward(
            qkv.Data, qkv.Columns, y.Data, y.Columns, gainQ.Data, gainK.Data, rstd.Data, heads, epsilon, 0, qkv.Rows);

    /// <inheritdoc/>
    protected override void HeadNormBackwardCore(
        Tensor dY, Tensor qkv, Tensor gainQ, Tensor gainK, Tensor rstd, HeadShape heads, Tensor dX, GradientShards shards,
        Tensor dGainQ, Tensor dGainK)
    {
        var (width, dim, normed) = (qkv.Columns, heads.HeadDim, heads.NumHeads + heads.NumKvHeads);
        NormGradients.RmsGain(
            dY.Data, width, qkv.Data, width, rstd.Data, normed, heads.NumHeads, dim, dGainQ.Data, shards.RowStarts.Data,
            shards.Count, shards.ContinueChain, 0, dim);
        var keys = heads.NumHeads * dim;
        NormGradients.RmsGain(
            dY.Data + keys, width, qkv.Data + keys, width, rstd.Data + heads.NumHeads, normed, heads.NumKvHeads, dim,
            dGainK.Data, shards.RowStarts.Data, shards.Count, shards.ContinueChain, 0, dim);
        Reference.HeadNorm.Backward(
            dY.Data, width, qkv.Data, width, gainQ.Data, gainK.Data, rstd.Data, dX.Data, width, heads, 0, qkv.Rows);
    }

    /// <inheritdoc/>
    protected override void RopeCore(
        Tensor qkv, IntTensor positions, RopeTables tables, int numHeads, int headDim, bool inverse) =>
        Reference.Rope.Rotate(
            qkv.Data, qkv.Columns, 0, numHeads, headDim, positions.Data, tables.Cos.Data, tables.Sin.Data, inverse, 0, qkv.Rows);

    /// <inheritdoc/>
    protected override void SwiGluCore(Tensor gateUp, Tensor y) =>
        ActivationSwiGlu.Forward(gateUp.Data, gateUp.Columns, y.Data, y.Columns, y.Columns, 0, y.Rows);

    /// <inheritdoc/>
    protected override void SwiGluBackwardCore(Tensor dY, Tensor gateUp, Tensor dGateUp) => ActivationSwiGlu.Backward(
        dY.Data, dY.Columns, gateUp.Data, gateUp.Columns, dGateUp.Data, dGateUp.Columns, dY.Columns, 0, dY.Rows);

    /// <inheritdoc/>
    protected override void GeluCore(Tensor x, Tensor y) => ActivationPointwise.GeluForward(x.Data, y.Data, 0, (nint)x.Length);

    /// <inheritdoc/>
    protected override void GeluBackwardCore(Tensor dY, Tensor x, Tensor dX) =>
        ActivationPointwise.GeluBackward(dY.Data, x.Data, dX.Data, 0, (nint)x.Length);

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor y) => ActivationPointwise.ReluForward(x.Data, y.Data, 0, (nint)x.Length);

    /// <inheritdoc/>
    protected override void ReluBackwardCore(Tensor dY, Tensor x, Tensor dX) =>
        ActivationPointwise.ReluBackward(dY.Data, x.Data, dX.Data, 0, (nint)x.Length);
}
