using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Retort.Inference;
using Retort.Inference.Serving;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tensors.Cpu;

namespace Retort.Server.Tests;

/// <summary>A tiny random model of letters, served on a port of its own.</summary>
internal sealed class LiveServer : IAsyncDisposable
{
    public const string Letters = "abcdefghijklmnop ";

    private static readonly WordLevelTokenizer Words = WordLevelTokenizer.ForCharacters([Letters]);

    private readonly CpuDevice device = new(1);
    private readonly Transformer model;

    private LiveServer(int context) => model = CreateModel(device, context);

    public RetortServer Server { get; private set; } = null!;

    public EngineHost Host { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public static ITokenizer Tokenizer => Words;

    public static async Task<LiveServer> StartAsync(ServerOptions? options = null, int context = 128, int maxLive = 64, bool hasTemplate = true)
    {
        var live = new LiveServer(context);
        var settings = new EngineSettings { MaxSequences = 4, PrefillTokens = 64, StopTokens = [Words.EosId!.Value] };
        live.Host = new EngineHost(new GenerationEngine(live.model, settings), new EngineHostSettings { MaxLiveSequences = maxLive });
        live.Server = await RetortServer.StartAsync(live.Host, Served(hasTemplate), (options ?? new ServerOptions()) with { Port = 0 });
        live.Client = new HttpClient { BaseAddress = live.Server.Address };
        return live;
    }

    /// <summary>Such a model.</summary>
    public static Transformer CreateModel(CpuDevice device, int context)
    {
        var model = new Transformer(
            new ModelConfig
            {
                VocabularySize = Words.VocabularySize,
                HiddenSize = 16,
                NumLayers = 1,
                NumHeads = 2,
                NumKvHeads = 1,
                IntermediateSize = 16,
                MaxPositions = context,
            },
            device);
        model.Initialize(7);
        return model;
    }

    /// <summary>The model as a server has it.</summary>
    public static ServedModel Served(bool hasTemplate = true) =>
        new("tiny", Words, [Words.EosId!.Value], "fp_test") { ChatTemplate = hasTemplate ? new Template() : null };

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string json, string type = "application/json")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>An answer that must be 200.</summary>
    public async Task<JsonElement> AskAsync(string path, object body)
    {
        var (status, text) = await PostAsync(path, JsonSerializer.Serialize(body));
        Assert.True(status == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The events of a stream that must be 200, without [DONE], which must be its end.</summary>
    public async Task<List<JsonElement>> StreamAsync(string path, object body)
    {
        var (status, text) = await PostAsync(path, JsonSerializer.Serialize(body));
        Assert.True(status == HttpStatusCode.OK, text);
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    /// <summary>Waits until nothing is live; all pages are free then.</summary>
    public async Task IdleAsync()
    {
        while (Host.Statistics is not { Running: 0, Waiting: 0, Paused: 0 })
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, Host.Statistics.UsedBlocks);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        await Server.DisposeAsync();
        model.Dispose();
        device.Dispose();
    }

    private sealed class Template : IChatTemplate
    {
        public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
            string.Concat(messages.Select(message => message.Content + " ")) + (addGenerationPrompt ? "a" : "");
    }
}
