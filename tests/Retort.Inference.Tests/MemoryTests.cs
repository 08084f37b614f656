using Retort.Inference.Lengths;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests;

[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact]
    public void A_decode_step_allocates_no_managed_byte_on_any_thread()
    {
        using var device = new CpuDevice(3);
        using var model = TransformerCases.Build(TransformerCases.All["qwen2"], device);
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 8 });
        for (var i = 0; i < 6; i++)
        {
            var sampling = new SamplingSettings { Temperature = i % 2, TopK = i, TopP = 0.95f, MaxNewTokens = 120 };
            engine.Submit(new GenerationRequest(TransformerCases.Sequence(2 + i, (ulong)i), sampling, 1)
            {
                LogitBias = i < 3 ? [] : [new(i, float.NegativeInfinity), new(1, 0.5f)],
                NumTopLogprobs = 4 * i,
            });
        }

        Decode();
        Assert.Equal(0, Alone.AllocatedBytes(Decode));

        void Decode()
        {
            for (var step = 0; step < 15; step++)
            {
                Assert.True(engine.Step() > 0);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_engine_takes_the_memory_it_says_and_everything_is_given_back(bool refines)
    {
        var before = Storage.LiveBytes;
        using (var device = new CpuDevice(3))
        {
            using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
            using var probe = new LengthProbe(0, new LengthBins(40), new BinClassifier(device, model.Config.HiddenSize, 12));
            var settings = new EngineSettings { MaxSequences = 5, MaxLength = 90, PrefillTokens = 30 };
            var (withoutEngine, expected) = (Storage.LiveBytes, GenerationEngine.Bytes(model.Config, settings, refines ? 12 : 0));
            using (var engine = new GenerationEngine(model, settings, refines ? new TrailPredictor(new ConstantLengthPredictor(9), probe) : null))
            {
                Assert.InRange(Storage.LiveBytes - withoutEngine, expected, expected + 5 * Storage.Alignment);
                engine.Submit(new GenerationRequest([1, 2], new SamplingSettings(), 1, NumSamples: 9));
                engine.Run(TestContext.Current.CancellationToken);
            }

            Assert.Equal(withoutEngine, Storage.LiveBytes);
        }

        Assert.Equal(before, Storage.LiveBytes);
    }
}
