using System.Reflection;
using System.Text;
using Retort.Core;

namespace Retort.Recipes.Configuration;

/// <summary>One row of the table of settings.</summary>
/// <param name="Path">As <c>--set</c> takes it: "training.learningRate".</param>
/// <param name="Value">The default, as YAML writes it.</param>
/// <param name="Unit">"tokens", "bytes"; null if it has none.</param>
/// <param name="Expected">What values are allowed, in words.</param>
/// <param name="Doc">What it means; empty if undocumented.</param>
public sealed record ConfigOption(string Path, string Value, string? Unit, string Expected, string Doc)
{
    /// <summary>The table as Markdown, for the docs.</summary>
    public static string Markdown(IEnumerable<ConfigOption> options)
    {
        var text = new StringBuilder("| setting | default | unit | allowed | meaning |\n|---|---|---|---|---|\n");
        foreach (var option in options)
        {
            text.Append($"| `{option.Path}` | `{option.Value}` | {option.Unit} | {option.Expected} | {option.Doc} |\n");
        }

        return text.ToString();
    }

    internal static IReadOnlyList<ConfigOption> Of(object settings)
    {
        var rows = new List<ConfigOption>();
        Collect(rows, settings, "");
        return rows;
    }

    private static void Collect(List<ConfigOption> rows, object settings, string path)
    {
        foreach (var property in SettingType.Properties(settings.GetType()))
        {
            var (type, value) = (SettingType.Of(property), property.GetValue(settings));
            var inner = path + SettingType.Key(property);
            if (type.Shape == SettingShape.Record && value is not null)
            {
                Collect(rows, value, inner + ".");
                continue;
            }

            var doc = property.GetCustomAttribute<DocAttribute>();
            var text = type is { Shape: SettingShape.List, Element.Shape: SettingShape.Record } ? "(list)" : ConfigWriter.Inline(value, type);
            rows.Add(new ConfigOption(inner, text, doc?.Unit, type.Expected(property), doc?.Text ?? ""));
        }
    }
}
