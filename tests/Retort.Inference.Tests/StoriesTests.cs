using Retort.Models;
using Retort.Models.Tests;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;

namespace Retort.Inference.Tests;

/// <summary>A real pretrained model says, word for word, what its publisher's program says.</summary>
public sealed class StoriesTests
{
    private const string Golden =
        """
        Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
        Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with your ball, but I can't find it."
        Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
        Lily didn't want to help her mom, so she said, "I'm sorry, mom. I didn't know what to do." Her mom said, "Don't worry, Lily. We can help you.
        """;

    [Theory]
    [InlineData(1, 512)]
    [InlineData(2, 3)]
    public void The_260K_story_model_tells_its_golden_story(int threads, int prefill)
    {
        var path = SharedData.Find("stories260k/stories260K.bin");
        var tokenizer = Tokenizer.Open(path);
        using var device = new CpuDevice(threads);
        using var model = ModelStore.Load(path, device);
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 2, PrefillTokens = prefill });
        var texts = new List<string>();
        engine.Completed = completion => texts.Add(tokenizer.Decode(completion.TextTokens));
        var request = new GenerationRequest(tokenizer.Encode(""), new SamplingSettings { Temperature = 0, MaxNewTokens = 256 }, 1);
        engine.Submit(request with { NumSamples = 2 });
        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal(2, texts.Count);
        Assert.All(texts, text => Assert.StartsWith(Golden, text.TrimStart(), StringComparison.Ordinal));
    }
}
