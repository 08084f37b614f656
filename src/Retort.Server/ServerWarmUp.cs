using System.Text;
using System.Text.Json;
using Retort.Inference;
using Retort.Inference.Serving;

namespace Retort.Server;

/// <summary>
/// Answers some requests before the first client comes, who would wait for the code to be compiled otherwise: several hundred milliseconds
/// at the first request, some at the next.
/// </summary>
public static class ServerWarmUp
{
    internal const int MaxRequests = 64;
    private const int PromptTokens = 4;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Serves an engine at a free port of its own for at most about a second, so that nothing of it shows in the numbers, seeds and caches of
    /// the server to come, and disposes it. Returns how many requests were answered.
    /// </summary>
    public static async Task<int> RunAsync(GenerationEngine engine, ServedModel model, TimeProvider time)
    {
        await using var host = new EngineHost(engine, time: time);
        await using var server = await RetortServer.StartAsync(host, model, new ServerOptions { Port = 0 }).ConfigureAwait(false);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler) { BaseAddress = server.Address };
        var text = JsonEncodedText.Encode(model.Tokenizer.Decode([
            .. Enumerable.Range(0, model.Tokenizer.VocabularySize).Where(token => !model.Tokenizer.IsSpecial(token)).Take(PromptTokens),
        ]));
        var rest = $$""" "model": "{{JsonEncodedText.Encode(model.Name)}}", "max_tokens": 2, "ignore_eos": true, "stream": """;
        var (start, answered) = (time.GetTimestamp(), 0);
        for (var i = 0; i < MaxRequests && time.GetElapsedTime(start) < Longest; i++)
        {
            // Most clients stream.
            var (isChat, streams) = (model.ChatTemplate is not null && i % 2 == 1, i % 8 < 6 ? "true" : "false");
            var asked = isChat ? $$"""{"messages": [{"role": "user", "content": "{{text}}"}]""" : $$"""{"prompt": "{{text}}" """;
            using var body = new StringContent($"{asked},{rest}{streams}}}", Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri(isChat ? "/v1/chat/completions" : "/v1/completions", UriKind.Relative), body).ConfigureAwait(false);
            answered += response.IsSuccessStatusCode ? 1 : 0;
        }

        return answered;
    }
}
