using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.Tensors.Reference;
using Retort.TinyModels;

namespace Retort.Models.Tests;

/// <summary>bfloat16 as a storage format of weights and of cached keys and values: law 1 holds within each choice.</summary>
public sealed class BFloat16Tests
{
    private static readonly int[] Sequence = TransformerCases.Sequence(70, 1);

    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Rounded_weights_have_the_bits_of_a_float32_model_rounded_beforehand(string name)
    {
        using var device = new CpuDevice(2);
        using var exact = TransformerCases.Build(TransformerCases.All[name], device);
        using var beforehand = TransformerCases.Build(TransformerCases.All[name], device);
        Round(beforehand);
        using var rounded = TransformerCases.Build(TransformerCases.All[name], device, WeightFormat.BFloat16);
        foreach (var chunk in new[] { 70, 1, 7 })
        {
            Assert.Equal(Bits(beforehand, chunk), Bits(rounded, chunk));
        }

        Assert.NotEqual(Bits(exact, 70), Bits(rounded, 70));
        foreach (var (expected, actual) in beforehand.NamedTensors.Zip(rounded.NamedTensors))
        {
            Assert.Equal(TransformerCases.Bits(Values(beforehand, expected)), TransformerCases.Bits(Values(rounded, actual)));
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Over_a_rounded_cache_prefill_chunks_and_decode_agree(string name)
    {
        using var device = new CpuDevice(2);
        using var model = TransformerCases.Build(TransformerCases.All[name], device);
        var expected = Bits(model, 70, KvFormat.BFloat16);
        Assert.NotEqual(Bits(model, 70), expected);
        foreach (var chunk in name == "llama" ? Enumerable.Range(1, 69) : [1, 7, 64])
        {
            Assert.Equal(expected, Bits(model, chunk, KvFormat.BFloat16));
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void The_reference_device_and_every_thread_count_agree(string name)
    {
        using var reference = new ReferenceDevice();
        using var referenceModel = TransformerCases.Build(TransformerCases.All[name], reference, WeightFormat.BFloat16);
        var expected = Bits(referenceModel, 33, KvFormat.BFloat16);
        foreach (var threads in new[] { 1, 2, 5 })
        {
            using var device = new CpuDevice(threads);
            using var model = TransformerCases.Build(TransformerCases.All[name], device, WeightFormat.BFloat16);
            Assert.Equal(expected, Bits(model, 33, KvFormat.BFloat16));
        }
    }

    [Fact]
    public void A_checkpoint_loads_rounded_and_saves_what_it_holds()
    {
        using var folder = new TemporaryFolder();
        using var device = new CpuDevice(1);
        using var exact = TransformerCases.Build(TransformerCases.All["qwen2"], device);
        using var rounded = TransformerCases.Build(TransformerCases.All["qwen2"], device, WeightFormat.BFloat16);
        ModelStore.Save(folder.File("exact"), exact, null);
        using var loaded = ModelStore.Load(folder.File("exact"), device, WeightFormat.BFloat16);
        Assert.Equal(Bits(rounded, 70), Bits(loaded, 70));
        ModelStore.Save(folder.File("rounded"), loaded, null);
        using var back = ModelStore.Load(folder.File("rounded"), device);
        Assert.Equal(Bits(rounded, 70), Bits(back, 70));
    }

    [Fact]
    public void Half_the_bytes_are_held_and_counted_and_nothing_trains()
    {
        var config = TransformerCases.All["llama"];
        using var device = new CpuDevice(1);
        using var exact = TransformerCases.Build(config, device);
        using var rounded = TransformerCases.Build(config, device, WeightFormat.BFloat16);
        var vectors = exact.Parameters.Items.Where(parameter => !parameter.IsPanels).Sum(parameter => (parameter.Count + 15) / 16 * 16);
        Assert.Equal(exact.Parameters.FlatLength - vectors, 2 * (rounded.Parameters.FlatLength - vectors));
        Assert.Equal(exact.Parameters.Count, rounded.Parameters.Count);
        var (full, half) = (Work(exact, KvFormat.Float32), Work(rounded, KvFormat.BFloat16));
        Assert.Equal(full.WeightBytes, 2 * half.WeightBytes);
        Assert.Equal(full.KvBytes, 2 * half.KvBytes);
        Assert.Equal(full.Flops, half.Flops);
        Assert.Throws<ArgumentException>(() => new Tape(device, rounded.Parameters, 1 << 20, isRecording: true));

        Work Work(Transformer model, KvFormat format)
        {
            var before = device.Work;
            GenerationPass.Logits(model, Sequence, 1, format);
            return device.Work - before;
        }
    }

    private static int[] Bits(Transformer model, int chunk, KvFormat format = KvFormat.Float32) =>
        TransformerCases.Bits(GenerationPass.Logits(model, Sequence, chunk, format));

    private static void Round(Transformer model)
    {
        foreach (var tensor in model.NamedTensors.Where(tensor => tensor.Parameter.IsPanels))
        {
            tensor.Write(model, Array.ConvertAll(Values(model, tensor), value => BFloat16.Round(value).Widen()));
        }
    }

    private static float[] Values(Transformer model, NamedTensor tensor)
    {
        var values = new float[tensor.Rows * tensor.Columns];
        tensor.Read(model.Device, model.Parameters.Values, values);
        return values;
    }
}
