using Retort.Core;
using Retort.Inference.Lengths;
using Retort.Inference.Scheduling;
using Retort.Models;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests;

/// <summary>The engine with predictors: they decide who runs, never what is said.</summary>
public sealed class PredictedSchedulingTests : IDisposable
{
    private readonly CpuDevice device = new(2);
    private readonly Transformer model;
    private readonly LengthProbe probe;

    public PredictedSchedulingTests()
    {
        model = TransformerCases.Build(TransformerCases.All["llama"], device);
        probe = new LengthProbe(0, new LengthBins(40), new BinClassifier(device, model.Config.HiddenSize, 12));
        probe.Network.Initialize(1, "probe");
    }

    public void Dispose()
    {
        probe.Dispose();
        model.Dispose();
        device.Dispose();
    }

    [Fact]
    public void Under_trail_tokens_and_beliefs_are_a_requests_own_whatever_happens_to_it()
    {
        var (tokens, beliefs, _) = Run(new EngineSettings { MaxSequences = 1, Policy = Refining });
        Assert.All(beliefs.Where(pair => pair.Key.Token == 1), pair => Assert.Equal(beliefs[(pair.Key.Request, 0, 1)], pair.Value));
        var preempted = 0L;
        for (var trial = 0UL; trial < 18; trial++)
        {
            var random = CounterRandom.For(3, "trail", trial);
            var (found, foundBeliefs, preemptions) = Run(new EngineSettings
            {
                MaxSequences = 1 + random.NextInt32(4),
                PrefillTokens = random.NextInt32(30),
                MaxLength = 96,
                KvTokens = 96 + 16 * random.NextInt32(5),
                HostKvTokens = 16 * random.NextInt32(15),
                CachesPrefixes = trial % 2 == 0,
                Policy = NamedScheduler.Get("trail", c: 0.9).Policy with { KvMode = (KvMode)(trial % 3) },
            });
            preempted += preemptions;
            Generation.AssertSame(tokens, found);
            foreach (var (key, belief) in foundBeliefs)
            {
                // Samples after the first begin from what the first read; when it did is the schedule's.
                Assert.True(key.Sample > 0 || beliefs[key] == belief, $"{key}: {beliefs[key]} {belief}");
            }
        }

        Assert.True(preempted > 20, $"{preempted}");
    }

    [Fact]
    public void What_a_copied_page_held_before_is_no_part_of_a_sample_s_belief()
    {
        // A step has 3 + 18 rows, so all of the prompt but its last token is a chunk: the samples then read that token in one step, each but
        // the first after a copy of a partly filled page.
        var settings = new EngineSettings { MaxSequences = 3, PrefillTokens = 18, MaxLength = 96, KvTokens = 160, CachesPrefixes = false, Policy = Refining };
        var expected = Beliefs(0);
        Assert.Equal(3, expected.Count);
        Assert.NotEqual(expected[0], expected[1]);
        for (var numBefore = 1; numBefore <= 5; numBefore++)
        {
            Assert.Equal(expected, Beliefs(numBefore));
        }

        // What is believed of each of three samples after its first token, in an engine that had other requests before.
        SortedDictionary<int, double> Beliefs(int numBefore)
        {
            using var engine = new GenerationEngine(model, settings, new TrailPredictor(new ConstantLengthPredictor(20), probe));
            for (var i = 0; i < numBefore; i++)
            {
                engine.Submit(new GenerationRequest(TransformerCases.Sequence(22, 2), new SamplingSettings { MaxNewTokens = 1 }, 1));
            }

            engine.Run(TestContext.Current.CancellationToken);
            var index = engine.Submit(new GenerationRequest(TransformerCases.Sequence(22, 1), new SamplingSettings { MaxNewTokens = 60 }, 1, NumSamples: 3));
            var beliefs = new SortedDictionary<int, double>();
            while (engine.IsBusy)
            {
                engine.Step();
                foreach (var sequence in engine.Scheduler.Running.ToArray().Where(sequence => sequence.NumGenerated == 1))
                {
                    Assert.Equal(index, (int)(sequence.Order >> 32));
                    beliefs[(int)(sequence.Order & 255)] = sequence.PredictedRemaining;
                }
            }

            return beliefs;
        }
    }

    [Fact]
    public void Nothing_is_refined_once_a_sequence_keeps_its_place()
    {
        using var engine = new GenerationEngine(
            model, new EngineSettings { MaxSequences = 1, Policy = NamedScheduler.Get("trail", c: 0.5).Policy },
            new TrailPredictor(new ConstantLengthPredictor(20), probe));
        engine.Submit(new GenerationRequest([1, 2], new SamplingSettings { MaxNewTokens = 40 }, 1));
        var refinedAt = new List<int>();
        while (engine.IsBusy)
        {
            engine.Step();
            foreach (var sequence in engine.Scheduler.Running)
            {
                refinedAt.Add(((Sequence)sequence).Belief.RefinedAt);
            }
        }

        // floor(0.5 * 20) tokens: from the 10th on it keeps its place.
        Assert.Equal(Enumerable.Range(0, 39).Select(generated => Math.Min(generated, 9)), refinedAt);
    }

    [Fact]
    public void With_known_lengths_the_shortest_come_first_and_without_an_oracle_refuses()
    {
        var lengths = new[] { 30, 5, 20, 1 };
        using var engine = new GenerationEngine(
            model, new EngineSettings { MaxSequences = 1, Policy = NamedScheduler.Get("srpt").Policy }, new OracleLengthPredictor());
        var ended = new List<int>();
        engine.Completed = completion => ended.Add(completion.Request);
        foreach (var length in lengths)
        {
            engine.Submit(new GenerationRequest([1, 2], new SamplingSettings { MaxNewTokens = length }, 1) { KnownLength = length });
        }

        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal([3, 1, 2, 0], ended);
        var refusal = Assert.Throws<UserError>(() => engine.Submit(new GenerationRequest([1], new SamplingSettings(), 1)));
        Assert.Contains("known length", refusal.Message, StringComparison.Ordinal);
        Assert.False(engine.IsBusy);
    }

    [Fact]
    public void Schedulers_have_the_studys_names_and_a_mistyped_one_is_told_the_nearest()
    {
        Assert.Equal(LengthSource.HiddenStates, NamedScheduler.Get("trail").Lengths);
        Assert.Equal(NamedScheduler.All().Count, NamedScheduler.All().Select(one => one.Name).Distinct().Count());
        Assert.Contains("did you mean 'trail'", Assert.Throws<UserError>(() => NamedScheduler.Get("trial")).Message, StringComparison.Ordinal);
        Assert.Contains("--c", Assert.Throws<UserError>(() => NamedScheduler.Get("trail", c: 1.1)).Message, StringComparison.Ordinal);
        Assert.Contains("--c", Assert.Throws<UserError>(() => NamedScheduler.Get("trail", c: double.NaN)).Message, StringComparison.Ordinal);
    }

    /// <summary>In order of arrival; nobody is protected, so every belief is refined to the end.</summary>
    private static SchedulerPolicy Refining { get; } = new() { Preemption = PreemptionRule.Always };

    /// <summary>Completions, what was believed of each after each of its tokens while it could be displaced, and how many preemptions it took.</summary>
    private (SortedDictionary<(int, int), Completion> Tokens, Dictionary<(int Request, int Sample, int Token), double> Beliefs, long Preemptions) Run(
        EngineSettings settings)
    {
        using var engine = new GenerationEngine(model, settings, new TrailPredictor(new ConstantLengthPredictor(20), probe));
        var tokens = new SortedDictionary<(int, int), Completion>();
        var beliefs = new Dictionary<(int, int, int), double>();
        engine.Completed = completion => tokens.Add((completion.Request, completion.Sample), completion);
        Array.ForEach(Generation.Requests, request => engine.Submit(request));
        while (engine.IsBusy)
        {
            engine.Step();
            foreach (var sequence in engine.Scheduler.Running.ToArray().Where(sequence => sequence is { NumGenerated: > 0, IsProtected: false }))
            {
                beliefs[((int)(sequence.Order >> 32), (int)(sequence.Order & 255), sequence.NumGenerated)] = sequence.PredictedRemaining;
            }
        }

        Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
        return (tokens, beliefs, engine.Scheduler.NumPreemptions + engine.Scheduler.NumEvictions);
    }
}
