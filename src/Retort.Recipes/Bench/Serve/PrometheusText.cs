using System.Globalization;

namespace Retort.Recipes.Bench.Serve;

/// <summary>
/// Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats), as far as values go: one list of values
/// a name, whatever their labels. A colon in a name is read as an underscore, which exporters put in its place.
/// </summary>
internal sealed class PrometheusText
{
    private readonly Dictionary<string, List<double>> values = [];

    private PrometheusText()
    {
    }

    public static PrometheusText Parse(string text)
    {
        var metrics = new PrometheusText();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            metrics.Add(line.Trim());
        }

        return metrics;
    }

    /// <summary>Over all labels; null: no such metric.</summary>
    public double? Sum(string name) => values.TryGetValue(Plain(name), out var found) ? found.Sum() : null;

    /// <summary>Over all labels; null: no such metric.</summary>
    public double? Mean(string name) => values.TryGetValue(Plain(name), out var found) ? found.Average() : null;

    private void Add(ReadOnlySpan<char> line)
    {
        var end = line.IndexOfAny("{ \t");
        if (end <= 0 || line[0] == '#')
        {
            return;
        }

        var rest = line[end] == '{' ? line[(end + LabelsLength(line[end..]))..] : line[end..];
        rest = rest.TrimStart();
        var space = rest.IndexOfAny(" \t");
        if (double.TryParse(space < 0 ? rest : rest[..space], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value))
        {
            var name = Plain(line[..end].ToString());
            if (!values.TryGetValue(name, out var list))
            {
                values[name] = list = [];
            }

            list.Add(value);
        }
    }

    /// <summary>Characters of "{...}"; a brace inside quotes does not end it.</summary>
    private static int LabelsLength(ReadOnlySpan<char> labels)
    {
        var quoted = false;
        for (var i = 1; i < labels.Length; i++)
        {
            switch (labels[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '}' when !quoted:
                    return i + 1;
            }
        }

        return labels.Length;
    }

    private static string Plain(string name) => name.Replace(':', '_');
}
