using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;

namespace Retort.Tasks.Answers;

/// <summary>
/// Problems from a file, graded by <see cref="AnswerRule"/>: a verifier, and so a reward, for whatever has an answer. The file is read
/// when the first problem is asked for; train problems begin anew when all have been seen, those of the other splits do not.
/// </summary>
public sealed class AnswerTask : ITask
{
    private const long MaxBytes = 1L << 30;
    private const int MaxQuoted = 60;
    private const string SplitField = "split";

    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<Dictionary<Split, TaskItem[]>> items;

    public AnswerTask(AnswerSettings settings)
    {
        Settings = settings;
        items = new(() => Read(settings.File).ToLookup(line => line.Split, line => line.Item).ToDictionary(group => group.Key, group => group.ToArray()));
    }

    /// <summary>The settings.</summary>
    public AnswerSettings Settings { get; }

    /// <inheritdoc/>
    public string Name => "answers";

    /// <inheritdoc/>
    public IReadOnlyList<string>? Vocabulary => null;

    /// <summary>Different problems of a split.</summary>
    public int Count(Split split) => items.Value.TryGetValue(split, out var list) ? list.Length : 0;

    /// <inheritdoc/>
    /// <exception cref="UserError">The file is none of problems with answers, or the split has no such problem.</exception>
    public TaskItem Create(Split split, long index)
    {
        var count = Count(split);
        return count > 0 && (split == Split.Train || index < count)
            ? items.Value[split][(int)(index % count)]
            : throw UserError.Request(
                Settings.File, $"has {count} problems of the split {split.ToString().ToLowerInvariant()}", count == 0 ? "at least one" : "at most that many to be asked for");
    }

    /// <inheritdoc/>
    public Verdict Verify(TaskItem item, string completion) => Settings.Rule.Grade(item.Answer, completion);

    /// <summary>The problems of a file, in its order; their identifiers are their places in it.</summary>
    public IReadOnlyList<(TaskItem Item, Split Split)> Read(string path)
    {
        var expected = $"objects with \"{Settings.PromptField}\" and \"{Settings.AnswerField}\", and if known \"{SplitField}\", one a line";
        var (lines, read) = (ReadLines(path, expected), new List<(TaskItem, Split)>());
        var (first, hasSplit) = ("", false);
        var seen = new Dictionary<string, (string Where, string Answer)>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var where = $"{path}:{i + 1}";
            using var document = Parse(lines[i], where, expected);
            var prompt = Text(document.RootElement, Settings.PromptField, where, expected);
            var answer = Text(document.RootElement, Settings.AnswerField, where, expected);
            if (Settings.Rule.Kind == AnswerKind.Number && AnswerRule.ReadReference(answer) is null)
            {
                throw UserError.Request(
                    where, $"\"{Settings.AnswerField}\" is {Quoted(AnswerText.Find(answer) ?? answer)}, which is not one number",
                    "a number with a unit if need be, with steps before it only where it is marked (#### 42), or task.rule.kind=text");
            }

            if (!seen.TryAdd(prompt, (where, answer)) && seen[prompt] is var before && !Same.Grade(before.Answer, answer).Correct)
            {
                throw UserError.Request(where, "asks what was asked before and answers otherwise", $"one answer to a prompt; {before.Where} has another");
            }

            var split = document.RootElement.TryGetProperty(SplitField, out var named);
            if (first.Length == 0)
            {
                (first, hasSplit) = (where, split);
            }

            if (split != hasSplit)
            {
                throw UserError.Request(where, $"has {(split ? "a" : "no")} \"{SplitField}\"", $"it on every line or on none; {first} has {(split ? "none" : "it")}");
            }

            read.Add((new TaskItem(where, prompt, answer), split ? Named(named, where) : TextTask.SplitOf(prompt)));
        }

        return read.Count > 0 ? read : throw UserError.Request(path, "holds nothing", expected);
    }

    private AnswerRule Same => Settings.Rule with { Tolerance = 0, NeedsNoMarker = true };

    private static Split Named(JsonElement name, string where)
    {
        foreach (var split in Enum.GetValues<Split>())
        {
            if (name.ValueKind == JsonValueKind.String && name.ValueEquals(split.ToString().ToLowerInvariant()))
            {
                return split;
            }
        }

        throw UserError.Request(where, $"\"{SplitField}\" is {name.GetRawText()}", "\"train\", \"validation\" or \"test\"");
    }

    /// <summary>A text, or a number as it is written.</summary>
    private static string Text(JsonElement line, string field, string where, string expected)
    {
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty(field, out var value))
        {
            throw UserError.Request(
                where, $"has no \"{field}\"", expected,
                line.ValueKind == JsonValueKind.Object ? NearestName.Of(field, line.EnumerateObject().Select(one => one.Name)) : null);
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String when value.GetString() is { Length: > 0 } text => text,
            JsonValueKind.String => throw UserError.Request(where, $"\"{field}\" is empty", "a text or a number"),
            var kind => throw UserError.Request(where, $"\"{field}\" is {kind.ToString().ToLowerInvariant()}", "a text or a number"),
        };
    }

    private static string Quoted(string text) =>
        JsonSerializer.Serialize(text.Length <= MaxQuoted ? text : string.Concat(text.AsSpan(0, MaxQuoted), "..."), AsWritten);

    private static JsonDocument Parse(string text, string where, string expected)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonStrings.DecodeAll(document.RootElement);
            return document;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            document?.Dispose();
            throw UserError.Request(where, $"is not JSON ({fault.Message.TrimEnd('.')})", expected);
        }
    }

    private static string[] ReadLines(string path, string expected)
    {
        if (path.Length == 0)
        {
            throw UserError.Request("task.file", "is not given", $"a file of {expected}");
        }

        try
        {
            return new FileInfo(path) is { Exists: true } file
                ? file.Length <= MaxBytes ? File.ReadAllLines(path, Encoding.UTF8) : throw UserError.Request(path, $"has {file.Length} bytes", $"at most {MaxBytes}")
                : throw UserError.Request(path, "no such file", $"a file of {expected}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }
    }
}
