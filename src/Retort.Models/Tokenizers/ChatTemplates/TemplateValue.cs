using System.Globalization;
using System.Text;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>A name or field that nothing defines: empty text, false, and an error when it is asked for more.</summary>
internal sealed record Undefined(string Name);

/// <summary>What namespace(...) makes: its fields can be set from inside loops.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Fields { get; } = new(StringComparer.Ordinal);
}

/// <summary>The values of a call, by place and by name.</summary>
internal sealed record Arguments(List<object?> Values, Dictionary<string, object?> Named)
{
    public static Arguments None { get; } = new([], []);

    public object? this[int place, string name, object? otherwise = null] =>
        place < Values.Count ? Values[place] : Named.TryGetValue(name, out var value) ? value : otherwise;
}

internal delegate object? TemplateFunction(RenderState state, Arguments arguments);

/// <summary>
/// Values are null (none), bool, long, double, string, List (lists and tuples), OrderedDictionary, <see cref="TemplateNamespace"/>,
/// <see cref="TemplateFunction"/> and <see cref="Undefined"/>, with the meaning Python gives them.
/// </summary>
internal static class TemplateValue
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long n => n != 0,
        double x => x != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        OrderedDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined missing => $"'{missing.Name}', which is undefined",
        bool => "a truth value",
        long or double => "a number",
        string => "a string",
        List<object?> => "a list",
        OrderedDictionary<string, object?> => "a mapping",
        TemplateNamespace => "a namespace",
        _ => "a function",
    };

    /// <summary>The number a value counts as, true being 1.</summary>
    public static bool IsNumber(object? value, out double number)
    {
        number = value switch { bool b => b ? 1 : 0, long n => n, double x => x, _ => double.NaN };
        return value is bool or long or double;
    }

    public static bool AreEqual(RenderState state, object? a, object? b)
    {
        if (IsNumber(a, out var x) && IsNumber(b, out var y))
        {
            return a is long n && b is long m ? n == m : x == y;
        }

        state.Charge(a is string s ? s.Length / 8 : 0);
        return (a, b) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string left, string right) => left == right,
            (List<object?> left, List<object?> right) => left.Count == right.Count
                && state.Deeper(() => !left.Where((item, i) => !AreEqual(state, item, right[i])).Any()),
            (OrderedDictionary<string, object?> left, OrderedDictionary<string, object?> right) => left.Count == right.Count
                && state.Deeper(() => left.All(pair => right.TryGetValue(pair.Key, out var other) && AreEqual(state, pair.Value, other))),
            _ => ReferenceEquals(a, b),
        };
    }

    /// <summary>Negative, 0 or positive; null where the two have no order.</summary>
    public static int? Compare(object? a, object? b) => (a, b) switch
    {
        (string left, string right) => string.CompareOrdinal(left, right),
        _ when IsNumber(a, out var x) && IsNumber(b, out var y) => x.CompareTo(y),
        _ => null,
    };

    /// <summary>What a loop goes over; null where there is nothing to go over.</summary>
    public static List<object?>? Items(RenderState state, object? value)
    {
        state.Charge(value is string s ? 4L * s.Length : 0);
        return value switch
        {
            Undefined => [],
            List<object?> list => list,
            OrderedDictionary<string, object?> map => [.. map.Keys],
            string text => [.. Characters(text)],
            _ => null,
        };
    }

    /// <summary>A text's characters (Unicode scalars).</summary>
    public static IEnumerable<string> Characters(string text) => text.EnumerateRunes().Select(rune => rune.ToString());

    public static int Length(string text) => text.EnumerateRunes().Count();

    /// <summary>As Python's str() writes it.</summary>
    public static string Text(RenderState state, object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Written(state, value, Representation),
    };

    /// <summary>As Python's json.dumps writes it, without escapes for other alphabets.</summary>
    public static string Json(RenderState state, object? value, int? indent) =>
        Written(state, value, (s, v, to) => AppendJson(s, v, to, indent is null ? null : "\n", indent ?? 0));

    private static string Written(RenderState state, object? value, Action<RenderState, object?, StringBuilder> write)
    {
        var text = new StringBuilder();
        write(state, value, text);
        return text.ToString();
    }

    private static void Representation(RenderState state, object? value, StringBuilder to)
    {
        state.Enter();
        switch (value)
        {
            case string text:
                state.Charge(text.Length);
                var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
                AppendQuoted(to, text, quote, isJson: false);
                break;
            case List<object?> list:
                AppendAll(to, '[', list, ']', item => Representation(state, item, to));
                break;
            case OrderedDictionary<string, object?> map:
                AppendAll(to, '{', map, '}', pair =>
                {
                    Representation(state, pair.Key, to);
                    to.Append(": ");
                    Representation(state, pair.Value, to);
                });
                break;
            default:
                to.Append(value switch
                {
                    null => "None",
                    true => "True",
                    false => "False",
                    long or double => Number(value),
                    Undefined => "Undefined",
                    _ => throw state.Wrong($"writes {Kind(value)}", "text, numbers or lists"),
                });
                break;
        }

        state.Leave();
    }

    private static void AppendJson(RenderState state, object? value, StringBuilder to, string? lineBreak, int indent)
    {
        state.Enter();
        var inner = lineBreak is null ? null : lineBreak + new string(' ', indent);
        switch (value)
        {
            case string text:
                state.Charge(text.Length);
                AppendQuoted(to, text, '"', isJson: true);
                break;
            case List<object?> list:
                AppendAll(to, '[', list, ']', item => AppendJson(state, item, to, inner, indent), lineBreak, inner);
                break;
            case OrderedDictionary<string, object?> map:
                AppendAll(to, '{', map, '}', pair =>
                {
                    AppendJson(state, pair.Key, to, inner, indent);
                    to.Append(": ");
                    AppendJson(state, pair.Value, to, inner, indent);
                }, lineBreak, inner);
                break;
            default:
                to.Append(value switch
                {
                    null => "null",
                    true => "true",
                    false => "false",
                    long or double => Number(value),
                    _ => throw state.Wrong($"writes {Kind(value)} as JSON", "text, numbers, lists or mappings"),
                });
                break;
        }

        state.Leave();
    }

    private static void AppendAll<T>(
        StringBuilder to, char open, IReadOnlyCollection<T> items, char close, Action<T> append, string? lineBreak = null, string? inner = null)
    {
        to.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            to.Append(isFirst ? "" : inner is null ? ", " : ",").Append(inner);
            append(item);
            isFirst = false;
        }

        to.Append(isFirst ? null : lineBreak).Append(close);
    }

    private static void AppendQuoted(StringBuilder to, string text, char quote, bool isJson)
    {
        to.Append(quote);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => to.Append("\\n"),
                '\r' => to.Append("\\r"),
                '\t' => to.Append("\\t"),
                '\b' when isJson => to.Append("\\b"),
                '\f' when isJson => to.Append("\\f"),
                '\\' => to.Append("\\\\"),
                _ when c == quote => to.Append('\\').Append(c),
                < ' ' => to.Append(isJson ? "\\u00" : "\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)),
                _ => to.Append(c),
            };
        }

        to.Append(quote);
    }

    private static string Number(object value)
    {
        if (value is long whole)
        {
            return whole.ToString(CultureInfo.InvariantCulture);
        }

        var text = ((double)value).ToString("R", CultureInfo.InvariantCulture);
        return text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text;
    }
}
