using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Retort.Models.Tokenizers;

/// <summary>The steps between a text and the merging.</summary>
internal static class TextSteps
{
    /// <summary>Puts a string before every piece.</summary>
    public static TextStep Prepend(string prefix) => piece => [piece with { Text = prefix + piece.Text }];

    /// <summary>Replaces a string.</summary>
    public static TextStep Replace(string pattern, string content) =>
        piece => [piece with { Text = piece.Text.Replace(pattern, content, StringComparison.Ordinal) }];

    /// <summary>GPT-2's add_prefix_space.</summary>
    public static TextStep PrefixSpace() => piece => [piece.Text[0] == ' ' ? piece : piece with { Text = " " + piece.Text }];

    /// <summary>Spells each piece's UTF-8 bytes in GPT-2's alphabet.</summary>
    public static TextStep ByteLevel() => piece => [piece with { Text = ByteAlphabet.Encode(piece.Text) }];

    /// <summary>Each numeric character by itself.</summary>
    public static TextStep Digits() => Split(new Regex(@"\p{N}", RegexOptions.CultureInvariant), keepMatches: true, keepGaps: true);

    /// <summary>SentencePiece's whitespace mark: spaces become <paramref name="mark"/>, words begin with it.</summary>
    public static TextStep Metaspace(char mark, bool prependAlways, bool prependFirst, bool split) => piece =>
    {
        var text = piece.Text.Replace(' ', mark);
        if (text[0] != mark && (prependAlways || (prependFirst && piece.AtStart)))
        {
            text = mark + text;
        }

        return split ? CutBefore(text, mark, piece.AtStart) : [new(text, piece.AtStart)];
    };

    /// <summary>
    /// Cuts at a regular expression's matches, keeping matches, the gaps between them, or both. Published expressions
    /// count characters; .NET counts UTF-16 units, so characters beyond the first plane are represented by one of their category.
    /// </summary>
    public static TextStep Split(Regex regex, bool keepMatches, bool keepGaps) => piece =>
    {
        var (projected, unitOf) = OneUnitACharacter(piece.Text);
        var (pieces, start) = (new List<TextPiece>(), 0);
        void Keep(int from, int to, bool wanted)
        {
            if (wanted && to > from)
            {
                pieces.Add(new(piece.Text[At(from)..At(to)], piece.AtStart && from == 0));
            }
        }

        int At(int position) => unitOf is null ? position : unitOf[position];
        foreach (var match in regex.EnumerateMatches(projected))
        {
            Keep(start, match.Index, keepGaps);
            Keep(match.Index, match.Index + match.Length, keepMatches);
            start = match.Index + match.Length;
        }

        Keep(start, projected.Length, keepGaps);
        return pieces;
    };

    private static IEnumerable<TextPiece> CutBefore(string text, char mark, bool atStart)
    {
        var start = 0;
        for (var end = 1; end <= text.Length; end++)
        {
            if (end == text.Length || text[end] == mark)
            {
                yield return new(text[start..end], atStart && start == 0);
                start = end;
            }
        }
    }

    private static (string Text, int[]? UnitOf) OneUnitACharacter(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return (text, null);
        }

        var (projected, units, unit) = (new StringBuilder(text.Length), new List<int>(text.Length + 1), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            projected.Append(rune.IsBmp ? (char)rune.Value : Representative(Rune.GetUnicodeCategory(rune)));
            units.Add(unit);
            unit += rune.Utf16SequenceLength;
        }

        units.Add(unit);
        return (projected.ToString(), [.. units]);
    }

    private static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0416',
        UnicodeCategory.LowercaseLetter => '\u0436',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u3042',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.DashPunctuation => '\u2014',
        UnicodeCategory.OtherPunctuation => '\u00A1',
        UnicodeCategory.MathSymbol => '\u00B1',
        UnicodeCategory.CurrencySymbol => '\u00A2',
        UnicodeCategory.ModifierSymbol => '\u00A8',
        UnicodeCategory.OtherSymbol => '\u00A9',
        UnicodeCategory.Format => '\u200B',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\uFFFF', // Unassigned; no other category has characters beyond the first plane.
    };
}
