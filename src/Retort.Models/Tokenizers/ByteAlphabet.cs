using System.Text;

namespace Retort.Models.Tokenizers;

/// <summary>
/// GPT-2's alphabet of 256 printable characters, one for each byte: bytes that print in Latin-1 stand for themselves, the
/// others, in ascending order, are U+0100, U+0101, ... (so a space is U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharByByte = Build();

    private static readonly Dictionary<char, byte> ByteByChar =
        Enumerable.Range(0, 256).ToDictionary(value => CharByByte[value], value => (byte)value);

    /// <summary>The characters of a text's UTF-8 bytes; half of a surrogate pair counts as U+FFFD.</summary>
    public static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(value => CharByByte[value]));

    /// <summary>The bytes a token spells; null if one of its characters is not of the alphabet.</summary>
    public static byte[]? Decode(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!ByteByChar.TryGetValue(token[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] Build()
    {
        var (alphabet, numHidden) = (new char[256], 0);
        for (var value = 0; value < alphabet.Length; value++)
        {
            var prints = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            alphabet[value] = (char)(prints ? value : 0x100 + numHidden++);
        }

        return alphabet;
    }
}
