using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retort.Cli;

/// <summary>Objects as JSON a person can read: camelCase, indented, letters as letters.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Options);
}
