using System.Collections;
using System.Reflection;
using System.Text;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>Records to YAML: block style, settings in the order declared, unit and meaning behind each.</summary>
internal static class ConfigWriter
{
    private const int CommentColumn = 36;

    public static string Write(object settings)
    {
        var text = new StringBuilder();
        WriteRecord(text, settings, indent: 0, hang: false);
        return text.ToString();
    }

    private static void WriteRecord(StringBuilder text, object settings, int indent, bool hang)
    {
        foreach (var property in SettingType.Properties(settings.GetType()))
        {
            var (key, value, type) = (SettingType.Key(property), property.GetValue(settings), SettingType.Of(property));
            var lead = hang ? "" : new string(' ', indent);
            hang = false;
            if (value is not null && type.Shape == SettingShape.Record && SettingType.Properties(type.Type).Any())
            {
                Line(text, $"{lead}{key}:", property);
                WriteRecord(text, value, indent + 2, hang: false);
            }
            else if (value is IEnumerable items && type is { Shape: SettingShape.List, Element.Shape: not SettingShape.Scalar } && items.Cast<object>().Any())
            {
                Line(text, $"{lead}{key}:", property);
                WriteItems(text, items, indent + 2);
            }
            else
            {
                Line(text, $"{lead}{key}: {Inline(value, type)}", property);
            }
        }
    }

    /// <summary>Records, one "- " each.</summary>
    private static void WriteItems(StringBuilder text, IEnumerable items, int indent)
    {
        foreach (var item in items)
        {
            text.Append(' ', indent).Append("- ");
            if (item is IEnumerable inner)
            {
                text.Append(Inline(inner, SettingType.Of(item.GetType()))).Append('\n');
            }
            else
            {
                WriteRecord(text, item, indent + 2, hang: true);
            }
        }
    }

    public static string Inline(object? value, SettingType type) => (value, type.Shape) switch
    {
        (null, _) => "null",
        (_, SettingShape.Record) => "{}",
        (IEnumerable items, SettingShape.List) =>
            "[" + string.Join(", ", items.Cast<object?>().Select(item => Inline(item, type.Element!))) + "]",
        _ => ConfigScalar.Write(value),
    };

    private static void Line(StringBuilder text, string line, PropertyInfo property)
    {
        text.Append(line);
        var doc = property.GetCustomAttribute<DocAttribute>();
        var comment = doc is null ? "" : doc.Unit is null ? doc.Text : $"{doc.Unit}: {doc.Text}";
        if (comment.Length > 0)
        {
            text.Append(' ', Math.Max(1, CommentColumn - line.Length)).Append("# ").Append(comment.ReplaceLineEndings(" "));
        }

        text.Append('\n');
    }
}
