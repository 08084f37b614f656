using System.Globalization;
using System.Reflection;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>One word to a value and back, in the invariant culture.</summary>
internal static class ConfigScalar
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static object Read(ScalarNode node, SettingType type, PropertyInfo? property, string path)
    {
        var where = $"{node.Place}: {path}";
        UserError Wrong(string what, string? nearest = null) => UserError.Request(where, what, type.Expected(property), nearest);

        if (node.IsNull)
        {
            throw Wrong("has no value");
        }

        if (type.IsText)
        {
            return node.Text;
        }

        if (type.Parse is not null && !type.Type.IsPrimitive && !type.Type.IsEnum && type.Type != typeof(decimal))
        {
            return ReadOwn(node.Text, type, Wrong);
        }

        if (node.Quoted)
        {
            throw Wrong($"is text in quotes, \"{node.Text}\"");
        }

        if (type.Type.IsEnum)
        {
            return Enum.GetNames(type.Type).FirstOrDefault(name => SettingType.Key(name) == node.Text) is { } name
                ? Enum.Parse(type.Type, name)
                : throw Wrong($"is '{node.Text}'", NearestName.Of(node.Text, Enum.GetNames(type.Type).Select(SettingType.Key)));
        }

        var value = ReadNumber(node.Text, type.Type) ?? throw Wrong($"is '{node.Text}'");
        foreach (var rule in property?.GetCustomAttributes<SettingRuleAttribute>() ?? [])
        {
            if (value is IConvertible number and not bool && !rule.Allows(number.ToDouble(Invariant)))
            {
                throw Wrong($"is {node.Text}");
            }
        }

        return value;
    }

    /// <summary>The text that reads back as the same value.</summary>
    public static string Write(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        float number => Infinite(number) ?? number.ToString("R", Invariant),
        double number => Infinite(number) ?? number.ToString("R", Invariant),
        Enum word => SettingType.Key(word.ToString()),
        string text => Quote(text),
        IFormattable number when value.GetType().IsPrimitive => number.ToString(null, Invariant),
        IFormattable own => Quote(own.ToString(null, Invariant)),
        _ => Quote(value.ToString() ?? ""),
    };

    private static object ReadOwn(string text, SettingType type, Func<string, string?, UserError> wrong)
    {
        try
        {
            return type.Parse!.Invoke(null, [text])!;
        }
        catch (TargetInvocationException fault) when (fault.InnerException
            is UserError or FormatException or ArgumentException or OverflowException)
        {
            throw wrong($"is '{text}' ({fault.InnerException.Message})", null);
        }
    }

    private static object? ReadNumber(string text, Type type)
    {
        if (type == typeof(bool))
        {
            return text switch { "true" => true, "false" => false, _ => null };
        }

        if (type == typeof(float) || type == typeof(double) || type == typeof(decimal))
        {
            return ReadReal(text, type);
        }

        // 100_000 reads better than 100000; the underscores stand between digits.
        var digits = text.Contains('_', StringComparison.Ordinal) && !text.StartsWith('_') && !text.EndsWith('_')
            ? text.Replace("_", "", StringComparison.Ordinal)
            : text;
        return Int128.TryParse(digits, NumberStyles.AllowLeadingSign, Invariant, out var whole) && Fits(whole, type)
            ? Convert.ChangeType((decimal)whole, type, Invariant)
            : null;
    }

    private static object? ReadReal(string text, Type type)
    {
        if (type == typeof(decimal))
        {
            return decimal.TryParse(text, NumberStyles.Float, Invariant, out var exact) ? exact : null;
        }

        if (text is ".inf" or "-.inf")
        {
            var infinity = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return type == typeof(float) ? (float)infinity : infinity;
        }

        // A finite text that does not fit would become infinity: that is out of range, not a value.
        if (type == typeof(float))
        {
            return float.TryParse(text, NumberStyles.Float, Invariant, out var single) && float.IsFinite(single) ? single : null;
        }

        return double.TryParse(text, NumberStyles.Float, Invariant, out var number) && double.IsFinite(number) ? number : null;
    }

    private static bool Fits(Int128 value, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.SByte => value >= sbyte.MinValue && value <= sbyte.MaxValue,
        TypeCode.Byte => value >= byte.MinValue && value <= byte.MaxValue,
        TypeCode.Int16 => value >= short.MinValue && value <= short.MaxValue,
        TypeCode.UInt16 => value >= ushort.MinValue && value <= ushort.MaxValue,
        TypeCode.Int32 => value >= int.MinValue && value <= int.MaxValue,
        TypeCode.UInt32 => value >= uint.MinValue && value <= uint.MaxValue,
        TypeCode.Int64 => value >= long.MinValue && value <= long.MaxValue,
        TypeCode.UInt64 => value >= ulong.MinValue && value <= ulong.MaxValue,
        _ => throw new ArgumentException($"A setting of type {type} cannot be read."),
    };

    private static string? Infinite(double value) =>
        double.IsPositiveInfinity(value) ? ".inf"
        : double.IsNegativeInfinity(value) ? "-.inf"
        : double.IsNaN(value) ? throw new ArgumentException("A setting is NaN: it has no text that reads back.")
        : null;

    private static string Quote(string text)
    {
        var plain = text.Length > 0 && text[^1] != ' '
            && (char.IsAsciiLetterOrDigit(text[0]) || text[0] is '/' or '_' or '.')
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '.' or '-' or ' ' or '+')
            && text is not ("null" or "true" or "false" or "...");
        if (plain)
        {
            return text;
        }

        var quoted = new System.Text.StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' => $"\\u{(int)c:X4}",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
