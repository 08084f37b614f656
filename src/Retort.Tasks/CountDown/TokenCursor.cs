using System.Collections.Frozen;
using System.Globalization;

namespace Retort.Tasks.CountDown;

/// <summary>
/// Reads a text token by token. White space is free, so the paper's lines and the same tokens with single spaces between
/// read alike; in the paper's format neighbouring digits are one number. Malformed text gives tokens nothing asks for.
/// </summary>
internal sealed class TokenCursor
{
    private const string Unknown = "?";

    private static readonly FrozenDictionary<string, string> Marks =
        CompactTokens.All.Concat(PaperTokens.Grammar).Distinct().Where(token => !char.IsAsciiDigit(token[0]))
            .ToFrozenDictionary(token => token);

    private readonly List<(int Number, string Mark)> tokens = [];

    public TokenCursor(ReadOnlySpan<char> text, CountDownFormat format)
    {
        if (format == CountDownFormat.Compact)
        {
            ReadCompact(text);
        }
        else
        {
            ReadPaper(text);
        }
    }

    public int Position { get; set; }

    public bool AtEnd => Position >= tokens.Count;

    /// <summary>Passes one number.</summary>
    public bool Number(out int number)
    {
        number = AtEnd || tokens[Position].Mark.Length > 0 ? -1 : tokens[Position].Number;
        Position += number >= 0 ? 1 : 0;
        return number >= 0;
    }

    /// <summary>Passes the given marks if they all come next; otherwise stays.</summary>
    public bool Pass(params ReadOnlySpan<string> marks)
    {
        for (var i = 0; i < marks.Length; i++)
        {
            if (Position + i >= tokens.Count || tokens[Position + i].Mark != marks[i])
            {
                return false;
            }
        }

        Position += marks.Length;
        return true;
    }

    /// <summary>Passes "a op b = r".</summary>
    public bool Operation(out Operation operation)
    {
        operation = default;
        if (!Number(out var left) || AtEnd || tokens[Position].Mark is not ("+" or "-" or "*" or "/"))
        {
            return false;
        }

        var symbol = tokens[Position++].Mark[0];
        if (!Number(out var right) || !Pass("=") || !Number(out var result))
        {
            return false;
        }

        operation = new Operation(left, symbol, right, result);
        return true;
    }

    /// <summary>Passes a list of numbers in brackets, with commas or without; stays where it is if that does not come whole.</summary>
    public bool List(bool commas, out int[] numbers)
    {
        numbers = [];
        var start = Position;
        if (!Pass("["))
        {
            return false;
        }

        var found = new List<int>();
        while (Number(out var number))
        {
            found.Add(number);
            if (commas && !Pass(","))
            {
                break;
            }
        }

        numbers = [.. found];
        var whole = found.Count > 0 && Pass("]");
        Position = whole ? Position : start;
        return whole;
    }

    private void ReadCompact(ReadOnlySpan<char> text)
    {
        foreach (var range in text.SplitAny(' ', '\n', '\r', '\t'))
        {
            var token = text[range];
            if (token.Length > 0)
            {
                tokens.Add(char.IsAsciiDigit(token[0]) ? NumberToken(token) : MarkToken(token));
            }
        }
    }

    private void ReadPaper(ReadOnlySpan<char> text)
    {
        Span<char> digits = stackalloc char[10];
        for (var i = 0; i < text.Length;)
        {
            if (char.IsAsciiDigit(text[i]))
            {
                var count = 0;
                for (; i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] <= ' '); i++)
                {
                    if (text[i] > ' ')
                    {
                        digits[Math.Min(count++, digits.Length - 1)] = text[i];
                    }
                }

                tokens.Add(count < digits.Length ? NumberToken(digits[..count]) : (-1, Unknown));
                continue;
            }

            var start = i++;
            while (char.IsAsciiLetter(text[start]) && i < text.Length && char.IsAsciiLetter(text[i]))
            {
                i++;
            }

            if (text[start] > ' ')
            {
                tokens.Add(MarkToken(text[start..i]));
            }
        }
    }

    private static (int Number, string Mark) NumberToken(ReadOnlySpan<char> digits) =>
        (digits.Length == 1 || digits[0] != '0')
        && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (number, "") : (-1, Unknown);

    private static (int Number, string Mark) MarkToken(ReadOnlySpan<char> token) =>
        (-1, Marks.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(token, out var mark) ? mark : Unknown);
}
