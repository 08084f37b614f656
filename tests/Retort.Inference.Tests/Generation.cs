using Retort.Models;
using Retort.TinyModels;

namespace Retort.Inference.Tests;

/// <summary>Requests, and what an engine makes of them.</summary>
internal static class Generation
{
    /// <summary>Requests of all kinds: prompts of 1 to 70 tokens, greedy and filtered, one sample and several.</summary>
    public static GenerationRequest[] Requests { get; } =
    [
        new(TransformerCases.Sequence(5, 1), new SamplingSettings { Temperature = 0, MaxNewTokens = 20 }, 1),
        new(TransformerCases.Sequence(70, 2), new SamplingSettings { MaxNewTokens = 12 }, 2, NumSamples: 3),
        new([7], new SamplingSettings { Temperature = 0.7f, TopK = 5, MaxNewTokens = 30 }, 3, NumSamples: 4),
        new(TransformerCases.Sequence(17, 3), new SamplingSettings { Temperature = 1.5f, TopP = 0.9f, MaxNewTokens = 3 }, 4),
        new(TransformerCases.Sequence(33, 4), new SamplingSettings { MinP = 0.05f, MaxNewTokens = 17 }, 5, NumSamples: 6),
        new(TransformerCases.Sequence(16, 5), new SamplingSettings { MaxNewTokens = 1 }, 6, NumSamples: 2),
        new(TransformerCases.Sequence(16, 5), new SamplingSettings { MaxNewTokens = 25 }, 7),
    ];

    /// <summary>
    /// Completions by (index in requests, sample), submitted in the order given; before submission i the engine takes
    /// steps[i] steps.
    /// </summary>
    public static SortedDictionary<(int Request, int Sample), Completion> Run(
        Transformer model, EngineSettings settings, GenerationRequest[] requests, int[]? order = null, int[]? steps = null,
        Action<GenerationEngine>? look = null)
    {
        using var engine = new GenerationEngine(model, settings);
        order ??= [.. Enumerable.Range(0, requests.Length)];
        var done = new SortedDictionary<(int, int), Completion>();
        engine.Completed = completion => done.Add((order[completion.Request], completion.Sample), completion);
        for (var i = 0; i < order.Length; i++)
        {
            for (var step = 0; step < (steps?[i] ?? 0); step++)
            {
                engine.Step();
            }

            engine.Submit(requests[order[i]]);
        }

        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal(requests.Sum(request => request.NumSamples), done.Count);
        Assert.Equal(done.Values.Sum(completion => completion.Tokens.Length), engine.NumDrawn);
        look?.Invoke(engine);
        return done;
    }

    public static void AssertSame(
        SortedDictionary<(int Request, int Sample), Completion> expected, SortedDictionary<(int Request, int Sample), Completion> found)
    {
        Assert.Equal(expected.Keys, found.Keys);
        foreach (var ((key, one), other) in expected.Zip(found.Values))
        {
            Assert.True(one.Tokens.AsSpan().SequenceEqual(other.Tokens), $"tokens of {key}");
            Assert.Equal(TransformerCases.Bits(one.Logprobs), TransformerCases.Bits(other.Logprobs));
            Assert.Equal(one.FinishReason, other.FinishReason);
        }
    }
}
