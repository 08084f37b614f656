namespace Retort.Tensors.Cpu;

public sealed unsafe partial class CpuDevice
{
    // Nanoseconds an element on one core, roughly: they decide how work is split, never what is computed.
    private const double NormCost = 0.25, NormBackwardCost = 0.5, RopeCost = 0.4, ActivationCost = 1.0, CopyCost = 0.15;

    /// <inheritdoc/>
    protected override void FireDistancesCore(Tensor shape, float threshold, Tensor y) =>
        Cpu.FireDistances.Forward(shape.Data, threshold, y.Data, 0, FireIds(y));

    /// <inheritdoc/>
    protected override void FireDistancesBackwardCore(Tensor dY, Tensor shape, float threshold, Tensor dShape) =>
        Cpu.FireDistances.Backward(dY.Data, shape.Data, threshold, dShape.Data, FireIds(dY));

    /// <inheritdoc/>
    protected override void EmbedCore(IntTensor tokens, EmbeddingTable table, Tensor y)
    {
        var job = pool.Job<EmbedJob>();
        (job.Tokens, job.Table, job.Y) = (tokens, table, y);
        job.Split(pool, y.Rows, (table.IsTied ? 8 : 1) * CopyCost * y.Columns);
    }

    /// <inheritdoc/>
    protected override void EmbedBackwardCore(IntTensor tokens, Tensor dY, GradientShards shards, EmbeddingTable dTable)
    {
        var vocabulary = dTable.VocabularySize;
        var job = pool.Job<EmbedBackwardJob>();
        (job.DY, job.Shards, job.DTable) = (dY, shards, dTable);
        job.Starts = (int*)pool.SharedScratch(vocabulary + 1 + tokens.Length);
        job.Order = job.Starts + vocabulary + 1;
        EmbeddingGradient.SortById(tokens.Data, tokens.Length, vocabulary, job.Starts, job.Order);
        var cost = CopyCost * dY.Columns * (2.0 * dY.Rows / vocabulary + 1);
        job.Split(pool, vocabulary, cost, dTable.IsTied ? PanelMatrix.PanelWidth : 1);
    }

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, Tensor gain, float epsilon, Tensor y, Tensor rstd)
    {
        var job = pool.Job<RmsNormJob>();
        (job.X, job.Gain, job.Epsilon, job.Y, job.Rstd) = (x, gain, epsilon, y, rstd);
        job.Split(pool, x.Rows, NormCost * x.Columns);
    }

    /// <inheritdoc/>
    protected override void RmsNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards, Tensor dGain)
    {
        // The gain first: dX may be dY.
        var gains = pool.Job<RmsGainJob>();
        (gains.DY, gains.X, gains.Rstd, gains.LdRstd, gains.Groups, gains.Width, gains.Shards, gains.DGain) =
            (dY, x, rstd, 1, 1, x.Columns, shards, dGain);
        gains.Split(pool, x.Columns, NormCost * x.Rows, Lanes.Count);
        var job = pool.Job<RmsNormBackwardJob>();
        (job.DY, job.X, job.Gain, job.Rstd, job.DX, job.Accumulate) = (dY, x, gain, rstd, dX, accumulate);
        job.Split(pool, x.Rows, NormBackwardCost * x.Columns);
    }

    /// <inheritdoc/>
    protected override void LayerNormCore(
        Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd)
    {
        var job = pool.Job<LayerNormJob>();
        (job.X, job.Gain, job.Bias, job.Epsilon, job.Y, job.Mean, job.Rstd) =
            (x, gain, bias, epsilon, y, mean, rstd);
        job.Split(pool, x.Rows, 2 * NormCost * x.Columns);
    }

    /// <inheritdoc/>
    protected override void LayerNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards,
        Tensor dGain, Tensor dBias)
    {
        var sums = pool.Job<LayerGainJob>();
        (sums.DY, sums.X, sums.Mean, sums.Rstd, sums.Shards, sums.DGain, sums.DBias) =
            (dY, x, mean, rstd, shards, dGain, dBias);
        sums.Split(pool, x.Columns, 2 * NormCost * x.Rows, Lanes.Count);
        var job = pool.Job<LayerNormBackwardJob>();
        (job.DY, job.X, job.Gain, job.Mean, job.Rstd, job.DX, job.Accumulate) =
            (dY, x, gain, mean, rstd, dX, accumulate);
        job.Split(pool, x.Rows, 2 * NormBackwardCost * x.Columns);
    }

    /// <inheritdoc/>
    protected override void HeadNormCore(
        Tensor qkv, Tensor gainQ, Tensor gainK, HeadShape heads, float epsilon, Tensor y, Tensor rstd)
    {
        var job = pool.Job<HeadNormJob>();
        (job.X, job.GainQ, job.GainK, job.Heads, job.Epsilon, job.Y, job.Rstd) =
            (qkv, gainQ, gainK, heads, epsilon, y, rstd);
        job.Split(pool, qkv.Rows, NormCost * qkv.Columns);
    }

    /// <inheritdoc/>
    protected override void HeadNormBackwardCore(
        Tensor dY, Tensor qkv, Tensor gainQ, Tensor gainK, Tensor rstd, HeadShape heads, Tensor dX, GradientShards shards,
        Tensor dGainQ, Tensor dGainK)
    {
        var gains = pool.Job<RmsGainJob>();
        var (dim, bothHeads) = (heads.HeadDim, heads.NumHeads + heads.NumKvHeads);
        (gains.DY, gains.X, gains.Rstd, gains.LdRstd, gains.Groups, gains.Width, gains.Shards, gains.DGain) =
            (dY, qkv, rstd, bothHeads, heads.NumHeads, dim, shards, dGainQ);
        gains.Run(0, dim, 0);
        (gains.DY, gains.X, gains.Rstd, gains.Groups, gains.DGain) =
            (Shifted(dY, heads.NumHeads * dim), Shifted(qkv, heads.NumHeads * dim), new Tensor((nint)(rstd.Data + heads.NumHeads), rstd.Rows, rstd.Columns),
             heads.NumKvHeads, dGainK);
        gains.Run(0, dim, 0);
        var job = pool.Job<HeadNormBackwardJob>();
        (job.DY, job.X, job.GainQ, job.GainK, job.Rstd, job.Heads, job.DX) =
            (dY, qkv, gainQ, gainK, rstd, heads, dX);
        job.Split(pool, qkv.Rows, NormBackwardCost * qkv.Columns);

        static Tensor Shifted(Tensor tensor, int columns) =>
            new((nint)(tensor.Data + columns), tensor.Rows, tensor.Columns);
    }

    /// <inheritdoc/>
    protected override void RopeCore(
        Tensor qkv, IntTensor positions, RopeTables tables, int numHeads, int headDim, bool inverse)
    {
        var job = pool.Job<RopeJob>();
        (job.X, job.Positions, job.Tables, job.NumHeads, job.HeadDim, job.Inverse) =
            (qkv, positions, tables, numHeads, headDim, inverse);
        job.Split(pool, qkv.Rows, RopeCost * numHeads * headDim);
    }

    /// <inheritdoc/>
    protected override void SwiGluCore(Tensor gateUp, Tensor y)
    {
        var job = pool.Job<SwiGluJob>();
        (job.GateUp, job.Y) = (gateUp, y);
        job.Split(pool, y.Rows, ActivationCost * y.Columns);
    }

    /// <inheritdoc/>
    protected override void SwiGluBackwardCore(Tensor dY, Tensor gateUp, Tensor dGateUp)
    {
        var job = pool.Job<SwiGluBackwardJob>();
        (job.DY, job.GateUp, job.DGateUp) = (dY, gateUp, dGateUp);
        job.Split(pool, dY.Rows, 1.5 * ActivationCost * dY.Columns);
    }

    /// <inheritdoc/>
    protected override void GeluCore(Tensor x, Tensor y) => Pointwise(PointwiseKind.Gelu, default, x, y);

    /// <inheritdoc/>
    protected override void GeluBackwardCore(Tensor dY, Tensor x, Tensor dX) => Pointwise(PointwiseKind.GeluBackward, dY, x, dX);

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor y) => Pointwise(PointwiseKind.Relu, default, x, y);

    /// <inheritdoc/>
    protected override void ReluBackwardCore(Tensor dY, Tensor x, Tensor dX) => Pointwise(PointwiseKind.ReluBackward, dY, x, dX);

    private void Pointwise(PointwiseKind kind, Tensor dY, Tensor x, Tensor y)
    {
        var job = pool.Job<PointwiseJob>();
        (job.Kind, job.DY, job.X, job.Y) = (kind, dY, x, y);
        job.Split(pool, Blocks(x.Length), ActivationCost * BlockElements);
    }
}
