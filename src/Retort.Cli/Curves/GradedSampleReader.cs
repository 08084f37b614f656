using System.Globalization;
using System.Text.Json;
using Retort.Analysis.Sampling;
using Retort.Core;

namespace Retort.Cli.Curves;

/// <summary>
/// Graded samples, one JSON object a line: <c>problem</c> and <c>correct</c>, and on every line or on none <c>model</c>,
/// <c>temperature</c>, <c>sample</c>, <c>answer</c>, <c>plan</c>, <c>execute</c>. Other fields are passed over.
/// </summary>
internal static class GradedSampleReader
{
    private const string Expected = "objects with \"problem\" and \"correct\", and if known model, temperature, sample, answer, plan, execute, one a line";
    private const string Problem = "problem", Correct = "correct", Model = "model", Temperature = "temperature", Sample = "sample", Answer = "answer",
        Plan = "plan", Execute = "execute";

    private static readonly string[] Optional = [Model, Temperature, Sample, Answer, Plan, Execute];

    public static SampleFile Read(string path)
    {
        var models = new OrderedDictionary<string, ModelSamples>(StringComparer.Ordinal);
        var (first, schema) = ("", Array.Empty<bool>());
        foreach (var line in InputFile.EachObject(path, Expected))
        {
            var has = Optional.Select(name => line.Fields.TryGetProperty(name, out _)).ToArray();
            if (first.Length == 0)
            {
                (first, schema) = (line.Where, has);
            }

            if (Enumerable.Range(0, has.Length).FirstOrDefault(i => has[i] != schema[i], -1) is >= 0 and var at)
            {
                throw UserError.Request(
                    line.Where, $"has {(has[at] ? "a" : "no")} \"{Optional[at]}\"", $"it on every line or on none; {first} has {(schema[at] ? "it" : "none")}");
            }

            var model = has[0] ? ModelName(line) : Path.GetFileNameWithoutExtension(path);
            if (!models.TryGetValue(model, out var samples))
            {
                models[model] = samples = new(path, model);
            }

            samples.Add(line.Where, Identifier(line), has[1] ? Degrees(line) : double.NaN, has[2] ? Number(line) : null, new(
                Mark(line, Correct) ?? throw Wrong(line, Correct, "true or false"), has[3] ? FinalAnswer(line) : null,
                has[4] ? Mark(line, Plan) : null, has[5] ? Mark(line, Execute) : null));
        }

        return new([.. models.Values.Select(samples => samples.ToSet())], [], []);
    }

    /// <summary>A text or a whole number: both name a problem.</summary>
    internal static string Identifier(JsonLine line) => Field(line, Problem) switch
    {
        { ValueKind: JsonValueKind.String } text => Name(line, Problem, text.GetString()!),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => throw Wrong(line, Problem, "a text or a number"),
    };

    internal static string ModelName(JsonLine line) =>
        Field(line, Model) is { ValueKind: JsonValueKind.String } text ? Name(line, Model, text.GetString()!) : throw Wrong(line, Model, "a text");

    /// <summary>Names go to terminals and into pages: what would steer these is none.</summary>
    internal static string Name(JsonLine line, string field, string name) =>
        name.Any(char.IsControl) ? throw UserError.Request(line.Where, $"\"{field}\" has a control character", "a name of one line, of letters, digits and signs") : name;

    internal static string? FinalAnswer(JsonLine line) => Field(line, Answer) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        { ValueKind: JsonValueKind.Null } => null,
        _ => throw Wrong(line, Answer, "a text, a number or null"),
    };

    internal static double Degrees(JsonLine line) =>
        Field(line, Temperature) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && value is >= 0 and < 1e6
            ? Rounded(value)
            : throw Wrong(line, Temperature, "a number of 0 or above");

    /// <summary>0.7 that was kept in single precision is 0.7 again.</summary>
    private static double Rounded(double value) =>
        double.Parse(((float)value).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    internal static long? Number(JsonLine line) =>
        Field(line, Sample) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) && value >= 0
            ? value
            : throw Wrong(line, Sample, "a whole number of 0 or above");

    private static bool? Mark(JsonLine line, string name) => Field(line, name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null when name != Correct => null,
        _ => throw Wrong(line, name, name == Correct ? "true or false" : "true, false or null"),
    };

    internal static JsonElement Field(JsonLine line, string name, string expected = Expected) => line.Fields.TryGetProperty(name, out var value)
        ? value
        : throw UserError.Request(
            line.Where, $"has no \"{name}\"", expected, NearestName.Of(name, line.Fields.EnumerateObject().Select(field => field.Name)));

    internal static UserError Wrong(JsonLine line, string name, string expected)
    {
        var text = line.Fields.GetProperty(name).GetRawText();
        return UserError.Request(line.Where, $"\"{name}\" is {(text.Length > 40 ? text[..40] + "..." : text)}", expected);
    }

    /// <summary>The samples of one model as they come.</summary>
    private sealed class ModelSamples(string path, string model)
    {
        private readonly OrderedDictionary<string, int> problems = new(StringComparer.Ordinal);
        private readonly SortedDictionary<double, Dictionary<string, List<(long Number, GradedSample Sample)>>> rows = [];
        private readonly Dictionary<(string, double, long), string> seen = [];

        public void Add(string where, string problem, double temperature, long? number, GradedSample sample)
        {
            if (number is { } known && !seen.TryAdd((problem, temperature, known), where))
            {
                throw UserError.Request(
                    where, $"problem {problem}, temperature {Named(temperature)}, sample {known} of {model} is there already",
                    $"each sample once; {seen[(problem, temperature, known)]} has it");
            }

            problems.TryAdd(problem, problems.Count);
            if (!rows.TryGetValue(temperature, out var row))
            {
                rows[temperature] = row = new(StringComparer.Ordinal);
            }

            if (!row.TryGetValue(problem, out var samples))
            {
                row[problem] = samples = [];
            }

            samples.Add((number ?? samples.Count, sample));
        }

        public SampleSet ToSet()
        {
            foreach (var (temperature, row) in rows)
            {
                if (problems.Keys.FirstOrDefault(problem => !row.ContainsKey(problem)) is { } missing)
                {
                    throw UserError.Request(
                        path, $"{model} has no sample of problem {missing} at temperature {Named(temperature)}",
                        "the same problems at every temperature of a model");
                }
            }

            return new(
                model, [.. problems.Keys], [.. rows.Keys],
                [.. rows.Values.Select(row => problems.Keys.Select(problem => row[problem].OrderBy(one => one.Number).Select(one => one.Sample).ToArray()).ToArray())]);
        }

        private static string Named(double temperature) => double.IsNaN(temperature) ? "-" : temperature.ToString(CultureInfo.InvariantCulture);
    }
}
