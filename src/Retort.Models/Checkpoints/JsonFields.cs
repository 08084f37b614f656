using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary>One JSON object of a file, whose fields are read with errors that name file, field, value and what was expected.</summary>
internal readonly struct JsonFields
{
    private const int MaxFileBytes = 256 << 20;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    private readonly JsonElement element;

    public JsonFields(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw UserError.Request(where, $"is {Show(element)}", "a JSON object");
        }

        (this.element, Where) = (element, where);
    }

    /// <summary>The file and the path inside it.</summary>
    public string Where { get; }

    public IEnumerable<string> Names => element.EnumerateObject().Select(item => item.Name);

    public JsonElement.ObjectEnumerator Fields => element.EnumerateObject();

    /// <summary>Parses a whole file; its fields stay valid after the call.</summary>
    public static JsonFields OfFile(string path)
    {
        byte[] bytes;
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaxFileBytes)
            {
                throw UserError.Request(path, $"has {length:N0} bytes", $"a JSON file of at most {MaxFileBytes:N0} bytes");
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "a file of a checkpoint in the Hugging Face layout");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", "a readable file", fault);
        }

        return OfBytes(bytes, path);
    }

    public static JsonFields OfBytes(ReadOnlyMemory<byte> bytes, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            JsonStrings.DecodeAll(document.RootElement);
            return new JsonFields(document.RootElement.Clone(), where);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw UserError.Request(where, $"is not well-formed JSON ({fault.Message})", "a JSON object");
        }
    }

    /// <summary>The field, unless it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement Require(string name) => Find(name)
        ?? throw UserError.Request(Where, $"has no field '{name}'", null, NearestName.Of(name, Names));

    public int RequireInt(string name) => AsInt(name, Require(name));

    public int? FindInt(string name) => Find(name) is { } value ? AsInt(name, value) : null;

    public string RequireText(string name) => AsText(name, Require(name));

    public string? FindText(string name) => Find(name) is { } value ? AsText(name, value) : null;

    public bool? FindBool(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, value, "true or false");

    public double? FindNumber(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number
        : throw Wrong(name, value, "a number");

    public JsonFields? FindObject(string name) =>
        Find(name) is { } value ? new JsonFields(value, $"{Where}: {name}") : null;

    public JsonFields RequireObject(string name) => new(Require(name), $"{Where}: {name}");

    public IEnumerable<JsonElement> FindArray(string name) => Find(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw Wrong(name, value, "a JSON array");

    /// <summary>Refuses every field outside <paramref name="known"/>.</summary>
    public void AllowOnly(params string[] known)
    {
        foreach (var name in Names)
        {
            if (!known.Contains(name))
            {
                throw UserError.Request(Where, $"has an unknown field '{name}'", string.Join(", ", known), NearestName.Of(name, known));
            }
        }
    }

    public UserError Wrong(string name, JsonElement value, string expected, string? nearest = null) =>
        UserError.Request($"{Where}: {name}", $"is {Show(value)}", expected, nearest);

    private int AsInt(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : throw Wrong(name, value, "a whole number");

    private string AsText(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, value, "a string");

    public static string Show(JsonElement value)
    {
        var raw = value.GetRawText();
        return raw.Length <= 60 ? raw : raw[..57] + "...";
    }
}
