using System.Text.Json;
using Retort.Core;

namespace Retort.Cli;

/// <summary>Problems as JSON lines, for tasks whose prompt says all there is to say of a problem.</summary>
internal static class PromptLines
{
    private const int ItemsPerChunk = 512;
    private const string Expected = "objects with \"prompt\", one a line";

    /// <summary>The "prompt" of each line, and where it stands; at most so many.</summary>
    public static List<(string Text, string Where)> Read(string path, int? most)
    {
        var prompts = new List<(string, string)>();
        foreach (var line in InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue))
        {
            if (!line.Fields.TryGetProperty("prompt", out var prompt) || prompt.ValueKind != JsonValueKind.String)
            {
                throw UserError.Request(line.Where, "has no \"prompt\"", Expected);
            }

            prompts.Add((prompt.GetString()!, line.Where));
        }

        return prompts;
    }

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
