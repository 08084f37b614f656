using Microsoft.Extensions.AI;
using Retort.Core;
using Retort.Inference.Chat;
using Retort.Inference.Serving;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors;
using Retort.Tensors.Cpu;
using Retort.TinyModels;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Retort.Inference.Tests.Chat;

public sealed class RetortChatClientTests : IAsyncDisposable
{
    private static readonly WordLevelTokenizer Letters = WordLevelTokenizer.ForCharacters(["abcdefghijklmnop"]);
    private static readonly ChatTemplate Joined = new("{% for m in messages %}{{ {'system': 'h', 'assistant': 'l', 'user': ''}[m.role] }}{{ m.content }}{% endfor %}");

    private readonly CpuDevice device = new(2);
    private readonly Transformer model;
    private readonly EngineHost host;
    private readonly RetortChatClient client;

    public RetortChatClientTests()
    {
        model = TransformerCases.Build(TransformerCases.All["llama"], device);
        host = new EngineHost(new GenerationEngine(model, new EngineSettings { MaxSequences = 3, StopTokens = [Letters.EosId!.Value] }));
        client = new RetortChatClient(host, Letters, Joined, modelId: "tiny");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        Assert.True(host.IsAccepting);
        await host.DisposeAsync();
        model.Dispose();
        device.Dispose();
    }

    [Fact]
    public async Task A_response_is_what_the_engine_alone_says_also_in_a_stream_and_among_others()
    {
        var options = Enumerable.Range(0, 6).Select(i => new ChatOptions
        {
            Temperature = i % 3,
            TopK = 4 + i,
            TopP = 0.9f,
            MaxOutputTokens = 5 + 4 * i,
            Seed = i,
            Instructions = i % 2 == 0 ? null : "fed",
        }).ToArray();
        var cancellation = TestContext.Current.CancellationToken;
        var whole = await Task.WhenAll(options.Select(option => client.GetResponseAsync("abc", option, cancellation)));
        for (var i = 0; i < options.Length; i++)
        {
            var expected = Alone(i % 2 == 0 ? "abc" : "hfedabc", options[i]);
            var response = whole[i];
            Assert.Equal(Letters.Decode(expected.TextTokens, continues: true), response.Text);
            Assert.Equal(expected.FinishReason == FinishReason.Stop ? ChatFinishReason.Stop : ChatFinishReason.Length, response.FinishReason);
            Assert.Equal(i % 2 == 0 ? 4 : 8, response.Usage!.InputTokenCount);
            Assert.Equal(expected.Tokens.Length, response.Usage.OutputTokenCount);
            Assert.Equal("tiny", response.ModelId);
            Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
            var streamed = "";
            await foreach (var update in client.GetStreamingResponseAsync("abc", options[i], cancellation))
            {
                streamed += update.Text;
            }

            Assert.Equal(response.Text, streamed);
        }

        Completion Alone(string prompt, ChatOptions option)
        {
            var sampling = new SamplingSettings { Temperature = option.Temperature!.Value, TopK = option.TopK!.Value, TopP = 0.9f, MaxNewTokens = option.MaxOutputTokens!.Value };
            return Generation.Run(
                model, new EngineSettings { StopTokens = [Letters.EosId!.Value] },
                [new GenerationRequest(Letters.Encode(prompt), sampling, (ulong)option.Seed!.Value)])[(0, 0)];
        }
    }

    [Fact]
    public async Task A_conversation_goes_on_from_its_own_answers()
    {
        var history = new List<ChatMessage> { new(ChatRole.System, "ab"), new(ChatRole.User, "c") };
        var first = await client.GetResponseAsync(history, new ChatOptions { MaxOutputTokens = 5, Seed = 1 }, TestContext.Current.CancellationToken);
        history.AddMessages(first);
        history.Add(new ChatMessage(ChatRole.User, "d"));
        var second = await client.GetResponseAsync(history, new ChatOptions { MaxOutputTokens = 5 }, TestContext.Current.CancellationToken);
        Assert.Equal(1 + "habc".Length + "l".Length + first.Text.Length + 1, second.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Stop_sequences_end_the_text_before_them()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var free = await client.GetResponseAsync("abc", new ChatOptions { Seed = 5, MaxOutputTokens = 60 }, cancellation);
        var stop = free.Text[7..9];
        var stopped = await client.GetResponseAsync(
            "abc", new ChatOptions { Seed = 5, MaxOutputTokens = 60, StopSequences = ["zz", stop] }, cancellation);
        Assert.Equal(free.Text[..free.Text.IndexOf(stop, StringComparison.Ordinal)], stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
        await Idle();
    }

    [Fact]
    public async Task Requests_without_a_seed_differ_and_a_new_client_repeats_them()
    {
        var other = new RetortChatClient(host, Letters, Joined);
        var (said, again) = (new List<string>(), new List<string>());
        for (var i = 0; i < 3; i++)
        {
            said.Add((await client.GetResponseAsync("abc", new ChatOptions { MaxOutputTokens = 20 }, TestContext.Current.CancellationToken)).Text);
            again.Add((await other.GetResponseAsync("abc", new ChatOptions { MaxOutputTokens = 20 }, TestContext.Current.CancellationToken)).Text);
        }

        Assert.Equal(said, again);
        Assert.Equal(3, said.Distinct().Count());
    }

    [Fact]
    public async Task A_reader_who_cancels_or_goes_away_frees_the_engine()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync("abc", new ChatOptions { Seed = 2 }, cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });
        await foreach (var update in client.GetStreamingResponseAsync("abc", new ChatOptions { Seed = 2 }, TestContext.Current.CancellationToken))
        {
            break;
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("abc", null, new CancellationToken(canceled: true)));
        await Idle();
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_with_the_option_and_the_valid_choice()
    {
        await Wrong("options.tools", new ChatOptions { Tools = [new HostedWebSearchTool()] });
        await Wrong("options.responseFormat", new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        await Wrong("options.frequencyPenalty", new ChatOptions { FrequencyPenalty = 1 });
        await Wrong("options.presencePenalty", new ChatOptions { PresencePenalty = -1 });
        await Wrong("options.conversationId", new ChatOptions { ConversationId = "x" });
        await Wrong("expected tiny", new ChatOptions { ModelId = "huge" });
        await Wrong("options.temperature", new ChatOptions { Temperature = -1 });
        await Wrong("options.maxNewTokens", new ChatOptions { MaxOutputTokens = 0 });
        await Wrong("options.stopSequences", new ChatOptions { StopSequences = [""] });
        await Wrong("'z'", new ChatOptions(), new ChatMessage(ChatRole.User, "z"));
        await Wrong("hold UriContent", new ChatOptions(), new ChatMessage(ChatRole.User, [new UriContent("http://x", "image/png")]));
        await Wrong("so that one more fits", new ChatOptions(), new ChatMessage(ChatRole.User, new string('a', 127)));
        await client.GetResponseAsync("abc", new ChatOptions { ModelId = "tiny", MaxOutputTokens = 1, FrequencyPenalty = 0 }, TestContext.Current.CancellationToken);

        async Task Wrong(string words, ChatOptions options, ChatMessage? message = null)
        {
            var fault = await Assert.ThrowsAsync<UserError>(
                () => client.GetResponseAsync(message ?? new ChatMessage(ChatRole.User, "a"), options, TestContext.Current.CancellationToken));
            Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void It_says_what_it_is_made_of()
    {
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Same(host, client.GetService<EngineHost>());
        Assert.Same(Letters, client.GetService<ITokenizer>());
        Assert.Equal(("retort", "tiny"), (client.GetService<ChatClientMetadata>()!.ProviderName!, client.GetService<ChatClientMetadata>()!.DefaultModelId!));
        Assert.Null(client.GetService<string>());
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }

    private async Task Idle()
    {
        while (host.Statistics is { Running: > 0 } or { Waiting: > 0 })
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}

[Collection(nameof(Alone))]
public sealed class OpenedChatClientTests : IDisposable
{
    private static readonly WordLevelTokenizer Letters = WordLevelTokenizer.ForCharacters(["abcdefghijklmnop"]);

    private readonly string folder = Directory.CreateTempSubdirectory("retort-chat-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_checkpoint_is_opened_with_its_template_or_a_given_one_and_everything_is_given_back()
    {
        var checkpoint = Path.Combine(folder, "tiny-chat");
        using (var device = new CpuDevice(1))
        {
            using var model = TransformerCases.Build(TransformerCases.All["llama"], device);
            ModelStore.Save(checkpoint, model, Letters);
        }

        var before = Storage.LiveBytes;
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 4 };
        Assert.Contains("has no chat template", Assert.Throws<UserError>(() => RetortChatClient.Open(checkpoint)).Message, StringComparison.Ordinal);
        Assert.Equal(before, Storage.LiveBytes);
        await using (var given = RetortChatClient.Open(checkpoint, new ChatTemplate("{{ messages[-1].content }}"), threads: 1))
        {
            var response = await given.GetResponseAsync("abc", options, TestContext.Current.CancellationToken);
            Assert.Equal((4L, "tiny-chat"), (response.Usage!.InputTokenCount!.Value, response.ModelId));
        }

        new ChatTemplate("{{ bos_token }}{{ messages[-1].content }}{{ 'pp' if add_generation_prompt }}").Save(checkpoint);
        using (var own = RetortChatClient.Open(checkpoint, threads: 1))
        {
            Assert.Equal(6, (await own.GetResponseAsync("abc", options, TestContext.Current.CancellationToken)).Usage!.InputTokenCount);
        }

        Assert.Equal(before, Storage.LiveBytes);
    }
}
