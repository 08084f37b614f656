using System.Globalization;
using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

internal enum TemplateTokenKind
{
    Data,
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    Text,
    Whole,
    Number,
    Operator,
    End,
}

/// <summary>A piece of a template; Text is what it says, for a string literal what it means.</summary>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line)
{
    public bool Is(string word) => Kind is TemplateTokenKind.Name or TemplateTokenKind.Operator && Text == word;
}

/// <summary>
/// Cuts a template into tokens, with Jinja's white space control as transformers sets it: the line break after a block is dropped
/// (trim_blocks), and so are blanks before a block that begins its line (lstrip_blocks); a minus in a tag drops all white space on its
/// side, a plus switches either rule off. One line break at the end of the template is dropped.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] LongOperators = ["==", "!=", "<=", ">=", "//", "**"];

    private readonly string source;
    private readonly string where;
    private readonly List<TemplateToken> tokens = [];
    private int position, line = 1;

    private TemplateLexer(string source, string where) => (this.source, this.where) = (source, where);

    public static List<TemplateToken> Cut(string source, string where)
    {
        source = source.ReplaceLineEndings("\n");
        var lexer = new TemplateLexer(source.EndsWith('\n') ? source[..^1] : source, where);
        lexer.CutAll();
        return lexer.tokens;
    }

    /// <summary>White space as Python's strip has it.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private void CutAll()
    {
        var atLineStart = true;
        while (position < source.Length)
        {
            var tag = NextTag();
            AddData(source[position..tag], tag, atLineStart);
            if (tag == source.Length)
            {
                break;
            }

            Advance(tag);
            var kind = source[tag + 1];
            Advance(tag + 2);
            if (position < source.Length && source[position] is '-' or '+')
            {
                Advance(position + 1);
            }

            if (kind == '#')
            {
                var end = source.IndexOf("#}", position, StringComparison.Ordinal);
                Advance(end < 0 ? throw Wrong("a comment does not end", "#}") : end);
            }
            else
            {
                CutTag(kind == '{' ? "}}" : "%}", kind == '{' ? TemplateTokenKind.VariableBegin : TemplateTokenKind.BlockBegin);
            }

            EndTag(kind);
            atLineStart = source[position - 1] == '\n';
        }

        tokens.Add(new(TemplateTokenKind.End, "", line));
    }

    private int NextTag()
    {
        for (var i = position; i + 1 < source.Length; i++)
        {
            if (source[i] == '{' && source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return source.Length;
    }

    private void AddData(string data, int tag, bool atLineStart)
    {
        var sign = tag + 2 < source.Length ? source[tag + 2] : ' ';
        if (tag < source.Length && sign == '-')
        {
            data = TrimEnd(data);
        }
        else if (tag < source.Length && sign != '+' && source[tag + 1] != '{')
        {
            var start = data.LastIndexOf('\n') + 1;
            if ((start > 0 || atLineStart) && data.AsSpan(start).IndexOfAnyExcept([' ', '\t', '\r', '\f', '\v']) < 0)
            {
                data = data[..start];
            }
        }

        if (data.Length > 0)
        {
            tokens.Add(new(TemplateTokenKind.Data, data, line));
        }
    }

    /// <summary>The inside of a tag, up to its end.</summary>
    private void CutTag(string end, TemplateTokenKind begin)
    {
        tokens.Add(new(begin, "", line));
        var first = line;
        for (var depth = 0; ;)
        {
            while (position < source.Length && IsSpace(source[position]))
            {
                Advance(position + 1);
            }

            if (position == source.Length)
            {
                line = first;
                throw Wrong("a tag does not end", end);
            }

            var signed = source[position] is '-' or '+' ? 1 : 0;
            if (depth == 0 && string.CompareOrdinal(source, position + signed, end, 0, 2) == 0)
            {
                tokens.Add(new(begin + 1, "", line));
                return;
            }

            depth += Next() switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
        }
    }

    /// <summary>Steps over the end of a tag and the white space that goes with it.</summary>
    private void EndTag(char kind)
    {
        var sign = kind == '#' ? source[position - 1] : source[position];
        if (kind != '#' && sign is '-' or '+')
        {
            Advance(position + 1);
        }

        Advance(position + 2);
        if (sign == '-')
        {
            while (position < source.Length && IsSpace(source[position]))
            {
                Advance(position + 1);
            }
        }
        else if (kind != '{' && sign != '+' && position < source.Length && source[position] == '\n')
        {
            Advance(position + 1);
        }
    }

    private string Next()
    {
        var (start, c) = (position, source[position]);
        if (c is '\'' or '"')
        {
            var at = line;
            tokens.Add(new(TemplateTokenKind.Text, Literal(c), at));
            return "";
        }

        var end = start + 1;
        if (char.IsAsciiDigit(c))
        {
            var isNumber = false;
            while (end < source.Length && (char.IsAsciiDigit(source[end])
                || (!isNumber && source[end] == '.' && end + 1 < source.Length && char.IsAsciiDigit(source[end + 1]))))
            {
                isNumber |= source[end++] == '.';
            }

            return Add(isNumber ? TemplateTokenKind.Number : TemplateTokenKind.Whole);
        }

        if (char.IsLetter(c) || c == '_')
        {
            while (end < source.Length && (char.IsLetterOrDigit(source[end]) || source[end] == '_'))
            {
                end++;
            }

            return Add(TemplateTokenKind.Name);
        }

        if (Array.Find(LongOperators, op => string.CompareOrdinal(source, start, op, 0, 2) == 0) is not null)
        {
            end++;
        }
        else if (!"+-*/%~()[]{}<>=.,:|".Contains(c, StringComparison.Ordinal))
        {
            throw Wrong($"has '{c}' in a tag", "an expression");
        }

        return Add(TemplateTokenKind.Operator);

        string Add(TemplateTokenKind kind)
        {
            var text = source[start..end];
            tokens.Add(new(kind, text, line));
            Advance(end);
            return text;
        }
    }

    private string Literal(char quote)
    {
        var text = new StringBuilder();
        for (var i = position + 1; i < source.Length; i++)
        {
            if (source[i] == quote)
            {
                Advance(i + 1);
                return text.ToString();
            }

            if (source[i] == '\\' && i + 1 < source.Length)
            {
                i = Escape(i + 1, text);
            }
            else
            {
                text.Append(source[i]);
            }
        }

        throw Wrong("a string does not end", quote.ToString());
    }

    /// <summary>Appends what the escape whose letter stands at i means; returns where it ends.</summary>
    private int Escape(int i, StringBuilder text)
    {
        var digits = source[i] switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (i + digits < source.Length
                && int.TryParse(source.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                && Rune.IsValid(code))
            {
                text.Append(new Rune(code).ToString());
                return i + digits;
            }

            throw Wrong($"has a wrong escape \\{source[i]}", $"{digits} hexadecimal digits of a character");
        }

        _ = source[i] switch
        {
            'n' => text.Append('\n'),
            't' => text.Append('\t'),
            'r' => text.Append('\r'),
            'b' => text.Append('\b'),
            'f' => text.Append('\f'),
            'v' => text.Append('\v'),
            'a' => text.Append('\a'),
            '0' => text.Append('\0'),
            '\n' => text,
            '\\' or '\'' or '"' => text.Append(source[i]),
            var other => text.Append('\\').Append(other),
        };
        return i;
    }

    private void Advance(int to)
    {
        line += source.AsSpan(position, to - position).Count('\n');
        position = to;
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    private UserError Wrong(string what, string expected) => UserError.Request($"{where}, line {line}", what, expected);
}
