using Retort.Inference.Lengths;
using Retort.Models;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests.Lengths;

[Collection(nameof(Alone))]
public sealed class LengthRefinerTests : IDisposable
{
    private static readonly LengthBins Bins = new(40);

    private readonly CpuDevice device = new(2);
    private readonly Transformer model;
    private readonly LengthProbe probe;

    public LengthRefinerTests()
    {
        model = TransformerCases.Build(TransformerCases.All["llama"], device);
        probe = new LengthProbe(0, Bins, new BinClassifier(device, model.Config.HiddenSize, 12));
        probe.Network.Initialize(1, "probe");
    }

    public void Dispose()
    {
        probe.Dispose();
        model.Dispose();
        device.Dispose();
    }

    [Fact]
    public void A_tap_sees_every_block_in_order_and_the_rows_of_a_pass_that_nobody_watches_are_the_same()
    {
        var sequence = TransformerCases.Sequence(21, 1);
        var (with, tap) = Logits(new RecordingTap(device));
        Assert.Equal(TransformerCases.Bits(Logits(null).Logits), TransformerCases.Bits(with));
        Assert.Equal([0, 1], tap!.Layers.Keys);
        Assert.All(tap.Layers.Values, rows => Assert.Equal(21 * model.Config.HiddenSize, rows.Length));
        // A model without its second block ends where the first block ended.
        using var shorter = new Transformer(model.Config with { NumLayers = 1 }, device);
        foreach (var (from, to) in model.NamedTensors.Where(tensor => !tensor.Name.Contains("layers.1.", StringComparison.Ordinal)).Zip(shorter.NamedTensors))
        {
            Assert.Equal(from.Name, to.Name);
            var values = new float[from.Rows * from.Columns];
            from.Read(device, model.Parameters.Values, values);
            to.Write(shorter, values);
        }

        var end = new RecordingTap(device);
        Pass(shorter, end);
        Assert.Equal(TransformerCases.Bits(tap.Layers[0]), TransformerCases.Bits(end.Layers[0]));

        (float[] Logits, RecordingTap? Tap) Logits(RecordingTap? watching) => (Pass(model, watching), watching);

        float[] Pass(Transformer transformer, RecordingTap? watching)
        {
            using var tape = new Tape(device, transformer.Parameters, 4 << 20, isRecording: false);
            var input = ModelInput.Sequences(
                TrainingPass.Put(tape, sequence), TrainingPass.Put(tape, [.. Enumerable.Range(0, 21)]), TrainingPass.Put(tape, [0, 21]), 231);
            return TrainingPass.Read(device, transformer.Forward(tape, input with { Tap = watching }).Value);
        }
    }

    [Fact]
    public void A_belief_has_the_same_bits_whatever_chunks_neighbours_pages_and_interruptions_do()
    {
        using var driver = new StepDriver(model, probe);
        var expected = Sequence(0, 37, 60);
        driver.Finish(expected);
        Assert.Equal(Enumerable.Range(0, 24), expected.Trace.Keys);
        Assert.Equal(24, expected.Trace.Values.Distinct().Count());

        var chunked = Sequence(8, 37, 60);
        driver.Finish(chunked, chunk: 7);
        Assert.Equal(expected.Trace, chunked.Trace);

        // Beside others, paused for a while, evicted in the prompt and again later, then computed anew in other pages.
        var (one, other, third) = (Sequence(0, 37, 60), Sequence(16, 5, 60, seed: 2), Sequence(24, 30, 31, seed: 3));
        driver.Step((third, 30), (one, 20), (other, 5));
        (one.NumFed, one.Pages) = (0, Pages(32));
        driver.Step((other, 1), (one, 36), (third, 1));
        driver.Step((one, 1), (other, 1));
        driver.Step((other, 1), (one, 1));
        for (var i = 0; i < 5; i++)
        {
            driver.Step((other, 1));
        }

        (one.NumFed, one.Pages) = (0, Pages(40));
        driver.Step((one, 30), (other, 1));
        driver.Step((other, 1), (one, 9));
        driver.Finish(one);
        Assert.Equal(expected.Trace, one.Trace);
    }

    [Fact]
    public void The_mean_over_a_prompt_goes_on_after_cached_pages_and_survives_their_absence()
    {
        using var driver = new StepDriver(model, probe);
        var expected = Sequence(0, 48, 52);
        driver.Finish(expected);

        // Two pages from the cache, the third computed again.
        var cached = Sequence(8, 48, 52);
        (cached.Pages[0], cached.Pages[1], cached.NumFed) = (expected.Pages[0], expected.Pages[1], 32);
        driver.Finish(cached);
        Assert.Equal(expected.Trace, cached.Trace);

        // All three, and only the last token fed again.
        var whole = Sequence(16, 48, 52);
        expected.Pages.AsSpan(0, 3).CopyTo(whole.Pages);
        whole.NumFed = 47;
        driver.Step((whole, 1));
        Assert.Equal(expected.Trace[0], whole.Trace[0]);

        // The sum swapped out and back in another page.
        var swapped = Sequence(24, 48, 52);
        driver.Step((swapped, 20));
        var sum = new float[model.Config.HiddenSize];
        driver.Refiner.Sums.Read(swapped.Pages[1], sum);
        driver.CopyPage(swapped.Pages[1], 40);
        driver.Refiner.Sums.Write(40, 19, sum);
        swapped.Pages[1] = 40;
        driver.Finish(swapped);
        Assert.Equal(expected.Trace, swapped.Trace);

        // A partly filled page whose owner has gone on: no mean, so the first estimate is the one at arrival.
        var copied = Sequence(32, 37, 41);
        var owner = Sequence(48, 37, 41);
        driver.Finish(owner);
        driver.CopyPage(owner.Pages[2], copied.Pages[2]);
        (copied.Pages[0], copied.Pages[1], copied.NumFed) = (owner.Pages[0], owner.Pages[1], 36);
        driver.Step((copied, 1));
        Assert.Equal((-1, copied.Belief.Initial), (copied.Belief.RefinedAt, copied.Trace[0]));
        driver.Step((copied, 1));
        Assert.Equal(1, copied.Belief.RefinedAt);
    }

    [Fact]
    public void Refining_every_fourth_token_counts_down_between()
    {
        using var driver = new StepDriver(model, probe, refineEvery: 4);
        var sequence = Sequence(0, 3, 20);
        driver.Finish(sequence, chunk: 2);
        var jumps = sequence.Trace.Skip(1).Where(pair => Math.Abs(pair.Value - Math.Max(0, sequence.Trace[pair.Key - 1] - 1)) > 1e-9);
        Assert.Equal([4, 8, 12, 16], jumps.Select(pair => pair.Key));
    }

    [Fact]
    public void The_prompt_s_vector_is_the_mean_over_its_positions()
    {
        using var driver = new StepDriver(model, probe);
        var sequence = Sequence(0, 37, 38);
        driver.Finish(sequence, 10);
        var tap = new RecordingTap(device);
        using var tape = new Tape(device, model.Parameters, 4 << 20, isRecording: false);
        var input = ModelInput.Sequences(TrainingPass.Put(tape, sequence.Tokens.AsSpan(0, 37)), TrainingPass.Put(tape, [.. Enumerable.Range(0, 37)]), TrainingPass.Put(tape, [0, 37]), 37 * 19);
        model.Forward(tape, input with { Tap = tap });
        var hidden = model.Config.HiddenSize;
        var mean = Enumerable.Range(0, hidden).Select(i => Enumerable.Range(0, 37).Aggregate(0f, (sum, row) => sum + tap.Layers[0][row * hidden + i]) / 37).ToArray();
        tape.Reset();
        var row = tape.Take(1, hidden);
        device.Write(row, mean);
        using var own = new Tape(device, probe.Network.Parameters, 1 << 16, isRecording: false);
        var p = new double[10];
        BinClassifier.Softmax(TrainingPass.Read(device, probe.Network.Forward(own, own.Input(row)).Value), p);
        Assert.Equal(Bins.Mean(p), sequence.Trace[0], 1e-9);
    }

    [Fact]
    public void A_step_s_refinement_allocates_nothing_and_memory_is_given_back()
    {
        var before = Storage.LiveBytes;
        using (var refiner = new LengthRefiner(probe, 8, 64))
        {
            Assert.InRange(Storage.LiveBytes - before, 0, LengthRefiner.Bytes(model.Config.HiddenSize, 12, 8, 64) + 3 * Storage.Alignment);
            var layout = new StepLayout(8, 8);
            var beliefs = Enumerable.Range(0, 8).Select(_ => new LengthBelief(9, 100)).ToArray();
            using var owner = model.Device.Allocate(8L * model.Config.HiddenSize * sizeof(float));
            var rows = Device.View(owner, 0, 8, model.Config.HiddenSize);
            var position = 0;
            int[][] pages = [.. Enumerable.Range(0, 8).Select(s => Pages(8 * s))];
            Step();
            Assert.Equal(0, Alone.AllocatedBytes(Step));

            void Step()
            {
                layout.Clear();
                for (var s = 0; s < 8; s++)
                {
                    layout.Add(position, 1, pages[s]);
                }

                refiner.Begin(layout);
                for (var s = 0; s < 8; s++)
                {
                    refiner.Add(s, beliefs[s], 1, position);
                }

                refiner.AfterBlock(0, rows);
                refiner.Refine();
                position++;
            }
        }

        Assert.Equal(before, Storage.LiveBytes);
    }

    [Fact]
    public void A_prompt_s_prediction_is_its_own_and_tells_orders_and_counts_apart()
    {
        foreach (var vocabulary in (int[])[19, 5_000])
        {
            var features = new PromptFeatures(vocabulary);
            using var network = new BinClassifier(device, features.Count, 12);
            network.Initialize(2, "prompt");
            using var prompts = new PromptLengthModel(features, Bins, network);
            double[] lengths = [prompts.Predict([1, 2, 3]), prompts.Predict([2, 1, 3]), prompts.Predict([1, 2, 3, 3]), prompts.Predict([vocabulary - 1])];
            Assert.Equal(4, lengths.Distinct().Count());
            Assert.All(lengths, length => Assert.InRange(length, 2, 38));
            Assert.Equal(lengths[0], prompts.Predict([1, 2, 3]));
            Assert.Equal(0, Alone.AllocatedBytes(() => prompts.Predict([1, 2, 3])));
        }
    }

    [Fact]
    public void A_prompt_s_logits_on_the_host_have_the_bits_of_the_device_s_product()
    {
        foreach (var (vocabulary, innerSize) in ((int, int)[])[(19, 12), (98, 64), (5_000, 33)])
        {
            var features = new PromptFeatures(vocabulary);
            using var network = new BinClassifier(device, features.Count, innerSize);
            network.Initialize(3, "prompt");
            device.Write(network.Parameters.Items.Single(one => one.Name == "outputBias").In(network.Parameters.Values), [1, 2, 3, 4, 5, 6, 7, 8, 9, -10]);
            device.Write(
                network.Parameters.Items.Single(one => one.Name == "innerBias").In(network.Parameters.Values),
                [.. Enumerable.Range(0, innerSize).Select(i => i % 3 - 1.25f)]);
            var (row, sparse) = (new float[features.Count], new float[LengthBins.Count]);
            var (indices, values) = (new int[features.MostNonzero], new float[features.MostNonzero]);
            var count = features.Write([.. Enumerable.Range(0, 30).Select(i => i * i % vocabulary)], indices, values);
            Assert.True(count > 9 && indices[..count].Zip(indices[1..count]).All(pair => pair.First < pair.Second));
            new SparseClassifier(network).Classify(indices.AsSpan(0, count), values.AsSpan(0, count), sparse);
            for (var i = 0; i < count; i++)
            {
                row[indices[i]] = values[i];
            }

            using var tape = new Tape(device, network.Parameters, BinClassifier.ForwardBytes(features.Count, innerSize, 1), isRecording: false);
            var input = tape.Take(1, features.Count);
            device.Write(input, row);
            var logits = TrainingPass.Read(device, network.Forward(tape, tape.Input(input)).Value);
            Assert.Equal(logits.Select(BitConverter.SingleToInt32Bits), sparse.Select(BitConverter.SingleToInt32Bits));
        }
    }

    private static int[] Pages(int first) => [.. Enumerable.Range(first, 8)];

    private static DrivenSequence Sequence(int firstPage, int promptLength, int length, ulong seed = 1) =>
        new(TransformerCases.Sequence(length, seed), promptLength, new LengthBelief(17.5, 1000)) { Pages = Pages(firstPage) };

    private sealed class RecordingTap(Device device) : IHiddenStateTap
    {
        public SortedDictionary<int, float[]> Layers { get; } = [];

        public void AfterBlock(int layer, Tensor rows) => Layers.Add(layer, TrainingPass.Read(device, rows));
    }
}
