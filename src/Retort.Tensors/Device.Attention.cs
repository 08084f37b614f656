namespace Retort.Tensors;

/// <summary>Heads of one attention layer; a row of q|k|v holds NumHeads + 2 NumKvHeads heads of HeadDim.</summary>
public readonly record struct HeadShape(int NumHeads, int NumKvHeads, int HeadDim)
{
    /// <summary>Columns of a q|k|v row.</summary>
    public int QkvWidth => (NumHeads + 2 * NumKvHeads) * HeadDim;

    /// <summary>Columns of an attention output row.</summary>
    public int OutputWidth => NumHeads * HeadDim;
}

/// <summary>
/// Numbers added to scaled scores: query row i of head h adds Table[e, h] to its score of a key at or before it, where e is told by their
/// position ids: the distance max(0, Ids[i] - id of the key), or with <paramref name="IsByPair"/> the entry of the query's id and that
/// distance, id (id + 1) / 2 + distance. Ids lie in 0 .. ids-1; the table has a row for each distance or for each pair.
/// </summary>
/// <param name="Table">[entries, NumHeads]; absent: nothing is added.</param>
/// <param name="Ids">Position ids of the rows of q|k|v.</param>
/// <param name="IsByPair">An entry depends on where the query stands too.</param>
/// <param name="BatchRows">
/// The batch's row that each row of q|k|v is a copy of, by which gradients know its shard; absent: rows are the batch's own.
/// </param>
/// <param name="Gradient">Where the gradient of this use of the table goes; null: the table is not learned.</param>
public readonly record struct AttentionBias(
    Tensor Table, IntTensor Ids, bool IsByPair = false, IntTensor BatchRows = default, Parameter? Gradient = null)
{
    /// <summary>Nothing is added.</summary>
    public bool IsAbsent => Table.IsAbsent;
}

public abstract partial class Device
{
    /// <summary>
    /// Causal attention inside each sequence. Sequence s is rows sequenceStarts[s] .. sequenceStarts[s+1]-1 of
    /// qkv[tokens, QkvWidth]. out[tokens, OutputWidth]; lse[tokens, NumHeads] (log of the softmax sums) is kept for the backward pass.
    /// <paramref name="keysSeen"/>: the sum over all rows of the keys at or before them, for the work count.
    /// </summary>
    public void Attention(
        Tensor qkv, IntTensor sequenceStarts, HeadShape heads, long keysSeen, Tensor output, Tensor lse, AttentionBias bias = default)
    {
        RequireAttention(qkv, heads, output, bias);
        work.AttentionFlops += AttentionFlops(heads, keysSeen);
        AttentionCore(qkv, sequenceStarts, heads, bias, output, lse);
    }

    /// <summary>dQkv[tokens, QkvWidth] from dOut; scores are computed again.</summary>
    public void AttentionBackward(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, long keysSeen, Tensor dQkv,
        AttentionBias bias = default)
    {
        RequireAttention(qkv, heads, output, bias);
        work.AttentionFlops += 2 * AttentionFlops(heads, keysSeen);
        work.RecomputedFlops += AttentionFlops(heads, keysSeen) / 2;
        AttentionBackwardCore(dOut, qkv, output, lse, sequenceStarts, heads, bias, dQkv);
    }

    /// <summary>
    /// dTable[entries, NumHeads], the gradient of the bias's table, from what <see cref="AttentionBackward"/> reads; scores are computed again.
    /// An entry's sum goes over queries ascending, then keys ascending, a chain a shard and the tree over shards.
    /// </summary>
    public void AttentionBiasBackward(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, long keysSeen, AttentionBias bias,
        GradientShards shards, Tensor dTable)
    {
        RequireAttention(qkv, heads, output, bias);
        Require(dTable.Rows == bias.Table.Rows && dTable.Columns == bias.Table.Columns, "attention: the bias's gradient has another shape");
        work.RecomputedFlops += AttentionFlops(heads, keysSeen);
        AttentionBiasBackwardCore(dOut, qkv, output, lse, sequenceStarts, heads, bias, shards, dTable);
    }

    /// <summary>
    /// Writes the keys and values of the step's rows into their pages, then attends each row to all keys at or before it.
    /// With float32 pages the bits are those of <see cref="Attention"/> on the whole sequence.
    /// </summary>
    public void CachedAttention(
        Tensor qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, Tensor output, AttentionBias bias = default)
    {
        RequireAttention(qkv, heads, output, bias);
        work.AttentionFlops += AttentionFlops(heads, layout.KeysSeen);
        work.KvBytes += 2L * heads.NumKvHeads * heads.HeadDim * KvPages.ElementBytes(pages.Format) * layout.KeysRead;
        CachedAttentionCore(qkv, layout, pages, layer, heads, bias, output);
    }

    /// <inheritdoc cref="Attention"/>
    protected abstract void AttentionCore(
        Tensor qkv, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor output, Tensor lse);

    /// <inheritdoc cref="AttentionBackward"/>
    protected abstract void AttentionBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor dQkv);

    /// <inheritdoc cref="AttentionBiasBackward"/>
    protected abstract void AttentionBiasBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias,
        GradientShards shards, Tensor dTable);

    /// <inheritdoc cref="CachedAttention"/>
    protected abstract void CachedAttentionCore(
        Tensor qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, AttentionBias bias, Tensor output);

    private static long AttentionFlops(HeadShape heads, long keysSeen) => 4L * heads.NumHeads * heads.HeadDim * keysSeen;

    private static void RequireAttention(Tensor qkv, HeadShape heads, Tensor output, AttentionBias bias)
    {
        Require(
            qkv.Columns == heads.QkvWidth && output.Columns == heads.OutputWidth && qkv.Rows == output.Rows, "attention: shapes differ");
        Require(
            bias.IsAbsent || (bias.Table.Columns == heads.NumHeads && bias.Ids.Length == qkv.Rows), "attention: the bias has another shape");
    }
}
