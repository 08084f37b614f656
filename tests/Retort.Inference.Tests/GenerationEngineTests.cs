using Retort.Core;
using Retort.Inference.Scheduling;
using Retort.Models;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;

namespace Retort.Inference.Tests;

/// <summary>A completion is a function of its request: of nothing else that the engine does (law 1).</summary>
public sealed class GenerationEngineTests : IDisposable
{
    private readonly CpuDevice device = new(2);
    private readonly Transformer model;

    public GenerationEngineTests() => model = TransformerCases.Build(TransformerCases.All["llama"], device);

    public static TheoryData<string> Cases => [.. TransformerCases.All.Keys];

    public void Dispose()
    {
        model.Dispose();
        device.Dispose();
    }

    [Theory, MemberData(nameof(Cases))]
    public void Batches_chunks_and_threads_change_no_token_and_no_bit(string name)
    {
        using var single = new CpuDevice(1);
        using var alone = TransformerCases.Build(TransformerCases.All[name], single);
        var expected = Generation.Run(alone, new EngineSettings { MaxSequences = 1 }, Generation.Requests);
        using var many = new CpuDevice(name == "llama" ? 5 : 2);
        using var other = TransformerCases.Build(TransformerCases.All[name], many);
        foreach (var (sequences, prefill) in new[] { (1, 0), (2, 1), (3, 7), (8, 16), (32, 512) })
        {
            var settings = new EngineSettings { MaxSequences = sequences, PrefillTokens = prefill };
            Generation.AssertSame(expected, Generation.Run(other, settings, Generation.Requests));
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Log_probabilities_are_the_trainers_also_for_samples_that_share_a_prompt(string name)
    {
        using var other = TransformerCases.Build(TransformerCases.All[name], device);
        foreach (var ((request, _), completion) in Generation.Run(other, new EngineSettings { MaxSequences = 3, PrefillTokens = 9 }, Generation.Requests))
        {
            var prompt = Generation.Requests[request].Prompt;
            int[] ids = [.. Enumerable.Range(0, prompt.Length), .. completion.PositionIds ?? [.. Enumerable.Range(prompt.Length, completion.Tokens.Length)]];
            var pass = TrainingPass.Of(other, [[.. prompt, .. completion.Tokens]], positionIds: [ids]);
            Assert.Equal(
                TransformerCases.Bits(pass.Logprobs[(prompt.Length - 1)..]), TransformerCases.Bits(completion.Logprobs));
        }
    }

    [Fact]
    public void Requests_that_arrive_in_any_order_at_any_time_complete_alike()
    {
        var settings = new EngineSettings { MaxSequences = 3, PrefillTokens = 10 };
        var expected = Generation.Run(model, settings, Generation.Requests);
        for (var trial = 0UL; trial < 25; trial++)
        {
            var random = CounterRandom.For(1, "arrivals", trial);
            var order = Enumerable.Range(0, Generation.Requests.Length).ToArray();
            random.Shuffle<int>(order);
            var steps = Array.ConvertAll(order, _ => random.NextInt32(12));
            var sizes = new EngineSettings { MaxSequences = 1 + random.NextInt32(6), PrefillTokens = random.NextInt32(40) };
            Generation.AssertSame(expected, Generation.Run(model, sizes, Generation.Requests, order, steps));
        }
    }

    [Theory]
    [InlineData("llama", 60)]
    [InlineData("scores that fall with the distance", 30)]
    [InlineData("predicted positions", 30)]
    public void Policies_preemption_few_pages_and_cached_prefixes_change_no_token_and_no_bit(string name, int trials)
    {
        using var other = TransformerCases.Build(TransformerCases.All[name], device);
        // Some have ids of their own: the same prompt twice, once with and once without.
        GenerationRequest[] requests =
        [
            .. Generation.Requests,
            Generation.Requests[4] with { PositionIds = [.. Enumerable.Range(20, 40)] },
            Generation.Requests[1] with { PositionIds = [.. Enumerable.Range(0, 70).Select(i => i / 2)] },
        ];
        var expected = Generation.Run(other, new EngineSettings { MaxSequences = 4 }, requests);
        var (preempted, evicted, swapped, recomputed, hits) = (0L, 0L, 0L, 0L, 0L);
        for (var trial = 0UL; trial < (ulong)trials; trial++)
        {
            var random = CounterRandom.For(2, "policies", trial);
            var order = Enumerable.Range(0, requests.Length).ToArray();
            random.Shuffle<int>(order);
            var steps = Array.ConvertAll(order, _ => random.NextInt32(12));
            var settings = new EngineSettings
            {
                MaxSequences = 1 + random.NextInt32(4),
                PrefillTokens = random.NextInt32(40),
                MaxLength = 96,
                WatermarkPages = random.NextInt32(2),
                KvTokens = 96 + 16 * random.NextInt32(6),
                HostKvTokens = 16 * random.NextInt32(20),
                CachesPrefixes = trial % 2 == 0,
                Policy = new SchedulerPolicy
                {
                    Order = new NoisyOrder(trial),
                    Preemption = trial % 5 == 0 ? PreemptionRule.Never : PreemptionRule.Always,
                    KvMode = (KvMode)(trial % 3),
                },
            };
            Generation.AssertSame(expected, Generation.Run(other, settings, requests, order, steps, engine =>
            {
                preempted += engine.Scheduler.NumPreemptions;
                evicted += engine.Scheduler.NumEvictions;
                swapped += engine.NumSwapped;
                recomputed += engine.NumRecomputed;
                hits += engine.NumPrefixFound;
                Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
            }));
        }

        Assert.All([preempted, evicted, swapped, recomputed], count => Assert.True(count > 20, $"{preempted} {evicted} {swapped} {recomputed}"));
        // Keys of a model that says positions depend on more than tokens.
        Assert.True(other.Config.PredictsPositions ? hits == 0 : hits > 20, $"{hits}");
    }

    [Fact]
    public void Position_ids_shift_the_sequence_and_end_it_where_the_models_ids_end()
    {
        using var other = TransformerCases.Build(TransformerCases.All["scores that fall with the distance"], device);
        var plain = Generation.Requests[6] with { IgnoresStop = true };
        var shifted = plain with { PositionIds = [.. Enumerable.Range(100, 16)] };
        var done = Generation.Run(other, new EngineSettings { MaxSequences = 2 }, [plain, shifted]);
        // Distances are the same, and of 128 ids there are 12 left after 115.
        Assert.Equal(25, done[(0, 0)].Tokens.Length);
        Assert.Equal(done[(0, 0)].Tokens[..12], done[(1, 0)].Tokens);
        Assert.Equal(TransformerCases.Bits(done[(0, 0)].Logprobs[..12]), TransformerCases.Bits(done[(1, 0)].Logprobs));
        Assert.Equal(FinishReason.Length, done[(1, 0)].FinishReason);
        Assert.Equal(Enumerable.Range(116, 12), done[(1, 0)].PositionIds);
        Assert.Null(done[(0, 0)].PositionIds);
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, "positionIds: has 2 ids for a prompt of 3 tokens")]
    [InlineData(new[] { 0, 128, 1 }, "positionIds: has the id 128; expected the model's ids, 0 to 127")]
    [InlineData(new[] { 0, -1, 1 }, "positionIds: has the id -1; expected the model's ids, 0 to 127")]
    public void Position_ids_that_the_model_has_not_are_refused(int[] ids, string message)
    {
        using var engine = new GenerationEngine(model, new EngineSettings());
        var error = Assert.Throws<UserError>(() => engine.Submit(new GenerationRequest([1, 2, 3], new SamplingSettings(), 1) { PositionIds = ids }));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_prefix_cache_was_asked_for_and_had_is_counted_once_a_sequence_however_long_it_waits_for_pages()
    {
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 3, MaxLength = 128, KvTokens = 192, PrefillTokens = 16, CachesPrefixes = true });
        var request = new GenerationRequest(TransformerCases.Sequence(70, 1), new SamplingSettings { MaxNewTokens = 40 }, 1) { IgnoresStop = true };
        engine.Submit(request);
        for (var step = 0; step < 6; step++)
        {
            engine.Step();
        }

        engine.Submit(request);
        // Needs eight pages, and finds them when the others end.
        engine.Submit(request with { Prompt = TransformerCases.Sequence(120, 9) });
        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal((70 + 70 + 120, 64), (engine.NumPrefixAsked, engine.NumPrefixFound));
    }

    [Fact]
    public void A_cancelled_request_is_gone_at_the_next_step_and_its_neighbours_do_not_notice()
    {
        var expected = Generation.Run(model, new EngineSettings { MaxSequences = 3 }, Generation.Requests);
        for (var after = 0; after < 40; after++)
        {
            using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 3, PrefillTokens = 5 });
            var done = new Dictionary<(int, int), Completion>();
            engine.Completed = completion => done.Add((completion.Request, completion.Sample), completion);
            Array.ForEach(Generation.Requests, request => engine.Submit(request));
            for (var step = 0; step < after; step++)
            {
                engine.Step();
            }

            var before = done.Count;
            engine.Cancel(after % Generation.Requests.Length);
            Assert.Equal(before, done.Count);
            engine.Run(TestContext.Current.CancellationToken);
            Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
            foreach (var ((request, sample), completion) in expected)
            {
                if (request != after % Generation.Requests.Length)
                {
                    Assert.Equal(completion.Tokens, done[(request, sample)].Tokens);
                    Assert.Equal(TransformerCases.Bits(completion.Logprobs), TransformerCases.Bits(done[(request, sample)].Logprobs));
                }
            }
        }
    }

    [Fact]
    public void A_request_may_be_cancelled_from_the_call_that_reports_its_token()
    {
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 4 });
        var (drawn, completed) = (0, 0);
        engine.Completed = _ => completed++;
        engine.Drawn = token =>
        {
            drawn++;
            if (token.Request == 4)
            {
                engine.Cancel(4);
            }
        };
        Array.ForEach(Generation.Requests, request => engine.Submit(request));
        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal(Generation.Requests.Sum(request => request.NumSamples) - 6, completed);
        Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
    }

    [Fact]
    public void One_sample_may_be_cancelled_and_its_siblings_do_not_notice()
    {
        var expected = Generation.Run(model, new EngineSettings(), Generation.Requests);
        for (var after = 0; after < 20; after++)
        {
            using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 4, PrefillTokens = 9 });
            var done = new Dictionary<(int, int), Completion>();
            engine.Completed = completion => done.Add((completion.Request, completion.Sample), completion);
            Array.ForEach(Generation.Requests, request => engine.Submit(request));
            for (var step = 0; step < after; step++)
            {
                engine.Step();
            }

            var sample = after % 6;
            var wasDone = done.ContainsKey((4, sample));
            engine.Cancel(4, sample);
            engine.Run(TestContext.Current.CancellationToken);
            Assert.Equal(expected.Keys.Where(key => wasDone || key != (4, sample)), done.Keys.Order());
            Assert.All(done, pair => Assert.Equal(expected[pair.Key].Tokens, pair.Value.Tokens));
            Assert.Equal(engine.Kv.NumPages, engine.Kv.NumFreePages);
        }
    }

    /// <summary>Ranks that jump about, so that everybody displaces everybody.</summary>
    private sealed record NoisyOrder(ulong Seed) : OrderingKey
    {
        public override double Rank(ScheduledSequence sequence) =>
            CounterRandom.For(Seed, "rank", (ulong)(sequence.Order + sequence.NumGenerated / 4)).NextDouble();
    }

    [Fact]
    public void A_sample_is_named_by_seed_and_number_whatever_its_siblings()
    {
        var settings = new EngineSettings { MaxSequences = 4 };
        var request = Generation.Requests[4];
        var six = Generation.Run(model, settings, [request]);
        var two = Generation.Run(model, settings, [request with { NumSamples = 2 }]);
        Assert.Equal(six[(0, 0)].Tokens, two[(0, 0)].Tokens);
        Assert.Equal(six[(0, 1)].Tokens, two[(0, 1)].Tokens);
        Assert.Equal(6, six.Values.Select(completion => string.Join(',', completion.Tokens)).Distinct().Count());
        var reseeded = Generation.Run(model, settings, [request with { Seed = 99 }]);
        Assert.NotEqual(six[(0, 0)].Tokens, reseeded[(0, 0)].Tokens);
    }

    [Fact]
    public void A_stop_token_ends_a_completion_and_is_its_last_token()
    {
        var free = Generation.Run(model, new EngineSettings(), Generation.Requests);
        var stop = free[(0, 0)].Tokens[4];
        var stopped = Generation.Run(model, new EngineSettings { StopTokens = [stop] }, Generation.Requests);
        foreach (var (key, completion) in stopped)
        {
            var at = Array.IndexOf(free[key].Tokens, stop);
            Assert.Equal(at < 0 ? FinishReason.Length : FinishReason.Stop, completion.FinishReason);
            Assert.Equal(at < 0 ? free[key].Tokens : free[key].Tokens[..(at + 1)], completion.Tokens);
            Assert.Equal(at < 0 ? completion.Tokens : completion.Tokens[..^1], completion.TextTokens.ToArray());
        }

        Assert.Contains(stopped.Values, completion => completion.FinishReason == FinishReason.Stop);
    }

    [Fact]
    public void Completions_end_at_their_own_limit_or_at_the_engines()
    {
        var done = Generation.Run(
            model, new EngineSettings { MaxLength = 24 },
            [
                new GenerationRequest(TransformerCases.Sequence(20, 1), new SamplingSettings { MaxNewTokens = 100 }, 1),
                new GenerationRequest(TransformerCases.Sequence(20, 1), new SamplingSettings { MaxNewTokens = 3 }, 1),
                new GenerationRequest(TransformerCases.Sequence(23, 1), new SamplingSettings { MaxNewTokens = 3 }, 1),
            ]);
        Assert.Equal([4, 3, 1], done.Values.Select(completion => completion.Tokens.Length));
        Assert.All(done.Values, completion => Assert.Equal(FinishReason.Length, completion.FinishReason));
    }

    [Fact]
    public void Biases_and_most_probable_tokens_of_a_request_are_its_own_whatever_its_neighbours_ask_for()
    {
        GenerationRequest[] requests = [.. Generation.Requests.Select((request, i) => request with
        {
            LogitBias = i % 2 == 0 ? [] : [.. Enumerable.Range(0, 4).Select(k => new LogitBias((3 * i + k) % 19, k < 2 ? float.NegativeInfinity : 3 - k))],
            NumTopLogprobs = i % 3 * 10,
        })];
        var plain = Generation.Run(model, new EngineSettings { MaxSequences = 1 }, Generation.Requests);
        var (alone, topsAlone) = RunWithTops(1, 5);
        var (together, topsTogether) = RunWithTops(6, 40);
        Generation.AssertSame(alone, together);
        Assert.Equal(topsAlone, topsTogether);
        foreach (var ((request, _), completion) in together)
        {
            Assert.Empty(completion.Tokens.Intersect(requests[request].LogitBias.Where(b => float.IsNegativeInfinity(b.Bias)).Select(b => b.Token)));
        }

        // Requests without biases are those of an engine that knows none.
        Assert.All(plain.Where(pair => pair.Key.Request % 2 == 0), pair => Assert.Equal(pair.Value.Tokens, together[pair.Key].Tokens));
        Assert.Contains(plain, pair => !pair.Value.Tokens.SequenceEqual(together[pair.Key].Tokens));
        Assert.Equal(requests.Where(request => request.NumTopLogprobs == 20).Sum(request => request.NumSamples * request.Sampling.MaxNewTokens),
            topsTogether.Values.Sum(tops => tops.Count(line => line.Count(c => c == ' ') == 18)));

        (SortedDictionary<(int Request, int Sample), Completion> Done, SortedDictionary<(int Request, int Sample), List<string>> Tops) RunWithTops(int sequences, int prefill)
        {
            using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = sequences, PrefillTokens = prefill });
            var (done, tops) = (new SortedDictionary<(int, int), Completion>(), new SortedDictionary<(int, int), List<string>>());
            engine.Completed = completion => done.Add((completion.Request, completion.Sample), completion);
            engine.Drawn = drawn =>
            {
                tops.TryAdd((drawn.Request, drawn.Sample), []);
                tops[(drawn.Request, drawn.Sample)].Add(string.Join(' ', drawn.Top.ToArray()
                    .Select(top => $"{top.Token}:{BitConverter.SingleToInt32Bits(top.Logprob)}")));
                foreach (var top in drawn.Top)
                {
                    Assert.True(top.Token != drawn.Token || top.Logprob == drawn.Logprob);
                }
            };
            Array.ForEach(requests, request => engine.Submit(request));
            engine.Run(TestContext.Current.CancellationToken);
            return (done, tops);
        }
    }

    [Fact]
    public void No_page_is_lost_over_hundreds_of_requests()
    {
        using var engine = new GenerationEngine(model, new EngineSettings { MaxSequences = 2, MaxLength = 64, PrefillTokens = 20 });
        var completed = 0;
        engine.Completed = _ => completed++;
        for (var i = 0; i < 150; i++)
        {
            var prompt = TransformerCases.Sequence(1 + i % 60, (ulong)i);
            engine.Submit(new GenerationRequest(prompt, new SamplingSettings { MaxNewTokens = 1 + i % 4 }, (ulong)i, NumSamples: 1 + i % 3));
        }

        // One page that is not given back stops the engine long before the end: it holds pages for its places only.
        engine.Run(TestContext.Current.CancellationToken);
        Assert.Equal(300, completed);
    }

    [Fact]
    public void Wrong_requests_and_sizes_are_told_with_the_field_and_the_valid_range()
    {
        using var engine = new GenerationEngine(model, new EngineSettings { MaxLength = 10 });
        Wrong("prompt", () => engine.Submit(new GenerationRequest([], new SamplingSettings(), 1)));
        Wrong("1 to 9", () => engine.Submit(new GenerationRequest(new int[10], new SamplingSettings(), 1)));
        Wrong("0 to 18", () => engine.Submit(new GenerationRequest([3, 19], new SamplingSettings(), 1)));
        Wrong("0 to 18", () => engine.Submit(new GenerationRequest([-1], new SamplingSettings(), 1)));
        Wrong("samples", () => engine.Submit(new GenerationRequest([1], new SamplingSettings(), 1, NumSamples: 0)));
        Wrong("temperature", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { Temperature = -1 }, 1)));
        Wrong("temperature", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { Temperature = float.NaN }, 1)));
        Wrong("topP", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { TopP = 0 }, 1)));
        Wrong("minP", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { MinP = 2 }, 1)));
        Wrong("topK", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { TopK = -1 }, 1)));
        Wrong("maxNewTokens", () => engine.Submit(new GenerationRequest([1], new SamplingSettings { MaxNewTokens = 0 }, 1)));
        var valid = new GenerationRequest([1], new SamplingSettings(), 1);
        Wrong("topLogprobs", () => engine.Submit(valid with { NumTopLogprobs = 21 }));
        Wrong("topLogprobs", () => engine.Submit(valid with { NumTopLogprobs = -1 }));
        Wrong("0 to 18", () => engine.Submit(valid with { LogitBias = [new(19, 1)] }));
        Wrong("0 to 18", () => engine.Submit(valid with { LogitBias = [new(-1, 1)] }));
        Wrong("each once", () => engine.Submit(valid with { LogitBias = [new(3, 1), new(3, 2)] }));
        Wrong("logitBias", () => engine.Submit(valid with { LogitBias = [new(3, float.NaN)] }));
        Wrong("logitBias", () => engine.Submit(valid with { LogitBias = [new(3, float.PositiveInfinity)] }));
        Wrong("bans every token", () => engine.Submit(
            valid with { LogitBias = [.. Enumerable.Range(0, 19).Select(token => new LogitBias(token, float.NegativeInfinity))] }));
        Assert.False(engine.IsBusy);
        Wrong("maxLength", () => new GenerationEngine(model, new EngineSettings { MaxLength = 129 }).Dispose());
        Wrong("maxSequences", () => new GenerationEngine(model, new EngineSettings { MaxSequences = 0 }).Dispose());
        Wrong("prefillTokens", () => new GenerationEngine(model, new EngineSettings { PrefillTokens = -1 }).Dispose());
        Wrong("stopTokens", () => new GenerationEngine(model, new EngineSettings { StopTokens = [19] }).Dispose());

        static void Wrong(string words, Action action)
        {
            var fault = Assert.Throws<UserError>(action);
            Assert.Equal(2, fault.ExitCode);
            Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void A_model_of_NaN_is_an_error_and_not_an_endless_text(float temperature)
    {
        using var broken = new Transformer(TransformerCases.All["llama"], device);
        device.Fill(broken.Parameters.Values, float.NaN);
        using var engine = new GenerationEngine(broken, new EngineSettings());
        engine.Submit(new GenerationRequest([1, 2], new SamplingSettings { Temperature = temperature }, 1));
        Assert.Contains("not numbers", Assert.Throws<UserError>(() => engine.Run(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }
}
