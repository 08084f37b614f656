using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;
using Retort.Core;

namespace Retort.Models.Tokenizers;

/// <summary>What a byte-pair encoding does with a character its vocabulary lacks.</summary>
/// <param name="ByteFallback">Its UTF-8 bytes become the tokens &lt;0x00&gt; .. &lt;0xFF&gt;.</param>
/// <param name="Unknown">Otherwise this token; null: an error.</param>
/// <param name="FuseUnknown">Neighbouring unknown characters become one token.</param>
internal sealed record BpeFallback(bool ByteFallback, string? Unknown, bool FuseUnknown);

/// <summary>
/// Byte-pair encoding of one piece of text: merges, lowest rank first, leftmost first. The merging is
/// Microsoft.ML.Tokenizers'; it drops characters it does not know and separates the parts of a merge by a space, so each piece is
/// first spelled in symbols it knows: private characters stand for a space, for a fallback byte and for the unknown.
/// </summary>
internal sealed class BpeEngine
{
    // Plane 16 is private use. A vocabulary that uses these is refused; in a text they are characters like any missing one.
    private const int SpaceSymbol = 0x10F000, FirstByteSymbol = 0x10F100, UnknownSymbol = 0x10F200;

    private readonly BpeTokenizer merger;
    private readonly IReadOnlyDictionary<string, int> vocabulary;
    private readonly BpeFallback fallback;
    private readonly int[] idOfByte = [];
    private readonly int? unknownId;
    private readonly int firstByteId, unknownProxyId;
    private readonly char? cutBefore;

    /// <param name="vocabulary">Tokens with different ids.</param>
    /// <param name="merges">Pairs in ascending rank.</param>
    /// <param name="fallback">For characters the vocabulary lacks.</param>
    /// <param name="wordStart">
    /// A character that words begin with. If no merge joins it to something on its left, text is cut before it: the same tokens, sooner.
    /// </param>
    /// <param name="where">Names the file in errors.</param>
    public BpeEngine(
        IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeFallback fallback,
        char? wordStart, string where)
    {
        (this.vocabulary, this.fallback) = (vocabulary, fallback);
        CheckMerges(vocabulary, merges, fallback, where);
        firstByteId = vocabulary.Values.Max() + 1;
        unknownProxyId = firstByteId + 256;
        var symbols = vocabulary.ToDictionary(pair => Spell(pair.Key), pair => pair.Value);
        if (fallback.ByteFallback)
        {
            idOfByte = new int[256];
            for (var value = 0; value < idOfByte.Length; value++)
            {
                var token = ByteToken(value);
                idOfByte[value] = vocabulary.TryGetValue(token, out var id) ? id
                    : throw UserError.Request(where, $"falls back to bytes but has no token {token}", "all of <0x00> .. <0xFF>");
                symbols.Add(char.ConvertFromUtf32(FirstByteSymbol + value), firstByteId + value);
            }
        }

        if (fallback.Unknown is { } unknown)
        {
            unknownId = vocabulary.TryGetValue(unknown, out var id) ? id
                : throw UserError.Request(where, $"has no token '{unknown}', which its unk_token names", "a token of the vocabulary");
            symbols.Add(char.ConvertFromUtf32(UnknownSymbol), unknownProxyId);
        }

        merger = BpeTokenizer.Create(new BpeOptions(symbols)
        {
            Merges = merges.Select(merge => $"{Spell(merge.Left)} {Spell(merge.Right)}"),
        });
        if (wordStart is { } start && vocabulary.ContainsKey(start.ToString())
            && !merges.Any(merge => HasCut(merge.Left + merge.Right, start)))
        {
            cutBefore = start;
        }
    }

    /// <summary>The name of a byte's fallback token.</summary>
    public static string ByteToken(int value) => $"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>";

    /// <summary>Appends the tokens of a piece.</summary>
    public void Encode(string piece, List<int> tokens)
    {
        var start = 0;
        for (var end = 1; end <= piece.Length; end++)
        {
            if (end == piece.Length || (piece[end] == cutBefore && piece[end - 1] != cutBefore))
            {
                EncodePart(piece.AsSpan(start, end - start), tokens);
                start = end;
            }
        }
    }

    private void EncodePart(ReadOnlySpan<char> part, List<int> tokens)
    {
        foreach (var id in merger.EncodeToIds(Symbols(part), considerPreTokenization: false, considerNormalization: false))
        {
            tokens.Add(id < firstByteId ? id : id < unknownProxyId ? idOfByte[id - firstByteId] : unknownId!.Value);
        }
    }

    private string Symbols(ReadOnlySpan<char> part)
    {
        var symbols = new StringBuilder(part.Length);
        var afterUnknown = false;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in part.EnumerateRunes())
        {
            var text = rune.ToString();
            var known = vocabulary.ContainsKey(text);
            if (known)
            {
                symbols.Append(Spell(text));
            }
            else if (fallback.ByteFallback)
            {
                foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    symbols.Append(char.ConvertFromUtf32(FirstByteSymbol + value));
                }
            }
            else if (fallback.Unknown is null)
            {
                throw UserError.Request("text", $"has the character '{text}' (U+{rune.Value:X4}), which the vocabulary lacks",
                    "characters of the vocabulary: it has no unknown token and no bytes to fall back to");
            }
            else if (!(afterUnknown && fallback.FuseUnknown))
            {
                symbols.Append(char.ConvertFromUtf32(UnknownSymbol));
            }

            afterUnknown = !known;
        }

        return symbols.ToString();
    }

    private static string Spell(string token) => token.Replace(" ", char.ConvertFromUtf32(SpaceSymbol), StringComparison.Ordinal);

    private static bool HasCut(string token, char start)
    {
        for (var i = 1; i < token.Length; i++)
        {
            if (token[i] == start && token[i - 1] != start)
            {
                return true;
            }
        }

        return false;
    }

    private static void CheckMerges(
        IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, BpeFallback fallback, string where)
    {
        if (vocabulary.Keys.FirstOrDefault(token => token.EnumerateRunes().Any(rune => rune.Value >= SpaceSymbol)) is { } strange)
        {
            throw UserError.Request(where, $"has the token '{strange}' with a private character", "no characters from U+10F000 on");
        }

        var seen = new HashSet<(string, string)>();
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            var at = $"{where}: merge {rank} ('{left}' with '{right}')";
            foreach (var token in new[] { left, right, left + right })
            {
                if (!vocabulary.ContainsKey(token))
                {
                    throw UserError.Request(at, $"needs the token '{token}'", "tokens of the vocabulary");
                }
            }

            if (!seen.Add((left, right)))
            {
                throw UserError.Request(at, "comes a second time", "each pair once");
            }

            if (new[] { left, right }.FirstOrDefault(part => IsFallback(part, fallback)) is { } part)
            {
                throw UserError.Request(at, $"merges the fallback token '{part}'", "merges of ordinary tokens");
            }
        }
    }

    private static bool IsFallback(string token, BpeFallback fallback) =>
        token == fallback.Unknown || token.Length == 0
        || (fallback.ByteFallback && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[^1] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _));
}
