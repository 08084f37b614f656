using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Retort.Models.Tests.Tokenizers;

/// <summary>Byte-pair encoding as its definition says it, quadratic and obvious, with hand-written scanners for the published expressions.</summary>
internal static class SlowBpe
{
    public const string Paragraph =
        "The quick brown fox's den wasn't far; they're sure it'll hold 12 or 1234567 foxes.  \"Well,\" said she,\n\nthe   hen, "
        + "the den is the den! Größe über alles: naïve café, Ελλάδα, Москва, 東京都, 🎲🎲. theirs then there other\r\n\tbrother  ";

    public static readonly string[] Texts =
    [
        "", " ", "  ", "   ", "\n", " \n", "\n \n  x", "a", " a", "a ", "the den", "The theirs  then", "they're they'RE 'S's 's",
        "it'll'll", "don''t", "x'", "1", " 12 1234567", "1234567 12", "3.14", "١٢٣", "²½Ⅷ", "abc123def", "héllo wörld", "東京都の空", "🎲", "🎲🎲👩‍👩‍👧‍👦🏽",
        "a🎲b 🎲 c", "𝒜𝒷𝒸 𝒜 x", "𝟘𝟙𝟚𝟛", "𠀀𠀁 字", "e\u0301", "\u00A0x\u2003y", "\u200Bz", "a\u0085b", "tab\there", "\r\n\r\n", "\r\n x", "!?!?  ...", " !!\n\nok",
        "trailing   ", "    indented\n        more", "mix\u0301ed \uFFFD \uE000", "\0\u0001", "Ñandú", "ﬁ ligature", "नमस्ते दुनिया", "مرحبا", "שלום", "x\u10FFFF",
        "\U0010F000 \U0010F1E9 \U0010F200", "<s>", "▁", "a▁b", "the" + "\u2028" + "den",
    ];

    /// <summary>Learns merges from pieces: the most frequent pair first, ties to the ordinally least.</summary>
    public static List<(string, string)> Train(IEnumerable<string> pieces, int numMerges)
    {
        var (words, merges) = (pieces.Select(Symbols).ToList(), new List<(string, string)>());
        while (merges.Count < numMerges)
        {
            var best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair).Where(group => group.Count() > 1)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.Key.First, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Second, StringComparer.Ordinal).FirstOrDefault();
            if (best is null)
            {
                break;
            }

            merges.Add(best.Key);
            words = [.. words.Select(word => Merge(word, best.Key))];
        }

        return merges;
    }

    /// <summary>Merges the lowest-ranked adjacent pair, leftmost first, until none is left.</summary>
    public static List<string> Encode(List<string> symbols, Dictionary<(string, string), int> ranks)
    {
        while (true)
        {
            var (best, bestRank) = (-1, int.MaxValue);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (ranks.TryGetValue((symbols[i], symbols[i + 1]), out var rank) && rank < bestRank)
                {
                    (best, bestRank) = (i, rank);
                }
            }

            if (best < 0)
            {
                return symbols;
            }

            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    public static List<string> Symbols(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    /// <summary>GPT-2's table from its definition: printable Latin-1 bytes first, the rest numbered from U+0100.</summary>
    public static string ByteLetters(string text)
    {
        var printable = Enumerable.Range(33, 94).Concat(Enumerable.Range(161, 12)).Concat(Enumerable.Range(174, 82)).ToList();
        var hidden = Enumerable.Range(0, 256).Except(printable).ToList();
        return string.Concat(Encoding.UTF8.GetBytes(text).Select(value =>
            printable.Contains(value) ? (char)value : (char)(256 + hidden.IndexOf(value))));
    }

    /// <summary>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</summary>
    public static List<string> Gpt2Pieces(string text) => Scan(text, (runes, at) =>
    {
        var contraction = Contraction(runes, at, ignoreCase: false);
        if (contraction > 0)
        {
            return contraction;
        }

        var word = runes[at].Value == ' ' && at + 1 < runes.Count && !IsSpace(runes[at + 1]) ? at + 1 : at;
        if (!IsSpace(runes[word]))
        {
            Func<Rune, bool> sort = IsLetter(runes[word]) ? IsLetter : IsNumber(runes[word]) ? IsNumber : IsOther;
            return Run(runes, word, sort) - at;
        }

        return Spaces(runes, at);
    });

    /// <summary>
    /// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+,
    /// with \p{N}{1,3} for Llama 3.
    /// </summary>
    public static List<string> Qwen2Pieces(string text, int digits = 1) => Scan(text, (runes, at) =>
    {
        var contraction = Contraction(runes, at, ignoreCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        if (IsLetter(runes[at]))
        {
            return Run(runes, at, IsLetter) - at;
        }

        if (!IsNumber(runes[at]) && runes[at].Value is not ('\r' or '\n') && at + 1 < runes.Count && IsLetter(runes[at + 1]))
        {
            return Run(runes, at + 1, IsLetter) - at;
        }

        if (IsNumber(runes[at]))
        {
            return Math.Min(digits, Run(runes, at, IsNumber) - at);
        }

        var other = runes[at].Value == ' ' ? at + 1 : at;
        if (other < runes.Count && IsOther(runes[other]))
        {
            return Run(runes, Run(runes, other, IsOther), rune => rune.Value is '\r' or '\n') - at;
        }

        // \s*[\r\n]+ is greedy: up to the last line break of the white space.
        var end = Run(runes, at, IsSpace);
        for (var last = end - 1; last >= at; last--)
        {
            if (runes[last].Value is '\r' or '\n')
            {
                return last + 1 - at;
            }
        }

        return Spaces(runes, at);
    });

    public static byte[] Json(
        IReadOnlyDictionary<string, int> vocabulary, IEnumerable<(string, string)> merges, string normalizer, string preTokenizer, string decoder,
        bool byteFallback, string? unknown, string added = "[]", bool pairs = false, string more = "")
    {
        var list = merges.Select(merge => pairs ? JsonSerializer.Serialize(new[] { merge.Item1, merge.Item2 }) : JsonSerializer.Serialize($"{merge.Item1} {merge.Item2}"));
        return Encoding.UTF8.GetBytes($$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":{{added}},"normalizer":{{normalizer}},"pre_tokenizer":{{preTokenizer}},
            "post_processor":null,"decoder":{{decoder}},"model":{"type":"BPE","dropout":null,"unk_token":{{JsonSerializer.Serialize(unknown)}},
            "fuse_unk":true,"byte_fallback":{{(byteFallback ? "true" : "false")}},{{more}}"vocab":{{JsonSerializer.Serialize(vocabulary)}},"merges":[{{string.Join(",", list)}}]}
            }
            """);
    }

    private static List<string> Merge(List<string> word, (string First, string Second) pair)
    {
        var merged = new List<string>();
        foreach (var symbol in word)
        {
            if (merged.Count > 0 && merged[^1] == pair.First && symbol == pair.Second)
            {
                merged[^1] += symbol;
            }
            else
            {
                merged.Add(symbol);
            }
        }

        return merged;
    }

    private static List<string> Scan(string text, Func<List<Rune>, int, int> length)
    {
        var (runes, pieces) = (text.EnumerateRunes().ToList(), new List<string>());
        for (var at = 0; at < runes.Count;)
        {
            var next = at + length(runes, at);
            pieces.Add(string.Concat(runes[at..next]));
            at = next;
        }

        return pieces;
    }

    private static int Contraction(List<Rune> runes, int at, bool ignoreCase)
    {
        var rest = string.Concat(runes.Skip(at).Take(3));
        return new[] { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" }
            .FirstOrDefault(ending => rest.StartsWith(ending, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))?.Length ?? 0;
    }

    /// <summary>\s+(?!\S)|\s+: white space before a word leaves its last character to the word, unless it is alone.</summary>
    private static int Spaces(List<Rune> runes, int at)
    {
        var end = Run(runes, at, IsSpace);
        return end == runes.Count || end - at == 1 ? end - at : end - at - 1;
    }

    private static int Run(List<Rune> runes, int at, Func<Rune, bool> sort)
    {
        while (at < runes.Count && sort(runes[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsSpace(Rune rune) => Rune.IsWhiteSpace(rune);

    private static bool IsLetter(Rune rune) => Rune.GetUnicodeCategory(rune) <= UnicodeCategory.OtherLetter;

    private static bool IsNumber(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsOther(Rune rune) => !IsSpace(rune) && !IsLetter(rune) && !IsNumber(rune);
}
