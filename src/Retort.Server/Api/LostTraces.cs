using System.Diagnostics.Tracing;
using System.Globalization;

namespace Retort.Server.Api;

/// <summary>
/// Says in one line, once, that traces do not reach their collector. The exporter tells its failures only to an event source, one for the
/// whole process: those count that name this collector.
/// </summary>
internal sealed class LostTraces(Uri collector, Action<string> warn) : EventListener
{
    private const string Exporter = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    // Set before the base class's constructor, which calls what is below.
    private readonly Uri collector = collector;
    private readonly Action<string> warn = warn;
    private int hasWarned;

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Exporter)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Payload is [string address, ..] && Uri.TryCreate(address, UriKind.Absolute, out var sentTo)
            && sentTo.Authority == collector.Authority && Interlocked.Exchange(ref hasWarned, 1) == 0)
        {
            var causes = eventData.Payload.Skip(1).Select(Cause).Where(cause => cause.Length > 0).DefaultIfEmpty(eventData.EventName!);
            warn($"traces do not reach {collector.OriginalString}: {string.Join(", ", causes)}; later losses are not told");
        }
    }

    /// <summary>Of an exception's text its message, of any other its first line.</summary>
    private static string Cause(object? payload)
    {
        const string type = "Exception: ";
        var line = Convert.ToString(payload, CultureInfo.InvariantCulture)!.Split('\n')[0].Trim().TrimEnd('.');
        return line.IndexOf(type, StringComparison.Ordinal) is >= 0 and var at ? line[(at + type.Length)..] : line;
    }
}
