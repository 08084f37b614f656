using System.Globalization;
using System.Text;
using Retort.Core;

namespace Retort.Models.Tokenizers.ChatTemplates;

/// <summary>Names every template knows.</summary>
internal static class TemplateFunctions
{
    public static void AddTo(TemplateScope scope)
    {
        scope["raise_exception"] = (TemplateFunction)((state, arguments) =>
            throw state.Wrong($"refuses these messages: {TemplateValue.Text(state, arguments[0, "message"])}"));
        scope["namespace"] = (TemplateFunction)((_, arguments) =>
        {
            var space = new TemplateNamespace();
            foreach (var (name, value) in arguments.Named)
            {
                space.Fields[name] = value;
            }

            return space;
        });
        scope["range"] = (TemplateFunction)((state, arguments) =>
        {
            var bounds = arguments.Values.ConvertAll(value => value is long n and > -1L << 40 and < 1L << 40 ? n
                : throw state.Wrong($"has a range of {TemplateValue.Kind(value)}", "whole numbers"));
            var (from, to, step) = bounds switch
            {
                [var end] => (0L, end, 1L),
                [var begin, var end] => (begin, end, 1L),
                [var begin, var end, var by] when by != 0 => (begin, end, by),
                _ => throw state.Wrong("has a wrong range", "range(from, to, step)"),
            };
            var items = new List<object?>();
            for (var i = from; step > 0 ? i < to : i > to; i += step)
            {
                state.Charge(4);
                items.Add(i);
            }

            return items;
        });
    }
}

/// <summary>Methods of Python's strings and mappings.</summary>
internal static class TemplateMethods
{
    public static TemplateFunction? Find(object? of, string name) => of switch
    {
        string text => OfText(text, name),
        OrderedDictionary<string, object?> map => name switch
        {
            "items" => (state, _) => Items(state, map),
            "keys" => (_, _) => new List<object?>(map.Keys),
            "values" => (_, _) => new List<object?>(map.Values),
            "get" => (_, a) => a[0, "key"] is string key && map.TryGetValue(key, out var value) ? value : a[1, "default"],
            _ => null,
        },
        _ => null,
    };

    public static List<object?> Items(RenderState state, OrderedDictionary<string, object?> map)
    {
        state.Charge(4L * map.Count);
        return [.. map.Select(pair => new List<object?> { pair.Key, pair.Value })];
    }

    /// <summary>The text without such characters at its ends; null: without white space.</summary>
    public static string Strip(string text, string? characters, bool start = true, bool end = true)
    {
        var (from, to) = (0, text.Length);
        while (start && from < to && Goes(text[from]))
        {
            from++;
        }

        while (end && from < to && Goes(text[to - 1]))
        {
            to--;
        }

        return text[from..to];

        bool Goes(char c) => characters is null ? TemplateLexer.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
    }

    public static string Replace(RenderState state, string text, Arguments arguments)
    {
        var (old, by) = (Text(state, arguments[0, "old"]), Text(state, arguments[1, "new"]));
        if (old.Length == 0)
        {
            throw state.Wrong("replaces the empty text", "some text");
        }

        var parts = text.Split(old, arguments[2, "count"] is long count and >= 0 and < int.MaxValue ? (int)count + 1 : int.MaxValue);
        state.Charge(text.Length + (long)(parts.Length - 1) * by.Length);
        return string.Join(by, parts);
    }

    public static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            title.Append(title.Length > 0 && char.IsLetter(title[^1]) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
        }

        return title.ToString();
    }

    public static string Capitalize(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Text(RenderState state, object? value) =>
        value as string ?? throw state.Wrong($"gives {TemplateValue.Kind(value)} to a method of strings", "a string");

    private static TemplateFunction? OfText(string text, string name)
    {
        Func<RenderState, Arguments, object?>? method = name switch
        {
            "strip" => (s, a) => Strip(text, Characters(s, a)),
            "lstrip" => (s, a) => Strip(text, Characters(s, a), end: false),
            "rstrip" => (s, a) => Strip(text, Characters(s, a), start: false),
            "startswith" => (s, a) => text.StartsWith(Text(s, a[0, "prefix"]), StringComparison.Ordinal),
            "endswith" => (s, a) => text.EndsWith(Text(s, a[0, "suffix"]), StringComparison.Ordinal),
            "split" => (s, a) => Split(s, text, a),
            "replace" => (s, a) => Replace(s, text, a),
            "upper" => (_, _) => text.ToUpperInvariant(),
            "lower" => (_, _) => text.ToLowerInvariant(),
            "title" => (_, _) => Title(text),
            "capitalize" => (_, _) => Capitalize(text),
            _ => null,
        };
        return method is null ? null : (state, arguments) =>
        {
            state.Charge(text.Length);
            return method(state, arguments);
        };
    }

    private static string? Characters(RenderState state, Arguments arguments) =>
        arguments[0, "chars"] is { } characters ? Text(state, characters) : null;

    private static List<object?> Split(RenderState state, string text, Arguments arguments)
    {
        var most = arguments[1, "maxsplit"] is long n and >= 0 and < int.MaxValue ? (int)n + 1 : int.MaxValue;
        state.Charge(4L * text.Length);
        if (arguments[0, "sep"] is { } separator)
        {
            return Text(state, separator) is { Length: > 0 } by ? [.. text.Split(by, most)]
                : throw state.Wrong("splits at the empty text", "some text");
        }

        var (parts, position) = (new List<object?>(), 0);
        while (true)
        {
            while (position < text.Length && TemplateLexer.IsSpace(text[position]))
            {
                position++;
            }

            if (position == text.Length)
            {
                return parts;
            }

            var end = position;
            while (end < text.Length && !TemplateLexer.IsSpace(text[end]))
            {
                end++;
            }

            if (parts.Count + 1 == most)
            {
                parts.Add(Strip(text[position..], null, start: false));
                return parts;
            }

            parts.Add(text[position..end]);
            position = end;
        }
    }
}

/// <summary>value | name(arguments)</summary>
internal static class TemplateFilters
{
    private static readonly string[] Known =
    [
        "capitalize", "count", "d", "default", "first", "int", "items", "join", "last", "length", "list", "lower", "map", "rejectattr", "replace",
        "reverse", "safe", "selectattr", "string", "title", "tojson", "trim", "upper",
    ];

    public static object? Apply(RenderState state, string name, object? value, Arguments arguments)
    {
        switch (name)
        {
            case "default" or "d":
                return value is Undefined || (TemplateValue.IsTrue(arguments[1, "boolean"]) && !TemplateValue.IsTrue(value))
                    ? arguments[0, "default_value", ""] : value;
            case "safe" when value is string:
                return value;
            case "string" or "safe":
                return TemplateValue.Text(state, value);
            case "tojson":
                return TemplateValue.Json(state, value, arguments[0, "indent"] is long and >= 0 and <= 16 and var indent ? (int)indent : null);
            case "length" or "count" when value is string text:
                return (long)TemplateValue.Length(text);
            case "length" or "count":
                return (long)Items(state, name, value).Count;
            case "int":
                return value is string digits && long.TryParse(digits, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n
                    : TemplateValue.IsNumber(value, out var x) && Math.Abs(x) < 1L << 52 ? (long)x : arguments[0, "default", 0L];
            case "items":
                return value is OrderedDictionary<string, object?> map ? TemplateMethods.Items(state, map)
                    : value is Undefined ? new List<object?>() : throw state.Wrong($"asks {TemplateValue.Kind(value)} for items", "a mapping");
            case "list":
                return new List<object?>(Items(state, name, value));
            case "reverse":
                var reversed = new List<object?>(Items(state, name, value));
                reversed.Reverse();
                return value is string ? string.Concat(reversed) : reversed;
            case "first":
                return Items(state, name, value) is [var first, ..] ? first : new Undefined("the first of nothing");
            case "last":
                return Items(state, name, value) is [.., var last] ? last : new Undefined("the last of nothing");
            case "join":
                var texts = Items(state, name, value)
                    .ConvertAll(item => TemplateValue.Text(state, arguments[1, "attribute"] is string field ? Field(item, field) : item));
                var separator = TemplateValue.Text(state, arguments[0, "d", ""]);
                state.Charge(texts.Sum(text => (long)text.Length + separator.Length));
                return string.Join(separator, texts);
            case "map":
                return Items(state, name, value).ConvertAll(item => arguments.Named.TryGetValue("attribute", out var field)
                    ? Field(item, TemplateMethods.Text(state, field))
                    : Apply(state, TemplateMethods.Text(state, arguments[0, "filter"]), item, new([.. arguments.Values.Skip(1)], arguments.Named)));
            case "selectattr" or "rejectattr":
                return Items(state, name, value).FindAll(item => IsSelected(state, item, arguments) == (name == "selectattr"));
        }

        var written = TemplateValue.Text(state, value);
        state.Charge(written.Length);
        return name switch
        {
            "trim" => TemplateMethods.Strip(written, arguments[0, "chars"] as string),
            "upper" => written.ToUpperInvariant(),
            "lower" => written.ToLowerInvariant(),
            "title" => TemplateMethods.Title(written),
            "capitalize" => TemplateMethods.Capitalize(written),
            "replace" => TemplateMethods.Replace(state, written, arguments),
            _ => throw UserErrorOf(state, "filter", name, Known),
        };
    }

    public static UserError UserErrorOf(RenderState state, string kind, string name, string[] known) => state.Wrong(
        $"has the {kind} '{name}'", $"one of {string.Join(", ", known)}");

    private static bool IsSelected(RenderState state, object? item, Arguments arguments)
    {
        state.Charge(4);
        var field = Field(item, TemplateMethods.Text(state, arguments[0, "attribute"]));
        return arguments.Values.Count < 2 ? TemplateValue.IsTrue(field)
            : TemplateTests.Holds(state, TemplateMethods.Text(state, arguments.Values[1]), field, new(arguments.Values[2..], []));
    }

    private static object? Field(object? item, string name) =>
        item is OrderedDictionary<string, object?> map && map.TryGetValue(name, out var value) ? value : new Undefined(name);

    private static List<object?> Items(RenderState state, string name, object? value) => TemplateValue.Items(state, value)
        ?? throw state.Wrong($"gives {TemplateValue.Kind(value)} to the filter '{name}'", "a string, list or mapping");
}

/// <summary>value is name(arguments)</summary>
internal static class TemplateTests
{
    private static readonly string[] Known =
    [
        "boolean", "callable", "defined", "divisibleby", "equalto", "eq", "even", "false", "float", "ge", "gt", "in", "integer", "iterable", "le",
        "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined",
    ];

    public static bool Holds(RenderState state, string name, object? value, Arguments arguments)
    {
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "string" => value is string,
            "mapping" => value is OrderedDictionary<string, object?>,
            "iterable" or "sequence" => value is string or List<object?> or OrderedDictionary<string, object?> or Undefined,
            "number" => value is long or double or bool,
            "integer" => value is long,
            "float" => value is double,
            "boolean" => value is bool,
            "callable" => value is TemplateFunction,
            "true" => value is true,
            "false" => value is false,
            "odd" => Remainder(2) is 1,
            "even" => Remainder(2) is 0,
            "divisibleby" => arguments[0, "num"] is long divisor and not 0 && Remainder(divisor) is 0,
            "eq" or "equalto" or "==" => TemplateValue.AreEqual(state, value, arguments[0, "other"]),
            "ne" or "!=" => !TemplateValue.AreEqual(state, value, arguments[0, "other"]),
            "lt" => Compared("<"),
            "le" => Compared("<="),
            "gt" => Compared(">"),
            "ge" => Compared(">="),
            "in" => Compared("in"),
            _ => throw TemplateFilters.UserErrorOf(state, "test", name, Known),
        };

        long? Remainder(long divisor) => value is long n ? (n % divisor + divisor) % divisor : null;

        bool Compared(string op) => ComparisonExpression.Holds(state, op, value, arguments[0, "other"]);
    }
}
