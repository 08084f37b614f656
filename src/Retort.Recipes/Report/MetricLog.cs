using System.Buffers;
using System.Text;
using System.Text.Json;
using Retort.Core;

namespace Retort.Recipes.Report;

/// <summary>A named number of a step.</summary>
public readonly record struct Metric(string Name, double Value);

/// <summary>Named counts of a step, such as a histogram's.</summary>
public readonly record struct MetricCounts(string Name, int[] Counts);

/// <summary>A file of lines that only grows; each line reaches the system before the next is begun.</summary>
internal sealed class MetricLog : IDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Utf8JsonWriter json;
    private readonly FileStream stream;
    private readonly string path;

    public MetricLog(string path)
    {
        this.path = path;
        json = new(buffer);
        stream = Guarded(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            file.SetLength(EndOfLastLine(file));
            file.Seek(0, SeekOrigin.End);
            return file;
        });
    }

    public void Append(string phase, long step, ReadOnlySpan<Metric> values, ReadOnlySpan<MetricCounts> counts = default)
    {
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        json.WriteString("phase", phase);
        json.WriteNumber("step", step);
        foreach (var (name, value) in values)
        {
            if (double.IsFinite(value))
            {
                json.WriteNumber(name, value);
            }
            else
            {
                json.WriteNull(name);
            }
        }

        foreach (var (name, numbers) in counts)
        {
            json.WriteStartArray(name);
            foreach (var number in numbers)
            {
                json.WriteNumberValue(number);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
        Write();
    }

    public void AppendLine(string line)
    {
        buffer.ResetWrittenCount();
        Encoding.UTF8.GetBytes(line + "\n", buffer);
        Write();
    }

    /// <summary>Leaves out the phase's lines after a step and a torn last line; the file is replaced atomically.</summary>
    public static void Truncate(string path, string phase, long lastStep)
    {
        if (!File.Exists(path))
        {
            return;
        }

        var kept = new StringBuilder();
        foreach (var line in RunFolder.Read(path).Split('\n')[..^1])
        {
            if (!IsAfter(line, phase, lastStep))
            {
                kept.Append(line).Append('\n');
            }
        }

        AtomicFile.WriteText(path, kept.ToString());
    }

    public void Dispose()
    {
        json.Dispose();
        stream.Dispose();
    }

    private static bool IsAfter(string line, string phase, long lastStep)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            return root.GetProperty("phase").GetString() == phase && root.GetProperty("step").GetInt64() > lastStep;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not a line of ours: nothing to forget in it.
            return false;
        }
    }

    private static long EndOfLastLine(FileStream file)
    {
        var chunk = new byte[4096];
        for (var end = file.Length; end > 0;)
        {
            var start = Math.Max(0, end - chunk.Length);
            var part = chunk.AsSpan(0, (int)(end - start));
            file.Seek(start, SeekOrigin.Begin);
            file.ReadExactly(part);
            if (part.LastIndexOf((byte)'\n') is >= 0 and var at)
            {
                return start + at + 1;
            }

            end = start;
        }

        return 0;
    }

    private void Write()
    {
        try
        {
            stream.Write(buffer.WrittenSpan);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, fault);
        }
    }

    private static FileStream Guarded(string path, Func<FileStream> open)
    {
        try
        {
            return open();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, fault);
        }
    }

    private static UserError Unwritable(string path, Exception fault) =>
        UserError.Environment(path, $"cannot be written ({fault.Message})", "a writable folder with room", fault);
}
