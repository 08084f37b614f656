using System.Text;
using System.Text.Json;
using Retort.Core;

namespace Retort.Cli;

/// <summary>One line of a file of JSON objects.</summary>
/// <param name="Where">"FILE:LINE", for messages.</param>
/// <param name="Fields">The object.</param>
internal readonly record struct JsonLine(string Where, JsonElement Fields);

/// <summary>Files a user hands in: UTF-8 text, read whole. Every mistake is a <see cref="UserError"/>.</summary>
internal static class InputFile
{
    private const long MaxBytes = 1L << 30;

    /// <summary>The lines; a byte-order mark and Windows line ends do no harm.</summary>
    public static string[] ReadLines(string path, string expected)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw UserError.Request(path, "is a folder", expected);
            }

            if (new FileInfo(path).Length is > MaxBytes and var length)
            {
                throw UserError.Request(path, $"has {length} bytes", $"at most {MaxBytes}");
            }

            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
            var lines = text.Split('\n');
            return [.. (lines[^1].Length == 0 ? lines[..^1] : lines).Select(line => line.TrimEnd('\r'))];
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException or ArgumentException and not DecoderFallbackException)
        {
            throw UserError.Request(path, "no such file", expected);
        }
        catch (DecoderFallbackException)
        {
            throw UserError.Request(path, "is not UTF-8 text", expected);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }

    /// <summary>Objects, one a line; blank lines are skipped.</summary>
    public static IReadOnlyList<JsonLine> ReadObjects(string path, string expected) =>
        [.. EachObject(path, expected).Select(line => line with { Fields = line.Fields.Clone() })];

    /// <summary>As <see cref="ReadObjects"/>, one by one: an object is gone when the next is read.</summary>
    public static IEnumerable<JsonLine> EachObject(string path, string expected)
    {
        var (lines, isEmpty) = (ReadLines(path, expected), true);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!string.IsNullOrWhiteSpace(lines[i]))
            {
                var where = $"{path}:{i + 1}";
                using var document = Parse(lines[i], where, expected);
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                {
                    throw UserError.Request(where, $"is a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()}", expected);
                }

                isEmpty = false;
                yield return new(where, document.RootElement);
            }
        }

        if (isEmpty)
        {
            throw UserError.Request(path, "holds nothing", expected);
        }
    }

    /// <summary>A whole file as one JSON value.</summary>
    public static JsonDocument ReadDocument(string path, string expected) => Parse(string.Join('\n', ReadLines(path, expected)), path, expected);

    private static JsonDocument Parse(string text, string where, string expected)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(text);
            JsonStrings.DecodeAll(document.RootElement);
            return document;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            document?.Dispose();
            throw UserError.Request(where, $"is not JSON ({fault.Message.TrimEnd('.')})", expected);
        }
    }

    /// <summary>Does work on something read from <paramref name="where"/>, which its complaints then begin with.</summary>
    public static T At<T>(string where, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UserError fault) when (fault.ExitCode == 2)
        {
            throw UserError.Request(where, fault.Message);
        }
    }
}
