using System.ClientModel;
using System.Diagnostics;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Retort.Server.Tests;

/// <summary>What the endpoints answer to those who ask well.</summary>
public sealed class AnswerTests : IAsyncLifetime
{
    private LiveServer live = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => live = await LiveServer.StartAsync();

    public async ValueTask DisposeAsync() => await live.DisposeAsync();

    [Fact]
    public async Task A_completion_has_the_documented_shape()
    {
        var answer = await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 9, seed = 5, ignore_eos = true });
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.StartsWith("cmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(("tiny", "fp_test", 5), (answer.GetProperty("model").GetString(), answer.GetProperty("system_fingerprint").GetString(), answer.GetProperty("seed").GetInt32()));
        var choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal((0, "length"), (choice.GetProperty("index").GetInt32(), choice.GetProperty("finish_reason").GetString()));
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        Assert.Equal((4, 9, 13), Usage(answer));
    }

    [Theory]
    [InlineData("/v1/completions")]
    [InlineData("/v1/chat/completions")]
    public async Task A_stream_tells_what_the_whole_answer_holds(string path)
    {
        var isChat = path.Contains("chat", StringComparison.Ordinal);
        var body = new Dictionary<string, object> { ["model"] = "tiny", ["seed"] = 3, ["n"] = 3, ["max_tokens"] = 40 };
        body[isChat ? "messages" : "prompt"] = isChat ? new[] { new { role = "user", content = "abc" } } : "abc";
        body["logprobs"] = isChat ? true : 0;
        var whole = await live.AskAsync(path, body);
        (body["stream"], body["stream_options"]) = (true, new { include_usage = true });
        var chunks = await live.StreamAsync(path, body);
        Assert.Equal(Usage(whole), Usage(chunks[^1]));
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        foreach (var choice in whole.GetProperty("choices").EnumerateArray())
        {
            var pieces = chunks[..^1].Select(chunk => chunk.GetProperty("choices")[0])
                .Where(piece => piece.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32()).ToList();
            Assert.Equal(Text(choice), string.Concat(pieces.Select(Text)));
            Assert.Equal(Tokens(choice), pieces.SelectMany(Tokens));
            Assert.Equal(choice.GetProperty("finish_reason").GetString(), pieces[^1].GetProperty("finish_reason").GetString());
            Assert.All(pieces[..^1], piece => Assert.Equal(JsonValueKind.Null, piece.GetProperty("finish_reason").ValueKind));
        }

        Assert.All(chunks[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
    }

    [Fact]
    public async Task A_long_stream_comes_in_many_pieces_one_after_another_on_one_connection()
    {
        await using var roomy = await LiveServer.StartAsync(context: 4096);
        for (var turn = 0; turn < 3; turn++)
        {
            var events = await roomy.StreamAsync("/v1/completions", new { model = "tiny", prompt = "a", max_tokens = 3000, ignore_eos = true, stream = true });
            Assert.InRange(events.Count, 2000, 3001);
            Assert.Equal("length", events[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        }
    }

    [Fact]
    public async Task Equal_seeds_give_equal_answers_whatever_else_runs_and_a_reported_seed_can_be_given_back()
    {
        var free = await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 30, ignore_eos = true });
        var other = await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 30, ignore_eos = true });
        Assert.NotEqual(Text(free.GetProperty("choices")[0]), Text(other.GetProperty("choices")[0]));
        var seed = free.GetProperty("seed").GetInt64();
        var crowd = Enumerable.Range(0, 12).Select(i =>
            live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 30, ignore_eos = true, seed = i % 2 == 0 ? seed : i })).ToList();
        var answers = await Task.WhenAll(crowd);
        Assert.All(answers.Where((_, i) => i % 2 == 0), answer => Assert.Equal(Text(free.GetProperty("choices")[0]), Text(answer.GetProperty("choices")[0])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_string_ends_the_text_before_it(bool stream)
    {
        var whole = Text((await live.AskAsync("/v1/completions", Body(null))).GetProperty("choices")[0]);
        var stop = whole.Substring(12, 3);
        var expected = whole[..whole.IndexOf(stop, StringComparison.Ordinal)];
        if (stream)
        {
            var chunks = await live.StreamAsync("/v1/completions", Body(stop));
            Assert.Equal(expected, string.Concat(chunks.Select(chunk => Text(chunk.GetProperty("choices")[0]))));
            Assert.Equal("stop", chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        }
        else
        {
            var choice = (await live.AskAsync("/v1/completions", Body(stop))).GetProperty("choices")[0];
            Assert.Equal((expected, "stop"), (Text(choice), choice.GetProperty("finish_reason").GetString()));
        }

        await live.IdleAsync();

        object Body(string? stop) => new { model = "tiny", prompt = "abc", max_tokens = 60, seed = 9, ignore_eos = true, stop, stream = stream && stop is not null };
    }

    [Fact]
    public async Task Prompts_come_as_text_as_tokens_and_as_arrays_of_both()
    {
        var tokens = LiveServer.Tokenizer.Encode("abc");
        var texts = new List<string>();
        foreach (var prompt in (object[])["abc", tokens, new[] { "abc", "cd" }, new[] { tokens, [3] }])
        {
            var answer = await live.AskAsync("/v1/completions", new { model = "tiny", prompt, max_tokens = 12, seed = 2, n = 2, echo = true });
            var choices = answer.GetProperty("choices").EnumerateArray().ToList();
            Assert.Equal(Enumerable.Range(0, choices.Count), choices.Select(choice => choice.GetProperty("index").GetInt32()));
            Assert.Equal(prompt is string or int[]? 2 : 4, choices.Count);
            texts.Add(Text(choices[0]));
        }

        Assert.All(texts, text => Assert.Equal(texts[0], text));
        Assert.StartsWith("abc", texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_probabilities_of_a_completion_lie_beside_their_offsets()
    {
        var answer = await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 10, logprobs = 0, ignore_eos = true });
        var (choice, logprobs) = (answer.GetProperty("choices")[0], answer.GetProperty("choices")[0].GetProperty("logprobs"));
        var names = logprobs.GetProperty("tokens").EnumerateArray().Select(item => item.GetString()!).ToList();
        Assert.Equal(10, names.Count);
        Assert.All(logprobs.GetProperty("token_logprobs").EnumerateArray(), item => Assert.InRange(item.GetSingle(), -100, 0));
        Assert.Equal(10, logprobs.GetProperty("top_logprobs").GetArrayLength());
        var text = Text(choice);
        foreach (var (name, offset) in names.Zip(logprobs.GetProperty("text_offset").EnumerateArray().Select(item => item.GetInt32())).Where(pair => pair.First.Length == 1))
        {
            Assert.Equal(name, text.Substring(offset, 1));
        }
    }

    [Fact]
    public async Task The_official_client_chats_and_streams()
    {
        var client = new ChatClient("tiny", new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = new Uri(live.Server.Address, "/v1") });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 20, Temperature = 0.9f, IncludeLogProbabilities = true };
#pragma warning disable OPENAI001 // Marked as a preview in the client.
        options.Seed = 11;
#pragma warning restore OPENAI001
        ChatCompletion whole = await client.CompleteChatAsync([new SystemChatMessage("ab"), new UserChatMessage("cd")], options, Cancellation);
        Assert.InRange(whole.Usage.OutputTokenCount, 1, 20);
        Assert.Contains(whole.FinishReason, (ChatFinishReason[])[ChatFinishReason.Stop, ChatFinishReason.Length]);
        Assert.All(whole.ContentTokenLogProbabilities, token => Assert.NotNull(token.Token));
        var (text, usage) = ("", (ChatTokenUsage?)null);
        await foreach (var update in client.CompleteChatStreamingAsync([new SystemChatMessage("ab"), new UserChatMessage("cd")], options, Cancellation))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
        }

        Assert.Equal(whole.Content[0].Text, text);
        Assert.Equal(whole.Usage.TotalTokenCount, usage!.TotalTokenCount);
        var models = new OpenAI.Models.OpenAIModelClient(new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = new Uri(live.Server.Address, "/v1") });
        Assert.Equal("tiny", (await models.GetModelsAsync(Cancellation)).Value.Single().Id);
        Assert.Equal("tiny", (await models.GetModelAsync("tiny", Cancellation)).Value.Id);
    }

    [Fact]
    public async Task Metrics_have_the_names_that_users_of_vLLM_know()
    {
        await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 10, ignore_eos = true });
        await live.IdleAsync();
        var lines = (await live.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation)).Split('\n');
        foreach (var line in (string[])
        [
            "vllm:prompt_tokens_total{model_name=\"tiny\"} 4", "vllm:generation_tokens_total{model_name=\"tiny\"} 10",
            "vllm:num_requests_running{model_name=\"tiny\"} 0", "vllm:num_requests_waiting{model_name=\"tiny\"} 0",
            "vllm:kv_cache_usage_perc{model_name=\"tiny\"} 0", "vllm:num_preemptions_total{model_name=\"tiny\"} 0",
            "vllm:time_to_first_token_seconds_count{model_name=\"tiny\"} 1", "vllm:inter_token_latency_seconds_count{model_name=\"tiny\"} 9",
            "vllm:e2e_request_latency_seconds_count{model_name=\"tiny\"} 1", "vllm:request_queue_time_seconds_count{model_name=\"tiny\"} 1",
            "vllm:request_success_total{finished_reason=\"length\",model_name=\"tiny\"} 1", "retort:recomputed_tokens_total{model_name=\"tiny\"} 0",
            "# TYPE vllm:time_to_first_token_seconds histogram",
        ])
        {
            Assert.Contains(line, lines);
        }
    }

    [Fact]
    public async Task A_request_is_a_span_of_the_callers_trace()
    {
        var spans = new System.Collections.Concurrent.ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Retort.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        live.Client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        await live.AskAsync("/v1/completions", new { model = "tiny", prompt = "abc", max_tokens = 10, ignore_eos = true });
        Activity? span;
        while ((span = spans.FirstOrDefault(one => one.TraceId.ToHexString() == trace)) is null)
        {
            await Task.Delay(5, Cancellation);
        }

        Assert.Equal(("text_completion", 10), (span.GetTagItem("gen_ai.operation.name"), span.GetTagItem("gen_ai.usage.output_tokens")));
        Assert.NotNull(span.GetTagItem("gen_ai.latency.time_to_first_token"));
    }

    private static string Text(JsonElement choice) => choice.TryGetProperty("text", out var text) ? text.GetString()!
        : (choice.TryGetProperty("message", out var message) ? message : choice.GetProperty("delta")).TryGetProperty("content", out var content) ? content.GetString()! : "";

    private static IEnumerable<string> Tokens(JsonElement choice) => choice.GetProperty("logprobs") switch
    {
        { ValueKind: JsonValueKind.Null } => [],
        var logprobs when logprobs.TryGetProperty("tokens", out var tokens) => tokens.EnumerateArray().Select(item => item.GetString()!),
        var logprobs => logprobs.GetProperty("content").EnumerateArray().Select(item => item.GetProperty("token").GetString()!),
    };

    private static (int, int, int) Usage(JsonElement answer) => (
        answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32(),
        answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
}
