using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Retort.Core;
using Retort.Inference.Serving;
using Retort.Server.Api;

namespace Retort.Server;

/// <summary>
/// OpenAI's HTTP interface over an engine: /v1/models, /v1/completions, /v1/chat/completions, and /health and /metrics, which need no
/// key. Nothing of the surroundings (environment, files) configures it.
/// </summary>
public sealed class RetortServer : IAsyncDisposable
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    private readonly WebApplication app;
    private readonly EngineHost host;
    private readonly MeterProvider metrics;
    private readonly TracerProvider? traces;
    private readonly LostTraces? lostTraces;

    private RetortServer(WebApplication app, EngineHost host, ServedModel model, ServerOptions options)
    {
        (this.app, this.host, metrics) = (app, host, MetricsEndpoint.CreateProvider(host.Meter, model.Name));
        if (options.TraceEndpoint is { } collector)
        {
            traces = CreateTraces(collector, model);
            lostTraces = options.Warn is { } warn ? new LostTraces(collector, warn) : null;
        }
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Begins to listen. An address that cannot be listened at is a <see cref="UserError"/>.</summary>
    public static async Task<RetortServer> StartAsync(EngineHost host, ServedModel model, ServerOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(settings => settings.ShutdownTimeout = ShutdownTimeout);
        var app = builder.Build();
        var server = new RetortServer(app, host, model, options);
        try
        {
            server.Map(model, options);
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            if (fault is IOException { InnerException: AddressInUseException } or AddressInUseException or SocketException)
            {
                throw UserError.Request("serve", $"cannot listen at {options.Host}:{options.Port} ({fault.Message.TrimEnd('.')})", "an address of this machine and a free --port");
            }

            throw;
        }

        server.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>Refuses new requests with 503, lets the others end, then closes. <paramref name="abort"/> ends them instead.</summary>
    public async Task StopAsync(CancellationToken abort = default)
    {
        await host.StopAsync(abort).ConfigureAwait(false);
        await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Closes at once; the engine is its owner's.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        metrics.Dispose();
        // What is left is sent first, and may be lost.
        traces?.Dispose();
        lostTraces?.Dispose();
    }

    private static void Limit(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(options.Host, options.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(RefusalPipe.Use);
        });
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
        limits.MaxRequestHeaderCount = options.MaxHeaders;
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.RequestHeadersTimeout = options.HeaderTimeout;
        limits.KeepAliveTimeout = options.KeepAliveTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(options.MinBytesPerSecond, options.SlowGrace);
        limits.MinResponseDataRate = new MinDataRate(options.MinBytesPerSecond, options.SlowGrace);
    }

    private static TracerProvider CreateTraces(Uri collector, ServedModel model) => Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(resource => resource.AddService("retort").AddAttributes([new("model_name", model.Name)]))
        .AddSource(GenerationTrace.SourceName)
        .AddOtlpExporter(exporter => exporter.Endpoint = collector)
        .Build();

    private void Map(ServedModel model, ServerOptions options)
    {
        var (keys, generation) = (new ApiKeys(options.ApiKeys), new GenerationEndpoint(host, model, options));
        var created = host.Time.GetUtcNow().ToUnixTimeSeconds();
        app.Use((context, next) => GuardAsync(context, next, keys, options));
        MetricsEndpoint.Use(app, metrics);
        app.MapMethods("/health", Reading, context => WriteAsync(context, json =>
        {
            context.Response.StatusCode = host.IsAccepting ? 200 : 503;
            json.WriteStartObject();
            json.WriteString("status", host.IsAccepting ? "ok" : host.Fault is null ? "draining" : "failed");
            json.WriteEndObject();
        }));
        app.MapMethods("/v1/models", Reading, context => WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            WriteModel(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }));
        app.MapMethods("/v1/models/{**id}", Reading, context => context.Request.RouteValues["id"] as string == model.Name ? WriteAsync(context, WriteModel)
            : throw new ApiError(404, $"The model '{context.Request.RouteValues["id"]}' does not exist; this server has '{model.Name}'.", "model", "model_not_found"));
        app.MapPost("/v1/completions", context => generation.HandleAsync(context, isChat: false));
        app.MapPost("/v1/chat/completions", context => generation.HandleAsync(context, isChat: true));

        void WriteModel(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("id", model.Name);
            json.WriteString("object", "model");
            json.WriteNumber("created", created);
            json.WriteString("owned_by", "retort");
            json.WriteNumber("max_model_len", host.MaxLength);
            json.WriteEndObject();
        }
    }

    /// <summary>Keys first; whatever goes wrong further in leaves in OpenAI's shape and without a word of how.</summary>
    private static async Task GuardAsync(HttpContext context, RequestDelegate next, ApiKeys keys, ServerOptions options)
    {
        try
        {
            if (context.Request.Path != "/health" && context.Request.Path != MetricsEndpoint.Path)
            {
                keys.Demand(context.Request);
            }

            await next(context).ConfigureAwait(false);
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405)
            {
                throw context.Response.StatusCode == 404
                    ? new ApiError(404, "There is nothing at this address.", code: "unknown_url")
                    : new ApiError(405, $"{context.Request.Method} is not allowed here.", code: "method_not_allowed");
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException || context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: there is nobody to tell.
        }
#pragma warning disable CA1031 // The boundary: a client never sees an exception.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var error = ApiError.Of(fault);
            if (error.Status == 500)
            {
                options.Complain?.Invoke(fault);
            }

            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            await error.WriteAsync(context.Response).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            write(json);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
