using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.Tensors.Reference;
using Retort.TinyModels;

namespace Retort.Models.Tests;

/// <summary>Laws 1, 4 and 5 of the engine, for whole models of every kind.</summary>
public sealed class TransformerLawTests
{
    private static readonly int[][] Sequences =
        [TransformerCases.Sequence(71, 1), TransformerCases.Sequence(2, 2), TransformerCases.Sequence(38, 3), TransformerCases.Sequence(5, 4)];

    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void The_reference_device_and_every_thread_count_give_the_same_bits(string name)
    {
        using var reference = new ReferenceDevice();
        using var referenceModel = TransformerCases.Build(TransformerCases.All[name], reference);
        var expected = TrainingPass.Of(referenceModel, Sequences, zLoss: 1e-3f);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var device = new CpuDevice(threads);
            using var model = TransformerCases.Build(TransformerCases.All[name], device);
            var pass = TrainingPass.Of(model, Sequences, zLoss: 1e-3f);
            Assert.Equal(TransformerCases.Bits(expected.Logits), TransformerCases.Bits(pass.Logits));
            Assert.Equal(TransformerCases.Bits(expected.Losses), TransformerCases.Bits(pass.Losses));
            foreach (var (tensor, gradient) in expected.Gradients)
            {
                Assert.True(
                    TransformerCases.Bits(gradient).AsSpan().SequenceEqual(TransformerCases.Bits(pass.Gradients[tensor])),
                    $"gradient of {tensor}, {threads} threads");
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_sequence_alone_in_a_batch_and_at_another_offset_has_the_same_bits(string name)
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var alone = Sequences.Select(sequence => TrainingPass.Of(model, [sequence])).ToArray();
        foreach (var order in new int[][] { [0, 1, 2, 3], [3, 1, 0, 2], [2, 0, 0, 1, 3, 3] })
        {
            var together = TrainingPass.Of(model, [.. order.Select(s => Sequences[s])]);
            Assert.Equal(
                TransformerCases.Bits([.. order.SelectMany(s => alone[s].Logits)]), TransformerCases.Bits(together.Logits));
            Assert.Equal(
                TransformerCases.Bits([.. order.SelectMany(s => alone[s].Logprobs)]), TransformerCases.Bits(together.Logprobs));
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_gradient_of_a_batch_is_the_sum_of_its_sequences_gradients(string name)
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var alone = Sequences.Select(sequence => TrainingPass.Of(model, [sequence])).ToArray();
        var together = TrainingPass.Of(model, Sequences);
        foreach (var (tensor, packed) in together.Gradients)
        {
            // Other chains of float32 sums: 1e-5 of the tensor's gradient, where bits cannot agree; and rounding alone where the
            // gradient is zero by nature (a key's bias without rotation shifts all scores alike).
            var error = packed.Select((value, i) => Square(value - alone.Sum(pass => (double)pass.Gradients[tensor][i]))).Sum();
            Assert.True(error <= Square(1e-5) * packed.Sum(value => Square(value)) + Square(2e-8), $"{tensor}: {Math.Sqrt(error)}");
        }

        static double Square(double x) => x * x;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prefill_chunks_and_decode_give_the_trainers_logits(string name)
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var expected = TransformerCases.Bits(TrainingPass.Of(model, [Sequences[0]]).Logits);
        // Every size for one model; for the others whole prefill, single tokens and sizes that straddle pages and blocks.
        foreach (var chunk in name == "llama" ? Enumerable.Range(1, 70) : [70, 1, 7, 64])
        {
            Assert.Equal(expected, Generate(model, chunk));
        }
    }

    [Fact]
    public void The_reference_device_generates_with_the_same_bits()
    {
        using var cpu = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All["qwen2"], cpu);
        using var reference = new ReferenceDevice();
        using var referenceModel = TransformerCases.Build(TransformerCases.All["qwen2"], reference);
        Assert.Equal(Generate(referenceModel, 13), Generate(model, 13));
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_device_that_counts_finds_the_arena_and_the_work_of_the_real_one(string name)
    {
        var config = TransformerCases.All[name];
        using var device = new CpuDevice(2);
        using var counting = new CountingDevice();
        using var model = TransformerCases.Build(config, device);
        using var counted = new Transformer(config, counting);
        const int rows = 40;
        var before = device.Work;
        Assert.Equal(Peak(model), Peak(counted));
        var work = device.Work - before;
        Assert.Equal(work, counting.Work);

        // Law 4: 2 x matrix weights x tokens and 4 x width x keys, three times for training; two sequences of 20.
        long upward = config.IntermediateSize * (config.Activation == Activation.SwiGlu ? 3 : 2);
        var layer = config.HiddenSize * (2L * config.QuerySize + 2 * config.KeyValueSize + upward);
        var matrixWeights = config.NumLayers * layer + (long)config.VocabularySize * config.HiddenSize;
        // And once for all, the network whose outputs are biases of all pairs of position ids.
        var pairs = config.Position == PositionKind.Fire ? config.NumPositionIds * (config.NumPositionIds + 1L) / 2 : 0;
        Assert.Equal(3 * 2 * matrixWeights * rows + pairs * 2 * config.FireWidth * (1 + config.NumHeads), work.LinearFlops);
        Assert.Equal(3 * config.NumLayers * 4L * config.QuerySize * (2 * 20 * 21 / 2), work.AttentionFlops);

        static long Peak(Transformer model)
        {
            using var tape = new Tape(model.Device, model.Parameters, 16 << 20, isRecording: true);
            var input = ModelInput.Sequences(
                TrainingPass.Put(tape, new int[rows]), TrainingPass.Put(tape, [.. Enumerable.Range(0, rows).Select(i => i % 20)]),
                TrainingPass.Put(tape, [0, 20, 40]), 2 * 20 * 21 / 2);
            var logits = model.Forward(tape, input);
            tape.CrossEntropy(logits, TrainingPass.Put(tape, new int[rows]), default, 0, 1, tape.Take(rows, 1), default);
            using var gradients = new GradientTree(model.Device, model.Parameters, 1);
            tape.Backward(gradients.Next, new GradientShards(TrainingPass.Put(tape, [0, rows]), false));
            return tape.PeakBytes;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_saved_model_loads_with_the_same_bits(string name)
    {
        using var folder = new TemporaryFolder();
        using var device = new CpuDevice(1);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        ModelStore.Save(folder.File("model"), model, null);
        using var loaded = ModelStore.Load(folder.File("model"), device);
        Assert.Equal(model.Config, loaded.Config);
        Assert.Equal(
            TransformerCases.Bits(TrainingPass.Read(device, model.Parameters.Values)),
            TransformerCases.Bits(TrainingPass.Read(device, loaded.Parameters.Values)));
    }

    private static int[] Generate(Transformer model, int chunk) =>
        TransformerCases.Bits(GenerationPass.Logits(model, Sequences[0][..^1], chunk));
}
