using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retort.Core;
using Retort.Inference.Serving;

namespace Retort.Server.Api;

/// <summary>An answer that is an error, in OpenAI's shape: <c>{"error": {message, type, param, code}}</c>.</summary>
internal sealed class ApiError(int status, string message, string? param = null, string? code = null) : Exception(message)
{
    public int Status => status;

    public TimeSpan? RetryAfter { get; init; }

    private string Type => status switch
    {
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>A field of the body is wrong.</summary>
    public static ApiError Field(string name, string message, string? code = null) => new(400, message, name, code);

    /// <summary>What a failure looks like from outside; whatever is not expected says nothing of itself.</summary>
    public static ApiError Of(Exception fault) => fault switch
    {
        ApiError error => error,
        QueueFullException full => new ApiError(429, $"The queue is full: {full.Message}.", code: "queue_full") { RetryAfter = full.RetryAfter },
        HostStoppedException => new ApiError(503, "The server is shutting down.", code: "shutting_down"),
        EngineFailedException => new ApiError(500, "The engine failed; see the server's output.", code: "engine_failed"),
        UserError { ExitCode: 2 } wrong => new ApiError(400, wrong.Message),
        BadHttpRequestException bad => OfStatus(bad.StatusCode),
        _ => new ApiError(500, "The server made a mistake.", code: "internal_error"),
    };

    /// <summary>What Kestrel refuses, by its status.</summary>
    public static ApiError OfStatus(int status) => status switch
    {
        408 => new ApiError(status, "The request came too slowly.", code: "timeout"),
        413 => new ApiError(status, "The body is too large.", code: "body_too_large"),
        414 => new ApiError(status, "The address is too long.", code: "address_too_long"),
        431 => new ApiError(status, "The headers are too long or too many.", code: "headers_too_large"),
        505 => new ApiError(status, "This version of HTTP is not spoken here; expected HTTP/1.1.", code: "http_version"),
        _ => new ApiError(status, "The request is not well-formed HTTP.", code: "bad_request"),
    };

    /// <summary>As the whole response.</summary>
    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        }

        if (status is 401)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        using (var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(json);
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted).ConfigureAwait(false);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Type);
        json.WriteString("param", param);
        json.WriteString("code", code);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
