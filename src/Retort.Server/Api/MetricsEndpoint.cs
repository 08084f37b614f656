using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Retort.Server.Api;

/// <summary>
/// /metrics: OpenTelemetry's Prometheus exporter, in Prometheus' text format. An instrument may have no colon in its name, but vLLM's
/// metrics do, so the exporter's <c>vllm_</c> and <c>retort_</c> at the beginning of a metric's name become <c>vllm:</c> and <c>retort:</c>.
/// </summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    private const string ModelLabel = "model_name";

    public static MeterProvider CreateProvider(Meter meter, string model) => Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(resource => resource.AddAttributes([new(ModelLabel, model)]))
        .AddMeter(meter.Name)
        // Another engine of this process has a meter of the same name.
        .AddView(instrument => ReferenceEquals(instrument.Meter, meter) ? null : MetricStreamConfiguration.Drop)
        .AddPrometheusExporter(options =>
        {
            (options.TargetInfoEnabled, options.ScopeInfoEnabled) = (false, false);
            options.ScrapeResponseCacheDurationMilliseconds = 0;
            options.ResourceConstantLabels = name => name == ModelLabel;
        })
        .Build();

    public static void Use(IApplicationBuilder app, MeterProvider provider)
    {
        app.UseWhen(context => context.Request.Path == Path, branch =>
        {
            branch.Use(RenameAsync);
            branch.UseOpenTelemetryPrometheusScrapingEndpoint(provider, null, Path, null, null);
        });
    }

    private static async Task RenameAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = 405;
            return;
        }

        context.Request.Headers.Accept = "text/plain; version=0.0.4";
        context.Request.Headers.AcceptEncoding = default;
        var output = context.Response.Body;
        using var exported = new MemoryStream();
        context.Response.Body = exported;
        await next(context).ConfigureAwait(false);
        context.Response.Body = output;
        var text = Encoding.UTF8.GetString(exported.GetBuffer(), 0, (int)exported.Length);
        var renamed = Encoding.UTF8.GetBytes(string.Join('\n', text.Split('\n').Select(Rename)));
        context.Response.ContentLength = renamed.Length;
        await output.WriteAsync(renamed, context.RequestAborted).ConfigureAwait(false);
    }

    private static string Rename(string line)
    {
        foreach (var lead in (string[])["", "# TYPE ", "# HELP "])
        {
            foreach (var family in (string[])["vllm", "retort"])
            {
                if (line.StartsWith($"{lead}{family}_", StringComparison.Ordinal))
                {
                    return $"{lead}{family}:{line[(lead.Length + family.Length + 1)..]}";
                }
            }
        }

        return line;
    }
}
