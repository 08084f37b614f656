using System.Text.Json;

namespace Retort.Core;

/// <summary>The strings of a parsed JSON document.</summary>
public static class JsonStrings
{
    /// <summary>
    /// The parser leaves bytes that are no UTF-8 and halves of surrogate pairs in strings to whoever asks for them; asking
    /// for all of them here means nobody meets them later.
    /// </summary>
    public static void DecodeAll(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var item in element.EnumerateObject())
                {
                    _ = item.Name;
                    DecodeAll(item.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    DecodeAll(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
