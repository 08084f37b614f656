using System.Text.Json;
using Retort.Analysis;
using Retort.Core;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Retort.Recipes.Report;

/// <summary>A setting that differs between two runs; null where a run lacks it.</summary>
public readonly record struct SettingDifference(string Path, string? Left, string? Right);

/// <summary>
/// What differs between two runs: their settings, and what each does on the problems both were asked. Evaluations are
/// matched by (evaluation, model, temperature) and problems by their identifier, so the differences are paired.
/// </summary>
/// <param name="Settings">Differences of the configurations, in the left file's order, then the right's own.</param>
/// <param name="Outcomes">Right minus left with bootstrap intervals over shared problems.</param>
public sealed record RunComparison(IReadOnlyList<SettingDifference> Settings, ReportTable Outcomes)
{
    /// <summary>Compares two runs' folders.</summary>
    public static RunComparison Of(RunFolder left, RunFolder right, BootstrapSettings? bootstrap = null)
    {
        var rows = new List<IReadOnlyList<Cell>>();
        foreach (var evaluation in left.Evaluations.Intersect(right.Evaluations, StringComparer.Ordinal))
        {
            var (a, b) = (ReadOutcomes(left.EvaluationPath(evaluation)), ReadOutcomes(right.EvaluationPath(evaluation)));
            foreach (var group in a.Keys.Where(b.ContainsKey))
            {
                rows.AddRange(Rows(evaluation, group, a[group], b[group], bootstrap));
            }
        }

        return new(
            CompareSettings(left, right),
            new(
                "Outcomes on shared problems (right - left)",
                ["evaluation", "model", "temperature", "measure", "problems", "left", "right", "difference", "low", "high"],
                rows));
    }

    private static IEnumerable<IReadOnlyList<Cell>> Rows(
        string evaluation, (string Model, double Temperature) group, Dictionary<string, List<bool>> a,
        Dictionary<string, List<bool>> b, BootstrapSettings? bootstrap)
    {
        var shared = a.Keys.Where(b.ContainsKey).ToArray();
        if (shared.Length == 0)
        {
            yield break;
        }

        var samples = shared.Min(problem => Math.Min(a[problem].Count, b[problem].Count));
        foreach (var k in samples == 1 ? (int[])[1] : [1, samples])
        {
            var left = shared.Select(p => PassAtK.Estimate(a[p].ToArray(), k)).ToArray();
            var right = shared.Select(p => PassAtK.Estimate(b[p].ToArray(), k)).ToArray();
            var difference = Bootstrap.PairedDifference(right, left, bootstrap);
            yield return
            [
                evaluation, group.Model, group.Temperature, $"pass@{k}", shared.Length, Descriptive.Mean(left),
                Descriptive.Mean(right), difference.Value, difference.Low, difference.High,
            ];
        }
    }

    /// <summary>(model, temperature) -> problem -> outcomes of its samples, all in the file's order.</summary>
    private static Dictionary<(string, double), Dictionary<string, List<bool>>> ReadOutcomes(string path)
    {
        var groups = new Dictionary<(string, double), Dictionary<string, List<bool>>>();
        var number = 0;
        foreach (var line in RunFolder.Read(path).Split('\n'))
        {
            number++;
            if (line.Length == 0)
            {
                continue;
            }

            try
            {
                using var document = JsonDocument.Parse(line);
                var sample = document.RootElement;
                var problem = sample.GetProperty("problem");
                var key = (
                    sample.TryGetProperty("model", out var model) ? model.ToString() : "",
                    sample.TryGetProperty("temperature", out var temperature) ? temperature.GetDouble() : 0);
                Entry(Entry(groups, key), problem.ToString()).Add(sample.GetProperty("correct").GetBoolean());
            }
            catch (Exception fault)
                when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw UserError.Request(
                    $"{path}:{number}", $"is not a graded sample ({fault.Message})",
                    "an object with problem, model, temperature and correct");
            }
        }

        return groups;
    }

    private static TValue Entry<TKey, TValue>(Dictionary<TKey, TValue> map, TKey key)
        where TKey : notnull
        where TValue : new()
    {
        if (!map.TryGetValue(key, out var value))
        {
            map[key] = value = new();
        }

        return value;
    }

    private static List<SettingDifference> CompareSettings(RunFolder left, RunFolder right)
    {
        var (a, b) = (Flatten(left), Flatten(right));
        return [.. a.Keys.Concat(b.Keys.Where(key => !a.ContainsKey(key)))
            .Select(key => new SettingDifference(key, a.GetValueOrDefault(key), b.GetValueOrDefault(key)))
            .Where(difference => difference.Left != difference.Right)];
    }

    private static Dictionary<string, string> Flatten(RunFolder run)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(run.ReadConfig()));
            foreach (var document in yaml.Documents)
            {
                Flatten(document.RootNode, "", settings);
            }
        }
        catch (YamlException fault)
        {
            throw UserError.Request(run.ConfigPath, $"is not YAML ({fault.Message})", "a run's resolved configuration");
        }

        return settings;
    }

    private static void Flatten(YamlNode node, string path, Dictionary<string, string> settings)
    {
        switch (node)
        {
            case YamlMappingNode map:
                foreach (var (key, value) in map.Children)
                {
                    Flatten(value, path.Length == 0 ? $"{key}" : $"{path}.{key}", settings);
                }

                break;
            case YamlSequenceNode list when list.Children.Any(child => child is not YamlScalarNode):
                for (var i = 0; i < list.Children.Count; i++)
                {
                    Flatten(list.Children[i], $"{path}[{i}]", settings);
                }

                break;
            case YamlSequenceNode list:
                settings[path] = $"[{string.Join(", ", list.Children)}]";
                break;
            default:
                settings[path] = node.ToString();
                break;
        }
    }
}
