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

    [Fact]
    public void An_engine_takes_the_memory_it_says_and_everything_is_given_back()
    {
        var before = Storage.LiveBytes;
        using (var device = new CpuDevice(3))
        {
            using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
            var settings = new EngineSettings { MaxSequences = 5, MaxLength = 90, PrefillTokens = 30 };
            var withoutEngine = Storage.LiveBytes;
            using (var engine = new GenerationEngine(model, settings))
            {
                Assert.InRange(Storage.LiveBytes - withoutEngine, 0, GenerationEngine.Bytes(model.Config, settings) + 3 * Storage.Alignment);
                Assert.InRange(Storage.LiveBytes - withoutEngine, GenerationEngine.Bytes(model.Config, settings), long.MaxValue);
                engine.Submit(new GenerationRequest([1, 2], new SamplingSettings(), 1, NumSamples: 9));
                engine.Run(TestContext.Current.CancellationToken);
            }

            Assert.Equal(withoutEngine, Storage.LiveBytes);
        }

        Assert.Equal(before, Storage.LiveBytes);
    }
}
