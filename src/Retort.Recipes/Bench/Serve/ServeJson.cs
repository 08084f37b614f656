using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retort.Recipes.Bench.Serve;

/// <summary>snake_case on one line; what is not known is null, so that every object has the same fields.</summary>
internal static class ServeJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
