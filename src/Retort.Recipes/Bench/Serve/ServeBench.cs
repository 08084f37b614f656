using System.Net.Http.Headers;
using System.Text.Json;
using Retort.Core;

namespace Retort.Recipes.Bench.Serve;

/// <summary>What a run gave.</summary>
/// <param name="Result">Summed up.</param>
/// <param name="Outcomes">Request by request, in the order they were due.</param>
public sealed record ServeRun(ServeResult Result, IReadOnlyList<ServeOutcome> Outcomes);

/// <summary>An open-loop load generator for any server that speaks OpenAI's completions or chat completions.</summary>
public sealed class ServeBench : IDisposable
{
    private const int WarmUpTokens = 4;
    private const double WarmUpSeconds = 0.005;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TimeProvider time;
    private readonly HttpClient load, control;
    private readonly CompletionClient client;
    private readonly ServerMetrics metrics;

    private ServeBench(ServeSettings settings, HttpClient load, HttpClient control, string model, TimeProvider time)
    {
        (this.load, this.control, this.time, Model) = (load, control, time, model);
        client = new CompletionClient(settings, model, load);
        metrics = new ServerMetrics(control, settings.Address, time);
    }

    /// <summary>The model's name at the server.</summary>
    public string Model { get; }

    /// <summary>
    /// Finds the model and sends <paramref name="first"/>, cut to a few tokens, outside every measurement: the connection, the
    /// just-in-time compiler and the server are warm then, and a wrong address, model, key or prompt is a <see cref="UserError"/> here.
    /// </summary>
    public static async Task<ServeBench> Open(ServeSettings settings, ServeRequest first, TimeProvider time, CancellationToken cancellation)
    {
        var (load, control) = (Client(settings, settings.MaxConnections), Client(settings, 2));
        try
        {
            var model = settings.Model ?? await FirstModel(control, settings, cancellation);
            var bench = new ServeBench(settings, load, control, model, time);
            await bench.WarmUp(first, cancellation);
            return bench;
        }
        catch
        {
            load.Dispose();
            control.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends the requests when they are due. Cancelling ends the run early, with what was measured until then as its result.
    /// </summary>
    /// <param name="requests">Ascending by due time.</param>
    /// <param name="rate">For the result.</param>
    /// <param name="ended">Called after each answer, by one thread at a time.</param>
    /// <param name="cancellation">Ends the run.</param>
    public async Task<ServeRun> Run(
        IReadOnlyList<ServeRequest> requests, double? rate, Action<ServeOutcome>? ended = null, CancellationToken cancellation = default)
    {
        var gate = new Lock();
        var (outcomes, use) = await metrics.Around(() =>
        {
            var clock = new RunClock(time);
            return OpenLoop.Run(requests, Send, clock, cancellation);

            async Task<ServeOutcome> Send(int index)
            {
                var outcome = await client.Send(index, requests[index], clock, cancellation);
                lock (gate)
                {
                    ended?.Invoke(outcome);
                }

                return outcome;
            }
        });
        return new ServeRun(ServeResult.Of(rate, outcomes, use), outcomes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        load.Dispose();
        control.Dispose();
    }

    private async Task WarmUp(ServeRequest first, CancellationToken cancellation)
    {
        // Due a little later, so that waiting is warm too.
        var request = first with { DueSeconds = WarmUpSeconds, MaxTokens = Math.Min(WarmUpTokens, first.MaxTokens) };
        var clock = new RunClock(time);
        var outcomes = await OpenLoop.Run([request], index => client.Send(index, request, clock, cancellation), clock, cancellation);
        cancellation.ThrowIfCancellationRequested();
        var outcome = outcomes[0];
        if (outcome.Status != ServeStatus.Done)
        {
            throw Refused(client.Endpoint, outcome.HttpStatus, outcome.Error!, "a model and a prompt that the server takes");
        }
    }

    private static async Task<string> FirstModel(HttpClient http, ServeSettings settings, CancellationToken cancellation)
    {
        const string Expected = "an OpenAI-compatible address, or --model NAME where models are not listed";
        var address = new Uri(settings.Address + "/v1/models");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await http.GetAsync(address, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw Refused(address, (int)response.StatusCode, await ErrorBody.Read(response, limit.Token), Expected);
            }

            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(limit.Token));
            return document.RootElement.GetProperty("data")[0].GetProperty("id").GetString() ?? throw new KeyNotFoundException();
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw Refused(address, null, fault.Message.TrimEnd('.'), "");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw UserError.Request(address.ToString(), "lists no model", Expected);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(address, null, FormattableString.Invariant($"no answer after {Patience.TotalSeconds} s"), "");
        }
    }

    /// <summary>A refusal as the user's mistake or as the environment's fault.</summary>
    private static UserError Refused(Uri address, int? status, string what, string expected) => status switch
    {
        401 or 403 => UserError.Request(address.ToString(), what, "--api-key KEY, or the key in OPENAI_API_KEY"),
        429 or >= 500 => UserError.Environment(address.ToString(), what, "a server that is ready"),
        null => UserError.Environment(address.ToString(), what, "a running OpenAI-compatible server"),
        < 400 => UserError.Environment(address.ToString(), what, "an answer streamed to its end"),
        _ => UserError.Request(address.ToString(), what, expected),
    };

    private static HttpClient Client(ServeSettings settings, int maxConnections)
    {
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = maxConnections,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy between a client and its own machine would be measured with the server.
            UseProxy = !new Uri(settings.Address).IsLoopback,
        };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = settings.ApiKey is null ? null : new AuthenticationHeaderValue("Bearer", settings.ApiKey);
        return http;
    }
}
