namespace Retort.Tensors;

/// <summary>
/// A device that computes nothing and holds no memory: it counts. Running a model's own code on it gives the FLOPs and
/// the arena a step needs, which is how <c>--dry-run</c> prices a run and how arenas are sized.
/// </summary>
public sealed class CountingDevice : Device
{
    /// <inheritdoc/>
    public override int Threads => 1;

    /// <summary>Bytes asked for with <see cref="Allocate(long)"/> so far.</summary>
    public long AllocatedBytes { get; private set; }

    /// <inheritdoc/>
    public override Storage Allocate(long bytes)
    {
        AllocatedBytes += bytes;
        return Storage.Virtual(bytes);
    }

    /// <inheritdoc/>
    public override void Write(Tensor destination, ReadOnlySpan<float> source)
    {
    }

    /// <inheritdoc/>
    public override void Write(IntTensor destination, ReadOnlySpan<int> source)
    {
    }

    /// <inheritdoc/>
    public override void Read(Tensor source, Span<float> destination) => destination.Clear();

    /// <inheritdoc/>
    public override void Read(IntTensor source, Span<int> destination) => destination.Clear();

    /// <inheritdoc/>
    public override void Copy(Tensor source, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void Fill(Tensor destination, float value)
    {
    }

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor sum)
    {
    }

    /// <inheritdoc/>
    public override void GatherRows(Tensor x, IntTensor rows, Tensor y)
    {
    }

    /// <inheritdoc/>
    public override void GatherInts(IntTensor x, IntTensor rows, IntTensor y)
    {
    }

    /// <inheritdoc/>
    public override void ScatterRows(Tensor x, IntTensor rows, Tensor y)
    {
    }

    /// <inheritdoc/>
    public override void WritePanels(ReadOnlySpan<float> rows, PanelMatrix weight, int firstRow)
    {
    }

    /// <inheritdoc/>
    public override void ReadPanels(PanelMatrix weight, int firstRow, Span<float> rows) => rows.Clear();

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor flat) => 0;

    /// <inheritdoc/>
    public override void AdamW(Tensor parameters, Tensor gradients, Tensor m, Tensor v, in AdamWStep step)
    {
    }

    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, PanelMatrix weight, Tensor bias, Tensor residual, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void LinearBackwardInputCore(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate)
    {
    }

    /// <inheritdoc/>
    protected override void LinearBackwardWeightCore(
        Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW, Tensor dBias)
    {
    }

    /// <inheritdoc/>
    protected override void ReluCore(Tensor x, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void ReluBackwardCore(Tensor dY, Tensor x, Tensor dX)
    {
    }

    /// <inheritdoc/>
    protected override void HeadNormCore(
        Tensor qkv, Tensor gainQ, Tensor gainK, HeadShape heads, float epsilon, Tensor y, Tensor rstd)
    {
    }

    /// <inheritdoc/>
    protected override void HeadNormBackwardCore(
        Tensor dY, Tensor qkv, Tensor gainQ, Tensor gainK, Tensor rstd, HeadShape heads, Tensor dX, GradientShards shards,
        Tensor dGainQ, Tensor dGainK)
    {
    }

    /// <inheritdoc/>
    protected override void EmbedCore(IntTensor tokens, EmbeddingTable table, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void EmbedBackwardCore(
        IntTensor tokens, Tensor dY, GradientShards shards, EmbeddingTable dTable)
    {
    }

    /// <inheritdoc/>
    protected override void RmsNormCore(Tensor x, Tensor gain, float epsilon, Tensor y, Tensor rstd)
    {
    }

    /// <inheritdoc/>
    protected override void RmsNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards, Tensor dGain)
    {
    }

    /// <inheritdoc/>
    protected override void LayerNormCore(
        Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor y, Tensor mean, Tensor rstd)
    {
    }

    /// <inheritdoc/>
    protected override void LayerNormBackwardCore(
        Tensor dY, Tensor x, Tensor gain, Tensor mean, Tensor rstd, Tensor dX, bool accumulate, GradientShards shards,
        Tensor dGain, Tensor dBias)
    {
    }

    /// <inheritdoc/>
    protected override void RopeCore(
        Tensor qkv, IntTensor positions, RopeTables tables, int numHeads, int headDim, bool inverse)
    {
    }

    /// <inheritdoc/>
    protected override void SwiGluCore(Tensor gateUp, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void SwiGluBackwardCore(Tensor dY, Tensor gateUp, Tensor dGateUp)
    {
    }

    /// <inheritdoc/>
    protected override void GeluCore(Tensor x, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void GeluBackwardCore(Tensor dY, Tensor x, Tensor dX)
    {
    }

    /// <inheritdoc/>
    protected override void AttentionCore(
        Tensor qkv, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor output, Tensor lse)
    {
    }

    /// <inheritdoc/>
    protected override void AttentionBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor dQkv)
    {
    }

    /// <inheritdoc/>
    protected override void AttentionBiasBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias,
        GradientShards shards, Tensor dTable)
    {
    }

    /// <inheritdoc/>
    protected override void FireDistancesCore(Tensor shape, float threshold, Tensor y)
    {
    }

    /// <inheritdoc/>
    protected override void FireDistancesBackwardCore(Tensor dY, Tensor shape, float threshold, Tensor dShape)
    {
    }

    /// <inheritdoc/>
    protected override void CachedAttentionCore(
        Tensor qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, AttentionBias bias, Tensor output)
    {
    }

    /// <inheritdoc/>
    protected override void SampleCore(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs,
        ReadOnlySpan<LogitBias> biases, Span<TokenLogprob> tops)
    {
        tokens.Clear();
        logprobs.Clear();
        tops.Clear();
    }

    /// <inheritdoc/>
    protected override void CrossEntropyCore(
        Tensor logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs)
    {
    }

    /// <inheritdoc/>
    protected override void PolicyLossCore(
        Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, Tensor readings)
    {
    }

    /// <inheritdoc/>
    protected override void ValueLossCore(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses)
    {
    }
}
