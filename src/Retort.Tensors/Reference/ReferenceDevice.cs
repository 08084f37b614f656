using Retort.Tensors.Cpu;

namespace Retort.Tensors.Reference;

/// <summary>
/// The seam's second backend: one thread, one element at a time, each sum written as docs/numerics.md writes it. Slow and
/// obvious; every other backend must give its bits. Beside the scalar kernels of this folder it shares only native memory with
/// the CPU backend and, with every backend, the drawing of a token from probabilities.
/// </summary>
public sealed unsafe partial class ReferenceDevice : Device
{
    /// <inheritdoc/>
    public override int Threads => 1;

    /// <inheritdoc/>
    public override Storage Allocate(long bytes) => Storage.Allocate(bytes);

    /// <inheritdoc/>
    public override void Write(Tensor destination, ReadOnlySpan<float> source) => source.CopyTo(Span(destination));

    /// <inheritdoc/>
    public override void Write(IntTensor destination, ReadOnlySpan<int> source) =>
        source.CopyTo(new Span<int>(destination.Data, destination.Length));

    /// <inheritdoc/>
    public override void Read(Tensor source, Span<float> destination) => Span(source).CopyTo(destination);

    /// <inheritdoc/>
    public override void Read(IntTensor source, Span<int> destination) =>
        new Span<int>(source.Data, source.Length).CopyTo(destination);

    /// <inheritdoc/>
    public override void Copy(Tensor source, Tensor destination) => Span(source).CopyTo(Span(destination));

    /// <inheritdoc/>
    public override void Fill(Tensor destination, float value) => Span(destination).Fill(value);

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor sum)
    {
        for (nint i = 0; i < sum.Length; i++)
        {
            sum.Data[i] = a.Data[i] + b.Data[i];
        }
    }

    /// <inheritdoc/>
    public override void GatherRows(Tensor x, IntTensor rows, Tensor y) =>
        Embedding.Gather(x.Data, x.Columns, rows.Data, y.Data, y.Columns, 0, rows.Length);

    /// <inheritdoc/>
    public override void GatherInts(IntTensor x, IntTensor rows, IntTensor y)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            y.Data[i] = x.Data[rows.Data[i]];
        }
    }

    /// <inheritdoc/>
    public override void ScatterRows(Tensor x, IntTensor rows, Tensor y)
    {
        Span(y).Clear();
        for (var i = 0; i < rows.Length; i++)
        {
            for (var c = 0; c < y.Columns; c++)
            {
                y.Data[(nint)rows.Data[i] * y.Columns + c] += x.Data[(nint)i * x.Columns + c];
            }
        }
    }

    /// <inheritdoc/>
    public override void WritePanels(ReadOnlySpan<float> rows, PanelMatrix weight, int firstRow)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            Products.Write(weight, firstRow + i / weight.InDim, i % weight.InDim, rows[i]);
        }
    }

    /// <inheritdoc/>
    public override void ReadPanels(PanelMatrix weight, int firstRow, Span<float> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = Products.Read(weight, firstRow + i / weight.InDim, i % weight.InDim);
        }
    }

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor flat)
    {
        var blocks = (int)((flat.Length + 4095) / 4096);
        var total = 0.0;
        for (var b = 0; b < blocks; b++)
        {
            double partial;
            SumSquares.Blocks(flat.Data, flat.Length, &partial - b, b, b + 1);
            total += partial;
        }

        return total;
    }

    /// <inheritdoc/>
    public override void AdamW(Tensor parameters, Tensor gradients, Tensor m, Tensor v, in AdamWStep step) =>
        Reference.AdamW.Step(parameters.Data, gradients.Data, m.Data, v.Data, step, 0, (nint)parameters.Length);

    /// <inheritdoc/>
    protected override void SampleCore(
        Tensor logits, ReadOnlySpan<SamplingRow> rows, Span<int> tokens, Span<float> logprobs,
        ReadOnlySpan<LogitBias> biases, Span<TokenLogprob> tops)
    {
        var vocabulary = logits.Columns;
        var (biased, probabilities, keys) = (new float[vocabulary], new float[vocabulary], new ulong[vocabulary]);
        for (var r = 0; r < rows.Length; r++)
        {
            Span(logits.Slice(r, 1)).CopyTo(biased);
            foreach (var bias in biases.Slice(rows[r].BiasStart, rows[r].BiasCount))
            {
                biased[bias.Token] += bias.Bias;
            }

            int token;
            if (rows[r].Temperature == 0)
            {
                fixed (float* row = biased)
                {
                    Reference.CrossEntropy.ArgMax(row, vocabulary, vocabulary, &token, 0, 1);
                }
            }
            else
            {
                var max = float.NegativeInfinity;
                foreach (var logit in biased)
                {
                    max = logit > max ? logit : max;
                }

                for (var i = 0; i < vocabulary; i++)
                {
                    probabilities[i] = Elementary.Exp((biased[i] - max) / rows[r].Temperature);
                }

                token = Sampling.Draw(probabilities, rows[r], keys);
            }

            (tokens[r], logprobs[r]) = (token, Logprob(logits, r, token));
            if (rows[r].ReportsTempered)
            {
                logprobs[r] = TemperedLogprob(Span(logits.Slice(r, 1)).ToArray(), token, rows[r].Temperature);
            }

            var top = tops.Slice(rows[r].TopStart, rows[r].TopCount);
            for (var rank = 0; rank < top.Length; rank++)
            {
                var best = Best(Span(logits.Slice(r, 1)), top[..rank]);
                top[rank] = new TokenLogprob(best, Logprob(logits, r, best));
            }
        }
    }

    /// <inheritdoc/>
    protected override void CrossEntropyCore(
        Tensor logits, IntTensor targets, Tensor weights, float zLoss, float gradientScale, Tensor losses, Tensor logprobs)
    {
        var vocabulary = logits.Columns;
        if (gradientScale == 0)
        {
            Reference.CrossEntropy.Forward(
                logits.Data, vocabulary, vocabulary, targets.Data, weights.Data, zLoss, losses.Data, logprobs.Data, 0, logits.Rows);
        }
        else
        {
            Reference.CrossEntropy.ForwardBackward(
                logits.Data, vocabulary, vocabulary, targets.Data, weights.Data, zLoss, gradientScale, losses.Data, logprobs.Data,
                0, logits.Rows);
        }
    }

    /// <inheritdoc/>
    protected override void PolicyLossCore(
        Tensor logits, in PolicyLossRows rows, in PolicyLossSettings settings, bool writesGradient, Tensor readings) =>
        Reference.PolicyLoss.Run(logits, rows, settings, writesGradient, readings.Data);

    /// <inheritdoc/>
    protected override void ValueLossCore(
        Tensor values, Tensor targets, Tensor oldValues, Tensor weights, float clip, bool writesGradient, Tensor losses) =>
        Reference.PolicyLoss.Value(values, targets, oldValues, weights, clip, writesGradient, losses, 0, values.Rows);

    /// <inheritdoc/>
    protected override void LinearCore(Tensor x, PanelMatrix weight, Tensor bias, Tensor residual, Tensor y) =>
        Products.Forward(x, weight, bias.Data, residual.Data, y);

    /// <inheritdoc/>
    protected override void LinearBackwardInputCore(Tensor dY, PanelMatrix weight, Tensor dX, bool accumulate) =>
        Products.BackwardInput(dY, weight, dX, accumulate);

    /// <inheritdoc/>
    protected override void LinearBackwardWeightCore(
        Tensor x, Tensor dY, GradientShards shards, PanelMatrix dW, Tensor dBias)
    {
        Products.BackwardWeight(x, dY, shards, dW);
        Bias(dY, shards, dBias);
    }

    /// <inheritdoc/>
    protected override void AttentionCore(
        Tensor qkv, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor output, Tensor lse)
    {
        for (var s = 0; s + 1 < sequenceStarts.Length; s++)
        {
            var (first, end) = (sequenceStarts.Data[s], sequenceStarts.Data[s + 1]);
            AttentionReference.Forward(
                heads, Row(qkv, first), Row(output, first), Row(lse, first), end - first, bias, bias.Ids.Data + first);
        }
    }

    /// <inheritdoc/>
    protected override void AttentionBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias, Tensor dQkv)
    {
        for (var s = 0; s + 1 < sequenceStarts.Length; s++)
        {
            var (first, end) = (sequenceStarts.Data[s], sequenceStarts.Data[s + 1]);
            AttentionReference.Backward(
                heads, Row(qkv, first), Row(output, first), Row(dOut, first), Row(lse, first), Row(dQkv, first), end - first,
                bias, bias.Ids.Data + first);
        }
    }

    /// <inheritdoc/>
    protected override void AttentionBiasBackwardCore(
        Tensor dOut, Tensor qkv, Tensor output, Tensor lse, IntTensor sequenceStarts, HeadShape heads, AttentionBias bias,
        GradientShards shards, Tensor dTable)
    {
        var (length, numShards) = ((int)dTable.Length, shards.Count);
        var chains = new float[numShards][];
        var sequence = 0;
        for (var shard = 0; shard < numShards; shard++)
        {
            chains[shard] = shards.ContinueChain ? Span(dTable).ToArray() : new float[length];
            fixed (float* chain = chains[shard])
            {
                for (; sequence + 1 < sequenceStarts.Length && RowOf(sequenceStarts.Data[sequence]) < shards.RowStarts.Data[shard + 1]; sequence++)
                {
                    var first = sequenceStarts.Data[sequence];
                    AttentionReference.AddToBias(
                        heads, Row(qkv, first), Row(output, first), Row(dOut, first), Row(lse, first), chain,
                        sequenceStarts.Data[sequence + 1] - first, bias, bias.Ids.Data + first);
                }
            }
        }

        for (var distance = 1; distance < numShards; distance *= 2)
        {
            for (var left = 0; left < numShards; left += 2 * distance)
            {
                for (var i = 0; i < length; i++)
                {
                    chains[left][i] += chains[left + distance][i];
                }
            }
        }

        chains[0].CopyTo(Span(dTable));

        int RowOf(int row) => bias.BatchRows.IsAbsent ? row : bias.BatchRows.Data[row];
    }

    /// <inheritdoc/>
    protected override void FireDistancesCore(Tensor shape, float threshold, Tensor y)
    {
        for (var (i, e) = (0, 0); e < y.Rows; i++)
        {
            for (var d = 0; d <= i; d++, e++)
            {
                y.Data[e] = Psi(d) / (Psi(MathF.Max(i, MathF.Abs(shape.Data[1]) * threshold)) + 1e-6f);
            }
        }

        float Psi(float x) => Elementary.Log(MathF.FusedMultiplyAdd(MathF.Abs(shape.Data[0]), x, 1f));
    }

    /// <inheritdoc/>
    protected override void FireDistancesBackwardCore(Tensor dY, Tensor shape, float threshold, Tensor dShape) =>
        Cpu.FireDistances.Backward(dY.Data, shape.Data, threshold, dShape.Data, FireIds(dY));

    /// <summary>Puts each sequence's keys and values, the cached ones and the new, back into rows of q|k|v and attends to those.</summary>
    protected override void CachedAttentionCore(
        Tensor qkv, StepLayout layout, KvPages pages, int layer, HeadShape heads, AttentionBias bias, Tensor output)
    {
        for (var s = 0; s < layout.NumSequences; s++)
        {
            var (first, start) = (layout.RowStarts[s], layout.StartPositions[s]);
            var end = start + layout.RowStarts[s + 1] - first;
            var (whole, wholeIds) = (new float[end * heads.QkvWidth], new int[end]);
            fixed (float* rows = whole)
            fixed (int* ids = wholeIds)
            {
                for (var position = 0; position < end; position++)
                {
                    var row = rows + position * heads.QkvWidth;
                    var page = layout.Pages(s)[position / KvPages.PageTokens];
                    if (position >= start)
                    {
                        Span(qkv.Slice(first + position - start, 1)).CopyTo(new Span<float>(row, heads.QkvWidth));
                        Exchange(row, pages, layer, page, position % KvPages.PageTokens, heads, write: true);
                    }

                    Exchange(row, pages, layer, page, position % KvPages.PageTokens, heads, write: false);
                    if (!bias.IsAbsent)
                    {
                        var id = (int*)pages.Ids + page * KvPages.PageTokens + position % KvPages.PageTokens;
                        *id = position >= start ? bias.Ids.Data[first + position - start] : *id;
                        ids[position] = *id;
                    }
                }

                for (var position = start; position < end; position++)
                {
                    for (var head = 0; head < heads.NumHeads; head++)
                    {
                        AttentionReference.Query(
                            heads, rows, position, head, Row(output, first + position - start) + head * heads.HeadDim, bias, ids);
                    }
                }
            }
        }
    }

    /// <summary>Copies keys and values of one row to its place in a page, or from it.</summary>
    private static void Exchange(float* row, KvPages pages, int layer, int page, int place, HeadShape heads, bool write)
    {
        for (var kvHead = 0; kvHead < heads.NumKvHeads; kvHead++)
        {
            var inPage = (nint)page * pages.PageElements + kvHead * heads.HeadDim * KvPages.PageTokens;
            for (var d = 0; d < heads.HeadDim; d++)
            {
                Exchange(
                    row + heads.KeyOffset(kvHead) + d, pages.Keys(layer), inPage + d * KvPages.PageTokens + place, pages.Format, write);
                Exchange(
                    row + heads.ValueOffset(kvHead) + d, pages.Values(layer), inPage + place * heads.HeadDim + d, pages.Format, write);
            }
        }
    }

    private static void Exchange(float* number, nint pool, nint index, KvFormat format, bool write)
    {
        switch (format, write)
        {
            case (KvFormat.Float32, true): ((float*)pool)[index] = *number; break;
            case (KvFormat.Float32, false): *number = ((float*)pool)[index]; break;
            case (_, true): ((BFloat16*)pool)[index] = BFloat16.Round(*number); break;
            default: *number = ((BFloat16*)pool)[index].Widen(); break;
        }
    }

    private static Span<float> Span(Tensor tensor) => new(tensor.Data, checked((int)tensor.Length));

    private static float* Row(Tensor tensor, int row) => tensor.Data + (nint)row * tensor.Columns;

    private static void Bias(Tensor dY, GradientShards shards, Tensor dBias)
    {
        if (!dBias.IsAbsent)
        {
            NormGradients.Bias(
                dY.Data, dY.Columns, dBias.Data, shards.RowStarts.Data, shards.Count, shards.ContinueChain, 0, dY.Columns);
        }
    }

    /// <summary>A token's log-probability; NaN for no token (-1).</summary>
    private static float Logprob(Tensor logits, int r, int token)
    {
        float logprob;
        Reference.CrossEntropy.LogProbs(logits.Data, logits.Columns, logits.Columns, &token - r, &logprob - r, null, r, r + 1);
        return token < 0 ? float.NaN : logprob;
    }

    private static float TemperedLogprob(float[] logits, int token, float temperature)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] /= temperature;
        }

        fixed (float* row = logits)
        {
            float logprob;
            Reference.CrossEntropy.LogProbs(row, logits.Length, logits.Length, &token, &logprob, null, 0, 1);
            return token < 0 ? float.NaN : logprob;
        }
    }

    /// <summary>The largest logit whose token is not taken yet, ties to the lower id; -1 where nothing but NaN is left.</summary>
    private static int Best(ReadOnlySpan<float> logits, ReadOnlySpan<TokenLogprob> taken)
    {
        var best = -1;
        for (var i = 0; i < logits.Length; i++)
        {
            var isTaken = false;
            foreach (var top in taken)
            {
                isTaken |= top.Token == i;
            }

            if (!isTaken && !float.IsNaN(logits[i]) && (best < 0 || logits[i] > logits[best]))
            {
                best = i;
            }
        }

        return best;
    }
}
