using System.Text;
using System.Text.Json;

namespace Retort.Recipes.Bench.Serve;

/// <summary>What an answer that is no success says, in one line.</summary>
internal static class ErrorBody
{
    private const int MostBytes = 64 * 1024, MostShown = 200;

    /// <summary>"HTTP 404: the model does not exist".</summary>
    public static async Task<string> Read(HttpResponseMessage response, CancellationToken cancellation)
    {
        using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[MostBytes];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return $"HTTP {(int)response.StatusCode}{Message(buffer.AsMemory(0, read))}";
    }

    private static string Message(ReadOnlyMemory<byte> body)
    {
        string? message = null;
        try
        {
            using var document = JsonDocument.Parse(body);
            message = StreamChunk.ErrorIn(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not every server's errors are JSON; the text will do.
        }

        var words = (message ?? Encoding.UTF8.GetString(body.Span)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        message = string.Join(' ', words).TrimEnd('.');
        return message.Length == 0 ? "" : ": " + (message.Length > MostShown ? message[..MostShown] + "..." : message);
    }
}
