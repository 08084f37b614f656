using Retort.Tensors.Cpu;

namespace Retort.Tensors.Tests;

/// <summary>Every operation of the seam, large enough for the CPU to split it over its threads, has the reference's bits.</summary>
public sealed class DeviceTests
{
    private static readonly HeadShape Heads = new(6, 2, 12);

    /// <summary>Chains cut in one, in four shards (one of them empty), and one that goes on.</summary>
    public static TheoryData<int> Cuts => [1, 4, -1];

    [Theory, MemberData(nameof(Cuts))]
    public void Linear_forward_and_backward(int cut) => DeviceCase.SameBits(c =>
    {
        const int rows = 83, inDim = 37, outDim = 53;
        var (x, dY, weight) = (c.Normal(rows, inDim), c.Normal(rows, outDim), c.Weights(outDim, inDim));
        var (bias, residual, y) = (c.Normal(1, outDim), c.Normal(rows, outDim), c.Empty(rows, outDim));
        c.Device.Linear(x, weight, default, default, y);
        c.Show("product", y);
        c.Device.Linear(x, weight, bias, residual, residual);
        c.Show("product, bias and residual in place", residual);
        var dX = c.Normal(rows, inDim);
        c.Device.LinearBackwardInput(dY, weight, dX, accumulate: true);
        c.Show("input gradient, accumulated", dX);
        c.Device.LinearBackwardInput(dY, weight, dX, accumulate: false);
        c.Show("input gradient", dX);
        var (dW, dBias) = (c.Weights(outDim, inDim), c.Normal(1, outDim));
        c.Device.LinearBackwardWeight(x, dY, Shards(c, rows, cut), dW, dBias);
        c.Show("weight and bias gradient", dW.Panels, dBias);
        var host = new float[7 * inDim];
        c.Device.ReadPanels(dW, 20, host);
        var copy = c.NoWeights(outDim, inDim);
        c.Device.WritePanels(host, copy, 30);
        c.Show("panels written from rows that were read", copy.Panels);
    });

    [Fact]
    public void Weights_kept_in_half_the_bytes() => DeviceCase.SameBits(c =>
    {
        const int rows = 83, inDim = 37, outDim = 53;
        var (x, weight) = (c.Normal(rows, inDim), c.Weights(outDim, inDim, WeightFormat.BFloat16));
        var (bias, residual, y) = (c.Normal(1, outDim), c.Normal(rows, outDim), c.Empty(rows, outDim));
        var before = c.Device.Work.WeightBytes;
        c.Device.Linear(x, weight, bias, residual, y);
        Assert.Equal(64 * inDim * 2, c.Device.Work.WeightBytes - before);
        c.Show("panels and product", weight.Panels, y);
        var host = new float[outDim * inDim];
        c.Device.ReadPanels(weight, 0, host);
        var wide = c.NoWeights(outDim, inDim);
        c.Device.WritePanels(host, wide, 0);
        c.Device.Linear(x, wide, bias, residual, residual);
        c.Show("product with the same weights in float32", residual);
        var (a, b) = (new float[rows * outDim], new float[rows * outDim]);
        c.Device.Read(y, a);
        c.Device.Read(residual, b);
        Assert.Equal(a, b);
        var (tokens, embedded) = (c.RandomInts(200, outDim), c.Empty(200, inDim));
        c.Device.Embed(tokens, new EmbeddingTable(default, weight), embedded);
        c.Show("rows", embedded);
        Assert.Throws<ArgumentException>(() => c.Device.LinearBackwardInput(y, weight, x, accumulate: false));
        Assert.Throws<ArgumentException>(() => c.Device.LinearBackwardWeight(x, y, new(c.Ints(0, rows), false), weight, default));
    });

    [Theory]
    [InlineData(1, WeightFormat.Float32)]
    [InlineData(3, WeightFormat.Float32)]
    [InlineData(1, WeightFormat.BFloat16)]
    [InlineData(3, WeightFormat.BFloat16)]
    public void Products_of_a_few_rows(int rows, WeightFormat format) => DeviceCase.SameBits(c =>
    {
        var (x, weight, y) = (c.Normal(rows, 300), c.Weights(1000, 300, format), c.Empty(rows, 1000));
        c.Device.Linear(x, weight, default, default, y);
        c.Show("product", y);
    });

    [Theory, MemberData(nameof(Cuts))]
    public void Embedding_forward_and_backward_from_a_table_and_from_panels(int cut) => DeviceCase.SameBits(c =>
    {
        const int rows = 700, vocabulary = 41, width = 70;
        var (tokens, dY) = (c.RandomInts(rows, vocabulary - 1), c.Normal(rows, width));
        EmbeddingTable[] tables = [new(c.Normal(vocabulary, width), default), new(default, c.Weights(vocabulary, width))];
        foreach (var table in tables)
        {
            var y = c.Empty(rows, width);
            c.Device.Embed(tokens, table, y);
            c.Show("rows", y);
            c.Device.EmbedBackward(tokens, dY, Shards(c, rows, cut), table);
            c.Show("table gradient", table.IsTied ? table.Tied.Panels : table.Table);
        }
    });

    [Theory, MemberData(nameof(Cuts))]
    public void Norms_of_rows(int cut) => DeviceCase.SameBits(c =>
    {
        const int rows = 301, width = 100;
        var (x, dY, gain, bias) = (c.Normal(rows, width, 2), c.Normal(rows, width), c.Normal(1, width), c.Normal(1, width));
        var (y, mean, rstd) = (c.Empty(rows, width), c.Empty(rows, 1), c.Empty(rows, 1));
        var (dX, dGain, dBias) = (c.Normal(rows, width), c.Normal(1, width), c.Normal(1, width));
        var shards = Shards(c, rows, cut);
        c.Device.RmsNorm(x, gain, 1e-5f, y, rstd);
        c.Device.RmsNormBackward(dY, x, gain, rstd, dX, accumulate: true, shards, dGain);
        c.Show("root mean square", y, rstd, dX, dGain);
        c.Device.LayerNorm(x, gain, bias, 1e-5f, y, mean, rstd);
        c.Device.LayerNormBackward(dY, x, gain, mean, rstd, dX, accumulate: true, shards, dGain, dBias);
        c.Show("layer", y, mean, rstd, dX, dGain, dBias);
        c.Device.LayerNorm(x, default, default, 1e-5f, y, mean, rstd);
        c.Device.LayerNormBackward(dY, x, default, mean, rstd, dX, accumulate: false, shards, default, default);
        c.Show("layer without gain and bias", y, mean, rstd, dX);
    });

    [Theory, MemberData(nameof(Cuts))]
    public void Norms_of_heads(int cut) => DeviceCase.SameBits(c =>
    {
        const int rows = 250;
        var (x, dY) = (c.Normal(rows, Heads.QkvWidth), c.Normal(rows, Heads.QkvWidth));
        var (gainQ, gainK) = (c.Normal(1, Heads.HeadDim), c.Normal(1, Heads.HeadDim));
        var (y, rstd, dX) = (c.Empty(rows, Heads.QkvWidth), c.Empty(rows, 8), c.Empty(rows, Heads.QkvWidth));
        var (dGainQ, dGainK) = (c.Normal(1, Heads.HeadDim), c.Normal(1, Heads.HeadDim));
        c.Device.HeadNorm(x, gainQ, gainK, Heads, 1e-5f, y, rstd);
        c.Device.HeadNormBackward(dY, x, gainQ, gainK, rstd, Heads, dX, Shards(c, rows, cut), dGainQ, dGainK);
        c.Show("head norm", y, rstd, dX, dGainQ, dGainK);
    });

    [Fact]
    public void Rotary_positions_there_and_back() => DeviceCase.SameBits(c =>
    {
        const int rows = 300;
        var qkv = c.Normal(rows, Heads.QkvWidth);
        var tables = new RopeTables(c.Normal(50, 6), c.Normal(50, 6));
        var positions = c.RandomInts(rows, 50);
        c.Device.Rope(qkv, positions, tables, 8, Heads.HeadDim, inverse: false);
        c.Show("rotated", qkv);
        c.Device.Rope(qkv, positions, tables, 8, Heads.HeadDim, inverse: true);
        c.Show("rotated back", qkv);
    });

    [Fact]
    public void Activations() => DeviceCase.SameBits(c =>
    {
        const int rows = 130, width = 90;
        var (gateUp, dY, y) = (c.Normal(rows, 2 * width, 2), c.Normal(rows, width), c.Empty(rows, width));
        var dGateUp = c.Empty(rows, 2 * width);
        c.Device.SwiGlu(gateUp, y);
        c.Device.SwiGluBackward(dY, gateUp, dGateUp);
        c.Show("swiglu", y, dGateUp);
        var (x, dX) = (c.Normal(rows, width, 2), c.Empty(rows, width));
        c.Device.Gelu(x, y);
        c.Device.GeluBackward(dY, x, dX);
        c.Show("gelu", y, dX);
        c.Device.Relu(x, y);
        c.Device.ReluBackward(dY, x, dX);
        c.Show("relu", y, dX);
    });

    [Fact]
    public void Training_attention_over_ragged_sequences() => DeviceCase.SameBits(c =>
    {
        int[] starts = [0, 1, 70, 71, 210];
        foreach (var heads in new[] { Heads, new HeadShape(1, 1, 16), new HeadShape(5, 1, 4) })
        {
            var rows = starts[^1];
            var (qkv, dOut, sequences) = (c.Normal(rows, heads.QkvWidth), c.Normal(rows, heads.OutputWidth), c.Ints(starts));
            var (output, lse, dQkv) = (c.Empty(rows, heads.OutputWidth), c.Empty(rows, heads.NumHeads), c.Empty(rows, heads.QkvWidth));
            c.Device.Attention(qkv, sequences, heads, 1, output, lse);
            c.Device.AttentionBackward(dOut, qkv, output, lse, sequences, heads, 1, dQkv);
            c.Show($"{heads}", output, lse, dQkv);
        }
    });

    [Theory, MemberData(nameof(Cuts))]
    public void A_learned_bias_and_its_gradient_over_ragged_sequences(int cut) => DeviceCase.SameBits(c =>
    {
        // Rows of the batch, as sequences that branch have them, and attention's own copies of them.
        int[] starts = [0, 1, 70, 71, 210], batchRows = [.. Enumerable.Range(0, 210).Select(row => row / 2)];
        var (rows, sequences, ids) = (starts[^1], c.Ints(starts), c.RandomInts(210, 30));
        foreach (var isByPair in new[] { false, true })
        {
            var table = c.Normal(isByPair ? 30 * 31 / 2 : 30, Heads.NumHeads);
            var bias = new AttentionBias(table, ids, isByPair, c.Ints(batchRows));
            var (qkv, dOut, dTable) = (c.Normal(rows, Heads.QkvWidth), c.Normal(rows, Heads.OutputWidth), c.Normal(table.Rows, table.Columns));
            var (output, lse, dQkv) = (c.Empty(rows, Heads.OutputWidth), c.Empty(rows, Heads.NumHeads), c.Empty(rows, Heads.QkvWidth));
            c.Device.Attention(qkv, sequences, Heads, 1, output, lse, bias);
            c.Device.AttentionBackward(dOut, qkv, output, lse, sequences, Heads, 1, dQkv, bias);
            c.Device.AttentionBiasBackward(dOut, qkv, output, lse, sequences, Heads, 1, bias, Shards(c, rows / 2, cut), dTable);
            c.Show($"by pair: {isByPair}", output, dQkv, dTable);
        }
    });

    [Fact]
    public void Normalised_distances_of_all_pairs_of_ids() => DeviceCase.SameBits(c =>
    {
        const int entries = 50 * 51 / 2;
        var (shape, y, dShape) = (c.Normal(1, 2), c.Empty(entries, 1), c.Empty(1, 2));
        c.Device.FireDistances(shape, 17, y);
        c.Device.FireDistancesBackward(c.Normal(entries, 1), shape, 17, dShape);
        c.Show("distances", y, dShape);
    });

    [Theory]
    [InlineData(KvFormat.Float32)]
    [InlineData(KvFormat.BFloat16)]
    public void Cached_attention_over_pages_in_any_order(KvFormat format) => DeviceCase.SameBits(c =>
    {
        const int layers = 2;
        var layout = new StepLayout(3, 6);
        using var pages = new KvPages(c.Device, layers, 18, Heads, format);
        int[][] tables = [[17, 2, 4, 9, 11, 0], [1, 3, 5, 7, 8, 10], [6, 12, 13, 14, 15, 16]];
        int[] cached = [0, 0, 0];
        foreach (var counts in new int[][] { [40, 1, 90], [1, 1, 1], [13, 30, 0], [0, 1, 2] })
        {
            layout.Clear();
            for (var s = 0; s < 3; s++)
            {
                if (counts[s] > 0)
                {
                    layout.Add(cached[s], counts[s], tables[s]);
                    cached[s] += counts[s];
                }
            }

            var (qkv, output) = (c.Normal(layout.NumRows, Heads.QkvWidth), c.Empty(layout.NumRows, Heads.OutputWidth));
            c.Device.CachedAttention(qkv, layout, pages, 1, Heads, output);
            c.Show("output", output);
            pages.CopyPage(c.Device, 17, 10);
        }
    });

    [Theory]
    [InlineData(KvFormat.Float32, 4)]
    [InlineData(KvFormat.BFloat16, 2)]
    public void Pages_go_to_the_host_and_come_back_elsewhere_byte_for_byte(KvFormat format, int bytesPerNumber)
    {
        using var c = new DeviceCase(new CpuDevice(1));
        const int layers = 3, numPages = 5;
        using var pages = new KvPages(c.Device, layers, numPages, Heads, format);
        var keysAndValues = layers * 2 * KvPages.PageTokens * Heads.NumKvHeads * Heads.HeadDim * bytesPerNumber;
        Assert.Equal(keysAndValues + KvPages.PageTokens * sizeof(int), pages.PageBytes);
        Assert.Equal((long)numPages * pages.PageBytes, KvPages.Bytes(layers, numPages, Heads, format));
        var layout = new StepLayout(1, 2);
        layout.Add(0, 20, [4, 1]);
        // With position ids, which go with the pages.
        var bias = new AttentionBias(c.Normal(40, Heads.NumHeads), c.Ints([.. Enumerable.Range(3, 20)]));
        var before = c.Device.Work.KvBytes;
        for (var layer = 0; layer < layers; layer++)
        {
            c.Device.CachedAttention(c.Normal(20, Heads.QkvWidth), layout, pages, layer, Heads, c.Empty(20, Heads.OutputWidth), bias);
        }

        Assert.Equal((long)keysAndValues * 20 / KvPages.PageTokens, c.Device.Work.KvBytes - before);
        var (four, one, back) = (new byte[pages.PageBytes], new byte[pages.PageBytes], new byte[pages.PageBytes]);
        pages.ReadPage(c.Device, 4, four);
        pages.ReadPage(c.Device, 1, one);
        Assert.NotEqual(four, one);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        pages.WritePage(c.Device, 0, four);
        pages.ReadPage(c.Device, 0, back);
        Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(four, back);
        pages.CopyPage(c.Device, 1, 2);
        pages.ReadPage(c.Device, 2, back);
        Assert.Equal(one, back);
        pages.ReadPage(c.Device, 3, back);
        Assert.All(back, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => pages.ReadPage(c.Device, numPages, back));
        Assert.Throws<ArgumentOutOfRangeException>(() => pages.WritePage(c.Device, 0, back.AsSpan(1)));
    }

    [Theory]
    [InlineData(0f, 0f, false)]
    [InlineData(0f, 0.25f, false)]
    [InlineData(0.1f, 0f, true)]
    [InlineData(0.1f, 0.25f, true)]
    public void CrossEntropy(float zLoss, float gradientScale, bool weighted) => DeviceCase.SameBits(c =>
    {
        const int rows = 120, vocabulary = 77;
        var logits = c.Normal(rows, vocabulary, 3);
        var targets = c.RandomInts(rows, vocabulary);
        c.Device.Write(targets.Slice(4, 2), [-1, -1]);
        var (losses, logprobs) = (c.Empty(rows, 1), c.Empty(rows, 1));
        c.Device.CrossEntropy(logits, targets, weighted ? c.Normal(rows, 1) : default, zLoss, gradientScale, losses, logprobs);
        c.Show("losses, logprobs and logits or their gradient", losses, logprobs, logits);
    });

    [Theory]
    [InlineData(5)]
    [InlineData(33)]
    public void Gathering_and_scattering_rows(int columns) => DeviceCase.SameBits(c =>
    {
        const int rows = 40, copies = 300;
        var which = c.RandomInts(copies, rows - 1);
        var (gathered, scattered) = (c.Empty(copies, columns), c.Empty(rows, columns));
        c.Device.GatherRows(c.Normal(rows, columns), which, gathered);
        c.Device.ScatterRows(gathered, which, scattered);
        c.Show("gathered, scattered", gathered, scattered);
    });

    [Fact]
    public void Sampling_greedy_tempered_and_filtered() => DeviceCase.SameBits(c =>
    {
        const int rows = 60, vocabulary = 131;
        var logits = c.Normal(rows, vocabulary, 3);
        var random = Core.CounterRandom.For(1, "sampling rows");
        var settings = new SamplingRow[rows];
        for (var r = 0; r < rows; r++)
        {
            settings[r] = new SamplingRow(r % 4 == 0 ? 0 : 0.5f + r % 3, r % 5, r % 3 == 0 ? 1 : 0.8f, r % 7 == 0 ? 0.1f : 0, random.NextSingle());
        }

        var (tokens, logprobs) = (new int[rows], new float[rows]);
        c.Device.Sample(logits, settings, tokens, logprobs);
        foreach (var (token, logprob) in tokens.Zip(logprobs))
        {
            c.Show("token", token);
            c.Show("logprob", logprob);
        }
    });

    [Theory]
    [InlineData(131)]
    [InlineData(7)]
    public void Sampling_with_biases_and_the_most_probable_tokens(int vocabulary) => DeviceCase.SameBits(c =>
    {
        const int rows = 60;
        var logits = c.Normal(rows, vocabulary, 3);
        // Ties, also of zeros with different signs, and rows with NaN in and beyond the first places.
        c.Device.Write(logits.Slice(3, 1), Enumerable.Range(0, vocabulary).Select(i => i % 3 == 0 ? -0f : i % 3 - 1).ToArray());
        c.Device.Write(logits.Slice(4, 1), Enumerable.Range(0, vocabulary).Select(i => i % 5 == 2 ? float.NaN : i % 4).ToArray());
        c.Device.Write(logits.Slice(9, 1), Enumerable.Repeat(float.NaN, vocabulary).ToArray());
        var random = Core.CounterRandom.For(2, "sampling rows");
        var (settings, biases, numTops) = (new SamplingRow[rows], new List<LogitBias>(), 0);
        for (var r = 0; r < rows; r++)
        {
            var (start, count) = (biases.Count, r % 3 == 0 ? 0 : r % 5);
            for (var i = 0; i < count; i++)
            {
                biases.Add(new LogitBias(random.NextInt32(vocabulary), i % 2 == 0 ? float.NegativeInfinity : 10 * random.NextSingle() - 5));
            }

            settings[r] = new SamplingRow(r % 4 == 0 ? 0 : 0.5f + r % 3, r % 6, r % 3 == 0 ? 1 : 0.8f, 0, random.NextSingle())
            {
                BiasStart = start,
                BiasCount = count,
                TopStart = numTops,
                TopCount = r % Math.Min(21, vocabulary + 1),
            };
            numTops += settings[r].TopCount;
        }

        var (tokens, logprobs, tops) = (new int[rows], new float[rows], new TokenLogprob[numTops]);
        c.Device.Sample(logits, settings, tokens, logprobs, biases.ToArray(), tops);
        for (var r = 0; r < rows; r++)
        {
            // Which token a row with a NaN draws is unspecified.
            c.Show("token", r is 4 or 9 ? 0 : tokens[r]);
            c.Show("logprob", r is 4 or 9 ? 0 : logprobs[r]);
        }

        foreach (var top in tops)
        {
            c.Show("top token", top.Token);
            c.Show("top logprob", float.IsNaN(top.Logprob) ? 1 : top.Logprob);
        }

        Assert.Throws<ArgumentException>(() => c.Device.Sample(
            logits, [new SamplingRow(1, 0, 1, 0, 0) { BiasCount = 1 }], tokens, logprobs, [new LogitBias(vocabulary, 0)]));
    });

    [Fact]
    public void Sums_of_squares_optimiser_and_glue() => DeviceCase.SameBits(c =>
    {
        const int rows = 4099, width = 5;
        Tensor p = c.Normal(rows, width), g = c.Normal(rows, width), m = c.Normal(rows, width), v = c.Normal(rows, width);
        c.Show("squares", c.Device.SumOfSquares(g));
        c.Device.Relu(v, v);
        c.Device.AdamW(p, g, m, v, new AdamWStep(1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.3f, 0.2f, 0.7f));
        c.Show("optimiser", p, m, v);
        c.Device.Add(p, g, p);
        var some = c.Empty(3, width);
        c.Device.GatherRows(p, c.Ints(4000, 7, 7), some);
        c.Device.Copy(g.Slice(10, 20), p.Slice(30, 20));
        c.Show("glue", p, some);
    });

    [Fact]
    public void Wrong_shapes_are_told_before_anything_is_computed()
    {
        using var c = new DeviceCase(new Reference.ReferenceDevice());
        var (x, y, weight) = (c.Normal(3, 8), c.Normal(3, 5), c.Weights(5, 8));
        Assert.Throws<ArgumentException>(() => c.Device.Linear(x, weight, default, default, c.Empty(2, 5)));
        Assert.Throws<ArgumentException>(() => c.Device.Linear(x, weight, c.Normal(1, 4), default, y));
        Assert.Throws<ArgumentException>(() => c.Device.LinearBackwardInput(x, weight, y, false));
        Assert.Throws<ArgumentException>(() => c.Device.RmsNorm(x, c.Normal(1, 7), 1e-5f, x, default));
        Assert.Throws<ArgumentException>(() => c.Device.SwiGlu(x, y));
        Assert.Equal(0, c.Device.Work.Flops);
    }

    /// <summary>-1: one shard that goes on from what the gradient holds.</summary>
    private static GradientShards Shards(DeviceCase c, int rows, int cut) => new(
        cut == 4 ? c.Ints(0, rows / 3, rows / 3, rows - 1, rows) : c.Ints(0, rows), ContinueChain: cut == -1);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_item_runs_once_on_a_lane_of_its_own_and_its_work_is_counted(int threads)
    {
        using var device = new CpuDevice(threads);
        var job = new GatherAndAdd(device);
        device.RunOnLanes(20, job);
        Assert.All(job.Runs, runs => Assert.Equal(1, runs));
        Assert.Equal(20 * 2L * 8 * 16 * 16, device.Work.LinearFlops);
    }

    private sealed class GatherAndAdd(CpuDevice device) : LaneJob
    {
        public int[] Runs { get; } = new int[20];

        public override void Run(int item, int lane)
        {
            var own = device.Lane(lane);
            var x = own.Allocate(8, 16, out var ownerX);
            var w = own.Allocate(16, 16, out var ownerW);
            var y = own.Allocate(8, 16, out var ownerY);
            own.Linear(x, new PanelMatrix(w, 16, 16), default, default, y);
            ownerX.Dispose();
            ownerW.Dispose();
            ownerY.Dispose();
            Interlocked.Increment(ref Runs[item]);
        }
    }
}
