using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Retort.Core;

namespace Retort.Recipes.Bench.Serve;

/// <summary>Sends one request and measures its streamed answer. Whatever happens is an outcome; nothing is tried twice.</summary>
internal sealed class CompletionClient(ServeSettings settings, string model, HttpClient http)
{
    private readonly Uri endpoint = new(settings.Address + (settings.Chat ? "/v1/chat/completions" : "/v1/completions"));

    public Uri Endpoint => endpoint;

    public async Task<ServeOutcome> Send(int index, ServeRequest request, RunClock clock, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(settings.TimeoutSeconds));
        using var content = new TimedContent(Body(index, request), clock);
        var answer = new AnswerStream(clock);
        HttpResponseMessage? response = null;
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content };
            response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                var status = response.StatusCode == HttpStatusCode.TooManyRequests ? ServeStatus.Rejected : ServeStatus.Failed;
                return Outcome(status, await ErrorBody.Read(response, limit.Token));
            }

            if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            {
                return Outcome(ServeStatus.Failed, "the answer is not streamed as server-sent events");
            }

            await answer.Read(await response.Content.ReadAsStreamAsync(limit.Token), limit.Token);
            return Outcome(answer.Error is null ? ServeStatus.Done : ServeStatus.Failed, answer.Error);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return cancellation.IsCancellationRequested
                ? Outcome(ServeStatus.Unfinished, null)
                : Outcome(ServeStatus.Failed, FormattableString.Invariant($"no end after {settings.TimeoutSeconds} s"));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            return Outcome(ServeStatus.Failed, fault.Message.TrimEnd('.'));
        }
        finally
        {
            response?.Dispose();
        }

        ServeOutcome Outcome(ServeStatus status, string? error) => new()
        {
            Index = index,
            Status = status,
            DueSeconds = request.DueSeconds,
            SentSeconds = content.SentSeconds,
            ChunkSeconds = answer.ChunkSeconds,
            EndSeconds = clock.Seconds,
            PromptTokens = answer.PromptTokens,
            OutputTokens = answer.OutputTokens,
            FinishReason = answer.FinishReason,
            HttpStatus = (int?)response?.StatusCode,
            RetryAfterSeconds = response?.Headers.RetryAfter?.Delta?.TotalSeconds,
            Error = error,
        };
    }

    /// <summary>The request as JSON. Request i draws its seed from the stream (seed, "bench serve/sampling", i).</summary>
    private byte[] Body(int index, ServeRequest request)
    {
        var random = CounterRandom.For(settings.Seed, "bench serve/sampling", (ulong)index);
        var fields = new Dictionary<string, object>
        {
            ["model"] = model,
            ["max_tokens"] = request.MaxTokens,
            ["seed"] = random.NextInt32(int.MaxValue),
            ["stream"] = true,
            ["stream_options"] = new Dictionary<string, bool> { ["include_usage"] = true },
        };
        if (settings.Chat)
        {
            fields["messages"] = new[] { new Dictionary<string, string> { ["role"] = "user", ["content"] = request.Prompt } };
        }
        else
        {
            fields["prompt"] = request.Prompt;
        }

        if (settings.Temperature is { } temperature)
        {
            fields["temperature"] = temperature;
        }

        if (settings.IgnoreEos)
        {
            fields["ignore_eos"] = true;
        }

        return JsonSerializer.SerializeToUtf8Bytes(fields);
    }

    /// <summary>A body that notes when it goes into an open connection: waiting for one is the client's lateness.</summary>
    private sealed class TimedContent : HttpContent
    {
        private readonly byte[] body;
        private readonly RunClock clock;

        public TimedContent(byte[] body, RunClock clock)
        {
            (this.body, this.clock) = (body, clock);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public double? SentSeconds { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            SentSeconds = clock.Seconds;
            return stream.WriteAsync(body, cancellationToken).AsTask();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
