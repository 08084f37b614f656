namespace Retort.Tasks.Answers;

/// <summary>A number as a person writes it.</summary>
/// <param name="Value">The number; a percent sign does not change it.</param>
/// <param name="IsPercent">A percent sign or the word percent stands behind it.</param>
public readonly record struct WrittenNumber(Rational Value, bool IsPercent);

/// <summary>Reads numbers with signs, currencies, grouped thousands, fractions and units. Nothing here throws.</summary>
public static class NumberText
{
    private const int MaxDigits = 4_000;

    // Each sign stands over its numerator and denominator.
    private const string VulgarSigns = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞";
    private const string VulgarUpper = "112131234151357";
    private const string VulgarLower = "233445555668888";

    /// <summary>
    /// The first number of a text: "18", "-3", "$1,234.50", "3/4", "2 1/2", "50%", ".5 cups", "\frac{3}{4}". What follows it (units) is
    /// passed over, and so is what stands before it, unless there is an equals sign: then it is the first number after the last of these.
    /// </summary>
    public static WrittenNumber? FirstIn(ReadOnlySpan<char> text)
    {
        text = text[(text.LastIndexOf('=') + 1)..];
        for (var at = 0; at < text.Length; at++)
        {
            if (Read(text[at..], out var length) is { } value && (at == 0 || !IsWordBefore(text[at - 1])))
            {
                return new(IsNegative(text[..at]) ? -value : value, IsPercentNext(text[(at + length)..]));
            }
            else if (length > 0)
            {
                at += length - 1;
            }
        }

        return null;
    }

    /// <summary>The last number of a text, read as <see cref="FirstIn"/> reads it.</summary>
    public static WrittenNumber? LastIn(ReadOnlySpan<char> text)
    {
        WrittenNumber? last = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (Read(text[at..], out var length) is { } value)
            {
                if (at == 0 || !IsWordBefore(text[at - 1]))
                {
                    last = new(IsNegative(text[..at]) ? -value : value, IsPercentNext(text[(at + length)..]));
                }

                at += length - 1;
            }
        }

        return last;
    }

    internal static bool IsCurrency(char c) => c is '$' or '€' or '£' or '¥' or '₹';

    /// <summary>
    /// A decimal or vulgar fraction at the very beginning, as expressions have it. <paramref name="length"/> is what it takes up; commas
    /// belong to it only where they group thousands.
    /// </summary>
    internal static Rational? ReadUnsigned(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        if (text.Length > 0 && VulgarSigns.IndexOf(text[0]) is >= 0 and var sign)
        {
            length = 1;
            return new(VulgarUpper[sign] - '0', VulgarLower[sign] - '0');
        }

        Span<char> digits = stackalloc char[Math.Min(text.Length, MaxDigits)];
        var (count, hasPoint) = (0, false);
        while (length < text.Length && count < digits.Length)
        {
            var c = text[length];
            if (c == ',' && !hasPoint && count > 0 && IsGroup(text[(length + 1)..]) && IsGrouped(text[..length]))
            {
                length++;
                continue;
            }

            // A point that no digit follows ends a sentence, unless nothing but it makes the text a number.
            var isPoint = c == '.' && !hasPoint && length + 1 < text.Length && char.IsAsciiDigit(text[length + 1]);
            if (!isPoint && !char.IsAsciiDigit(c))
            {
                break;
            }

            hasPoint |= isPoint;
            digits[count++] = c;
            length++;
        }

        return Rational.FromDecimal(digits[..count]);
    }

    /// <summary>A number without its sign at the very beginning: decimal, fraction, mixed number, or LaTeX fraction.</summary>
    private static Rational? Read(ReadOnlySpan<char> text, out int length)
    {
        if (ReadLatexFraction(text, out length) is { } latex)
        {
            return latex;
        }

        if (ReadUnsigned(text, out length) is not { } value)
        {
            return null;
        }

        if (ReadQuotient(text[length..], value, out var more) is { } quotient)
        {
            length += more;
            return quotient;
        }

        // "2 1/2" and "2½", but not "2 3" and not "2.5 1/2".
        var rest = text[length..];
        var gap = rest.Length > 0 && rest[0] == ' ' ? 1 : 0;
        if (value.IsWhole && ReadUnsigned(rest[gap..], out var upperLength) is { } upper)
        {
            if (VulgarSigns.Contains(rest[gap]))
            {
                length += gap + upperLength;
                return value + upper;
            }

            if (gap > 0 && ReadQuotient(rest[(gap + upperLength)..], upper, out more) is { } part && part < 1)
            {
                length += gap + upperLength + more;
                return value + part;
            }
        }

        return value;
    }

    /// <summary>"/4" behind a numerator.</summary>
    private static Rational? ReadQuotient(ReadOnlySpan<char> text, Rational numerator, out int length)
    {
        length = 0;
        var at = text.Length > 0 && text[0] == ' ' ? 1 : 0;
        if (at >= text.Length || text[at] is not ('/' or '⁄'))
        {
            return null;
        }

        at++;
        if (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        if (ReadUnsigned(text[at..], out var size) is not { IsZero: false } denominator)
        {
            return null;
        }

        length = at + size;
        return numerator / denominator;
    }

    /// <summary>"\frac{3}{4}", "\dfrac34" is not read.</summary>
    private static Rational? ReadLatexFraction(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        foreach (var command in (string[])["\\frac{", "\\dfrac{", "\\tfrac{"])
        {
            if (text.StartsWith(command) && ReadUnsigned(text[command.Length..], out var upperSize) is { } upper)
            {
                var at = command.Length + upperSize;
                if (text[at..].StartsWith("}{") && ReadUnsigned(text[(at + 2)..], out var lowerSize) is { IsZero: false } lower
                    && text[(at + 2 + lowerSize)..].StartsWith("}"))
                {
                    length = at + lowerSize + 3;
                    return upper / lower;
                }
            }
        }

        return null;
    }

    /// <summary>Three digits and then no fourth.</summary>
    private static bool IsGroup(ReadOnlySpan<char> text) =>
        text.Length >= 3 && !text[..3].ContainsAnyExceptInRange('0', '9') && (text.Length == 3 || !char.IsAsciiDigit(text[3]));

    /// <summary>What stands before a comma: one to three digits, with full groups behind them.</summary>
    private static bool IsGrouped(ReadOnlySpan<char> text)
    {
        var first = text.IndexOf(',');
        return (first < 0 ? text.Length : first) is >= 1 and <= 3;
    }

    /// <summary>A digit in a word ("H2O", "x3") or in a name of parts ("1.2.3") is no number of its own.</summary>
    private static bool IsWordBefore(char c) => char.IsLetterOrDigit(c) || c is '_' or '.';

    /// <summary>A minus sign that belongs to the number: nothing but a currency stands between, and no number or word before.</summary>
    private static bool IsNegative(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(' ');
        while (before.Length > 0 && (IsCurrency(before[^1]) || before[^1] == '\\'))
        {
            before = before[..^1].TrimEnd(' ');
        }

        if (before.Length == 0 || before[^1] is not ('-' or '−'))
        {
            return false;
        }

        var head = before[..^1].TrimEnd(' ');
        var isGlued = head.Length == before.Length - 1;
        return head.Length == 0 || !(char.IsDigit(head[^1]) || head[^1] == ')' || (isGlued && char.IsLetter(head[^1])));
    }

    private static bool IsPercentNext(ReadOnlySpan<char> rest)
    {
        rest = rest.TrimStart([' ', '\\']);
        return rest.StartsWith("%") || rest.StartsWith("percent", StringComparison.OrdinalIgnoreCase);
    }
}
