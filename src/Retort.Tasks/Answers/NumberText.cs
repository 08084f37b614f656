using System.Numerics;

namespace Retort.Tasks.Answers;

/// <summary>A number as a person writes it.</summary>
/// <param name="Value">The number; a percent sign does not change it.</param>
/// <param name="IsPercent">A percent sign or the word percent stands behind it.</param>
public readonly record struct WrittenNumber(Rational Value, bool IsPercent);

/// <summary>Reads numbers with signs, currencies, grouped thousands, exponents, fractions and units. Nothing here throws.</summary>
public static class NumberText
{
    // Of what is written, and of what an exponent moves the point by.
    private const int MaxDigits = 4_000;
    private const string MinusSigns = "-−–";

    // Each sign stands over its numerator and denominator.
    private const string VulgarSigns = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞";
    private const string VulgarUpper = "112131234151357";
    private const string VulgarLower = "233445555668888";

    // Thousands: plain, and in LaTeX.
    private static readonly string[] GroupMarks = [",", "{,}", ",\\!"];

    private static readonly string[] Fractions = ["\\frac{", "\\dfrac{", "\\tfrac{"];

    // A number beside one of these is a part of a larger one that is not read: 2\sqrt{3}, 10^3, \frac{x}{2}.
    private static readonly string[] TiesBefore = ["\\sqrt{", "√", "√{", "frac{", "}{"];
    private static readonly string[] TiesAfter = ["^", "\\sqrt", "√", "\\pi", "π"];

    // What may stand in a unit beside letters.
    private static readonly string[] UnitMarks =
        ["\\text{", "\\mathrm{", "\\mbox{", "^\\circ", "^{\\circ}", "\\%", "\\$", "\\,", "\\;", "\\ ", "}", " ", "%", ".", "°", "²", "³", "'", "\""];

    /// <summary>
    /// The first number of a text: "18", "-3", "$1,234.50", "1e-5", "3/4", "2 1/2", "50%", ".5 cups", "\frac{-3}{4}". What follows it
    /// (units) is passed over, and so is what stands before it, unless there is an equals sign: then it is the first number after the
    /// last of these. Null also where it is a part of a larger one that is not read, as in "2\sqrt{3}".
    /// </summary>
    public static WrittenNumber? FirstIn(ReadOnlySpan<char> text)
    {
        text = text[(text.LastIndexOf('=') + 1)..];
        for (var at = 0; at < text.Length; at++)
        {
            if (Read(text[at..], out var length) is { } value && IsOwn(text, at))
            {
                return IsTied(text, at, length) ? null : Written(text, at, length, value);
            }

            at += Math.Max(0, length - 1);
        }

        return null;
    }

    /// <summary>The last number of a text, read as <see cref="FirstIn"/> reads it.</summary>
    public static WrittenNumber? LastIn(ReadOnlySpan<char> text)
    {
        WrittenNumber? last = null;
        for (var at = 0; at < text.Length; at++)
        {
            if (Read(text[at..], out var length) is { } value && IsOwn(text, at))
            {
                last = IsTied(text, at, length) ? null : Written(text, at, length, value);
            }

            at += Math.Max(0, length - 1);
        }

        return last;
    }

    /// <summary>
    /// The number of a text that holds nothing but one, after its last equals sign: a sign and a currency may stand before it, a unit of
    /// letters, a percent sign or a currency behind it. Null for anything else, as for a second number or an operation.
    /// </summary>
    public static WrittenNumber? OnlyIn(ReadOnlySpan<char> text)
    {
        text = text[(text.LastIndexOf('=') + 1)..].Trim();
        var at = 0;
        while (at < text.Length && (MinusSigns.Contains(text[at]) || IsCurrency(text[at]) || text[at] is ' ' or '+' or '\\') && Read(text[at..], out _) is null)
        {
            at++;
        }

        return text[..at].IndexOfAny(MinusSigns) == text[..at].LastIndexOfAny(MinusSigns) && Read(text[at..], out var length) is { } value
            && !IsTied(text, at, length) && IsUnit(text[(at + length)..])
                ? Written(text, at, length, value)
                : null;
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
            if (!hasPoint && count > 0 && GroupMark(text[length..]) is > 0 and var mark && IsGrouped(text[..length]))
            {
                length += mark;
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

        var cut = length;
        while (count == MaxDigits && length < text.Length && char.IsAsciiDigit(text[length]))
        {
            length++;
        }

        return cut == length ? Rational.FromDecimal(digits[..count]) : null;
    }

    /// <summary>A decimal or vulgar fraction with an exponent if it has one ("1e-05"); too large a one makes it no number.</summary>
    private static Rational? ReadScaled(ReadOnlySpan<char> text, out int length)
    {
        if (ReadUnsigned(text, out length) is not { } value)
        {
            return null;
        }

        if (length == text.Length || text[length] is not ('e' or 'E'))
        {
            return value;
        }

        var first = length + (length + 1 < text.Length && (text[length + 1] == '+' || MinusSigns.Contains(text[length + 1])) ? 2 : 1);
        var end = first;
        var power = 0;
        for (; end < text.Length && char.IsAsciiDigit(text[end]); end++)
        {
            power = Math.Min(MaxDigits + 1, power * 10 + text[end] - '0');
        }

        if (end == first || (end < text.Length && char.IsLetter(text[end])))
        {
            return value;
        }

        var isSmall = MinusSigns.Contains(text[first - 1]);
        length = end;
        var scale = BigInteger.Pow(10, Math.Min(power, MaxDigits));
        return power > MaxDigits ? null : isSmall ? value / new Rational(scale, 1) : value * new Rational(scale, 1);
    }

    /// <summary>A number without its sign at the very beginning: decimal, fraction, mixed number, or LaTeX fraction.</summary>
    private static Rational? Read(ReadOnlySpan<char> text, out int length)
    {
        if (ReadLatexFraction(text, out length) is { } latex)
        {
            return latex;
        }

        if (ReadScaled(text, out length) is not { } value)
        {
            return null;
        }

        if (ReadQuotient(text[length..], value, out var more) is { } quotient)
        {
            length += more;
            return quotient;
        }

        // "2 1/2", "2½" and "2\frac{1}{2}", but not "2 3" and not "2.5 1/2".
        var rest = text[length..];
        var gap = rest.Length > 0 && rest[0] == ' ' ? 1 : 0;
        if (value.IsWhole && ReadLatexFraction(rest[gap..], out var partLength) is { } behind && behind < 1 && behind > 0)
        {
            length += gap + partLength;
            return value + behind;
        }

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

        if (ReadScaled(text[at..], out var size) is not { IsZero: false } denominator)
        {
            return null;
        }

        length = at + size;
        return numerator / denominator;
    }

    /// <summary>"\frac{3}{4}", "\frac{-3}{4}"; "\dfrac34" is not read.</summary>
    private static Rational? ReadLatexFraction(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        foreach (var command in Fractions)
        {
            if (text.StartsWith(command) && ReadSigned(text[command.Length..], out var upperSize) is { } upper)
            {
                var at = command.Length + upperSize;
                if (text[at..].StartsWith("}{") && ReadSigned(text[(at + 2)..], out var lowerSize) is { IsZero: false } lower
                    && text[(at + 2 + lowerSize)..].StartsWith("}"))
                {
                    length = at + lowerSize + 3;
                    return upper / lower;
                }
            }
        }

        return null;
    }

    private static Rational? ReadSigned(ReadOnlySpan<char> text, out int length)
    {
        var sign = text.Length > 0 && MinusSigns.Contains(text[0]) ? 1 : 0;
        var value = ReadScaled(text[sign..], out length);
        length += sign;
        return sign > 0 ? -value : value;
    }

    /// <summary>How much a mark between groups of thousands takes up; 0 where none stands.</summary>
    private static int GroupMark(ReadOnlySpan<char> text)
    {
        foreach (var mark in GroupMarks)
        {
            if (text.StartsWith(mark) && IsGroup(text[mark.Length..]))
            {
                return mark.Length;
            }
        }

        return 0;
    }

    /// <summary>Three digits and then no fourth.</summary>
    private static bool IsGroup(ReadOnlySpan<char> text) =>
        text.Length >= 3 && !text[..3].ContainsAnyExceptInRange('0', '9') && (text.Length == 3 || !char.IsAsciiDigit(text[3]));

    /// <summary>What stands before a comma: one to three digits, with full groups behind them.</summary>
    private static bool IsGrouped(ReadOnlySpan<char> text)
    {
        var first = text.IndexOfAny(',', '{');
        return (first < 0 ? text.Length : first) is >= 1 and <= 3;
    }

    private static WrittenNumber Written(ReadOnlySpan<char> text, int at, int length, Rational value) =>
        new(IsNegative(text[..at]) ? -value : value, IsPercentNext(text[(at + length)..]));

    /// <summary>A digit in a word ("H2O", "x3"), in a name of parts ("1.2.3") or in a power ("cm^2") is no number of its own.</summary>
    private static bool IsOwn(ReadOnlySpan<char> text, int at) =>
        at == 0 || !(char.IsLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '.' or '^' || text[..at].EndsWith("^{"));

    private static bool IsTied(ReadOnlySpan<char> text, int at, int length)
    {
        foreach (var tie in TiesBefore)
        {
            if (text[..at].EndsWith(tie))
            {
                return true;
            }
        }

        var rest = text[(at + length)..].TrimStart(' ');
        foreach (var tie in TiesAfter)
        {
            if (rest.StartsWith(tie) && !rest.StartsWith("^\\circ") && !rest.StartsWith("^{\\circ}"))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsUnit(ReadOnlySpan<char> text)
    {
        for (var at = 0; at < text.Length;)
        {
            var size = char.IsLetter(text[at]) || IsCurrency(text[at]) ? 1
                : text[at] is '/' or '-' && at > 0 && char.IsLetter(text[at - 1]) && at + 1 < text.Length && char.IsLetter(text[at + 1]) ? 1 : 0;
            for (var i = 0; size == 0 && i < UnitMarks.Length; i++)
            {
                size = text[at..].StartsWith(UnitMarks[i]) ? UnitMarks[i].Length : 0;
            }

            if (size == 0)
            {
                return false;
            }

            at += size;
        }

        return true;
    }

    /// <summary>A minus sign that belongs to the number: nothing but a currency stands between, and no number or word before.</summary>
    private static bool IsNegative(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(' ');
        while (before.Length > 0 && (IsCurrency(before[^1]) || before[^1] == '\\'))
        {
            before = before[..^1].TrimEnd(' ');
        }

        if (before.Length == 0 || !MinusSigns.Contains(before[^1]))
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
