using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Retort.Models.Tokenizers;

namespace Retort.Server.Api;

/// <summary>
/// Tokens as log-probabilities show them: their text; <c>bytes:\xNN...</c> where the bytes are only part of a character; a mark's own
/// name where they have none.
/// </summary>
internal sealed class TokenNames(ITokenizer tokenizer)
{
    private readonly ConcurrentDictionary<int, string> names = new();

    public string NameOf(int token) => names.GetOrAdd(token, Spell);

    /// <summary>Writes the UTF-8 bytes as an array of numbers; null for a mark.</summary>
    public void WriteBytes(Utf8JsonWriter json, int token)
    {
        if (tokenizer.IsSpecial(token))
        {
            json.WriteNull("bytes");
            return;
        }

        json.WriteStartArray("bytes");
        foreach (var value in tokenizer.TextBytes(token, continues: true))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    private string Spell(int token)
    {
        if (tokenizer.IsSpecial(token))
        {
            return tokenizer.TokenText(token);
        }

        var bytes = tokenizer.TextBytes(token, continues: true);
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var name = new StringBuilder("bytes:");
        foreach (var value in bytes)
        {
            name.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        return name.ToString();
    }
}
