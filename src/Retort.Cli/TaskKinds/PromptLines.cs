using System.Text.Json;
using Retort.Core;

namespace Retort.Cli.TaskKinds;

/// <summary>Problems as JSON lines, for tasks whose prompt says all there is to say of a problem.</summary>
internal static class PromptLines
{
    private const int ItemsPerChunk = 512;
    private const string Expected = "objects with \"prompt\", one a line";

    /// <summary>A problem of each line's "prompt" and the place it stands at; at most so many.</summary>
    public static TItem[] Read<TItem>(string path, int? most, Func<string, string, TItem> read) =>
        [.. InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue).Select(line => read(
            TextOf(line.Fields) ?? throw UserError.Request(line.Where, "has no \"prompt\"", Expected), line.Where))];

    /// <summary>The "prompt" of an object, if it has one.</summary>
    public static string? TextOf(JsonElement fields) =>
        fields.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String ? prompt.GetString() : null;

    /// <summary>Writes lines 0 .. count-1, made on several threads: the same bytes for any number of them.</summary>
    public static void Write(
        string path, long count, int threads, Func<long, byte[]> line, Action<long> progress, CancellationToken cancellation) =>
        AtomicFile.Write(path, stream =>
        {
            for (var first = 0L; first < count; first += ItemsPerChunk)
            {
                var (begin, size) = (first, (int)Math.Min(ItemsPerChunk, count - first));
                foreach (var bytes in ParallelItems.Make(size, threads, i => line(begin + i), cancellation))
                {
                    stream.Write(bytes);
                    stream.WriteByte((byte)'\n');
                }

                progress(first + size);
            }
        });
}
