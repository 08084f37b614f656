using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Retort.Server.Tests;

/// <summary>Traces on their way to a collector.</summary>
public sealed class TraceExportTests
{
    private static readonly object Question = new { model = "tiny", prompt = "abc", max_tokens = 3 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_served_request_reaches_the_collector_and_nothing_is_said()
    {
        var bodies = new ConcurrentQueue<string>();
        await using var collector = await CollectorAsync(async context =>
        {
            using var body = new StreamReader(context.Request.Body, System.Text.Encoding.Latin1);
            bodies.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Request.ContentType} {await body.ReadToEndAsync(Cancellation)}");
            context.Response.ContentType = "application/grpc";
            // An empty message: five bytes of frame.
            await context.Response.BodyWriter.WriteAsync(new byte[5], Cancellation);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        var warnings = new ConcurrentQueue<string>();
        await ServeAsync(new Uri(collector.Urls.First()), warnings, numRequests: 1);
        // Servers of other tests share the source, so there may be more spans than one.
        Assert.All(bodies, body => Assert.StartsWith(
            "POST /opentelemetry.proto.collector.trace.v1.TraceService/Export application/grpc", body, StringComparison.Ordinal));
        Assert.Contains(bodies, body => body.Contains("text_completion tiny", StringComparison.Ordinal));
        Assert.Empty(warnings);
    }

    [Fact]
    public async Task A_collector_that_cannot_be_reached_is_told_in_one_line_however_many_batches_are_lost()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        var closed = new Uri($"http://{port.LocalEndpoint}");
        port.Stop();
        var warnings = new ConcurrentQueue<string>();
        // More than one batch holds: 512.
        await ServeAsync(closed, warnings, numRequests: 600);
        var warning = Assert.Single(warnings);
        Assert.StartsWith($"traces do not reach {closed.OriginalString}: ", warning, StringComparison.Ordinal);
        Assert.EndsWith($" ({closed.Authority}); later losses are not told", warning, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', warning);
    }

    [Fact]
    public async Task A_collector_that_refuses_is_told_too()
    {
        await using var collector = await CollectorAsync(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        var warnings = new ConcurrentQueue<string>();
        await ServeAsync(new Uri(collector.Urls.First()), warnings, numRequests: 1);
        var warning = Assert.Single(warnings);
        Assert.StartsWith($"traces do not reach {collector.Urls.First()}: ", warning, StringComparison.Ordinal);
        Assert.Contains("404 (Not Found); ", warning, StringComparison.Ordinal);
    }

    private static async Task ServeAsync(Uri collector, ConcurrentQueue<string> warnings, int numRequests)
    {
        await using var live = await LiveServer.StartAsync(new ServerOptions { TraceEndpoint = collector, Warn = warnings.Enqueue });
        for (var i = 0; i < numRequests; i++)
        {
            await live.AskAsync("/v1/completions", Question);
        }
    }

    private static async Task<WebApplication> CollectorAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(Cancellation);
        return app;
    }
}
