using System.Text.Json;
using System.Text.Unicode;
using Retort.Core;

namespace Retort.Server.Api;

/// <summary>The fields of a JSON object from outside. A field that is null counts as absent; one of the wrong type is an error that names it.</summary>
internal readonly struct JsonFields
{
    private const int MaxDepth = 16;

    private readonly JsonElement element;
    private readonly string path;

    private JsonFields(JsonElement element, string path) => (this.element, this.path) = (element, path);

    /// <summary>Parses a body: one object, strict JSON, valid UTF-8, no name twice.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            throw new ApiError(400, "The body is not valid UTF-8.", code: "invalid_utf8");
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            JsonStrings.DecodeAll(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document
                : throw new ApiError(400, "The body is not a JSON object.", code: "invalid_json");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ApiError)
        {
            document?.Dispose();
            throw fault is ApiError ? fault : new ApiError(400, Complaint(body, fault), code: "invalid_json");
        }
    }

    public static JsonFields Of(JsonElement element, string path = "") => element.ValueKind == JsonValueKind.Object
        ? new JsonFields(element, path)
        : throw ApiError.Field(path, $"'{path}' is {Name(element)}; expected an object.", "invalid_type");

    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    public JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Names of the fields that are there.</summary>
    public IEnumerable<string> Names() => element.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).Select(field => field.Name);

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw WrongType(name, value, "a string");

    public bool? Bool(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw WrongType(name, value, "true or false");

    public long? Whole(string name, long min, long max)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            && number >= min && number <= max ? number
            : throw (value.ValueKind == JsonValueKind.Number
                ? OutOfRange(name, value, FormattableString.Invariant($"a whole number, {min} to {max}")) : WrongType(name, value, "a whole number"));
    }

    public float? Real(string name, Predicate<float> allows, string expected)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind != JsonValueKind.Number ? throw WrongType(name, value, "a number")
            : value.TryGetSingle(out var number) && float.IsFinite(number) && allows(number) ? number
            : throw OutOfRange(name, value, expected);
    }

    public ApiError WrongType(string name, JsonElement value, string expected) =>
        ApiError.Field(PathOf(name), $"'{PathOf(name)}' is {Name(value)}; expected {expected}.", "invalid_type");

    public ApiError OutOfRange(string name, JsonElement value, string expected) =>
        ApiError.Field(PathOf(name), $"'{PathOf(name)}' is {Shortened(value.GetRawText())}; expected {expected}.", "invalid_value");

    private static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40] + "...";

    /// <summary>Instead of the parser's message, which speaks of its own settings: what is wrong, or the place of the first wrong character.</summary>
    private static string Complaint(ReadOnlyMemory<byte> body, Exception fault)
    {
        return body.IsEmpty ? "The body is empty; expected a JSON object."
            : fault is not JsonException json ? "The body is not valid JSON: a string holds half of a surrogate pair."
            : GivenTwice() is { } name ? $"'{Shortened(name)}' is given twice."
            : FormattableString.Invariant($"The body is not valid JSON: line {json.LineNumber + 1 ?? 1}, byte {json.BytePositionInLine ?? 0}.");

        string? GivenTwice()
        {
            try
            {
                using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
                return Twice(document.RootElement);
            }
            catch (Exception other) when (other is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        static string? Twice(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().GroupBy(field => field.Name).FirstOrDefault(fields => fields.Skip(1).Any())?.Key
                ?? element.EnumerateObject().Select(field => Twice(field.Value)).FirstOrDefault(name => name is not null),
            JsonValueKind.Array => element.EnumerateArray().Select(Twice).FirstOrDefault(name => name is not null),
            _ => null,
        };
    }
}
