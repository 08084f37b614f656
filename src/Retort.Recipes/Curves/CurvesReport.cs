using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Analysis;
using Retort.Analysis.Sampling;
using Retort.Core;
using Retort.Recipes.Figures;
using Retort.Recipes.Report;

namespace Retort.Recipes.Curves;

/// <summary>What a verifier's choice among samples adds to a model.</summary>
/// <param name="Name">Of both models together.</param>
/// <param name="PassAt1">Without and with.</param>
public sealed record VerifierGain(string Name, BeforeAfter PassAt1)
{
    /// <summary>Of a model's own answers and of those its verifier chose, on the same problems.</summary>
    public static VerifierGain Of(string name, SampleSet without, SampleSet with, BootstrapSettings bootstrap) =>
        new(name, WallComparison.PassAt1(without, with, bootstrap));
}

/// <summary>What was found in graded samples, in every form it is asked for.</summary>
public sealed class CurvesReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FlatNumbers() },
    };

    // Of all figures that a report may have, without a model's number.
    private static readonly string[] FigureNames =
    [
        "pass-at-k", "pass-at", "precision", "precision-before", "precision-after", "same-order", "temperature", "gain-bins", "plan-execute", "verify",
    ];

    private readonly string title, eyebrow;

    private CurvesReport(
        string title, string eyebrow, object content, IReadOnlyList<ReportTable> tables, IReadOnlyList<Figure> figures,
        IReadOnlyList<string> findings, IReadOnlyList<string> notes)
    {
        (this.title, this.eyebrow, Tables, Figures, Findings, Notes) = (title, eyebrow, tables, figures, findings, notes);
        Json = JsonSerializer.Serialize(content, Options);
    }

    /// <summary>One object.</summary>
    public string Json { get; }

    /// <summary>Tables whose rows fit into 80 columns.</summary>
    public IReadOnlyList<ReportTable> Tables { get; }

    /// <summary>Figures, the most important first.</summary>
    public IReadOnlyList<Figure> Figures { get; }

    /// <summary>Results that stand in no table, a sentence each.</summary>
    public IReadOnlyList<string> Findings { get; }

    /// <summary>How the samples were read and what to keep in mind, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Models by themselves.</summary>
    /// <param name="source">The file and its format, for titles.</param>
    /// <param name="models">At least one.</param>
    /// <param name="verifiers">Pairs of them, if any.</param>
    /// <param name="notes">What the reader has to say.</param>
    /// <param name="settings">How they were looked at.</param>
    public static CurvesReport Of(
        string source, IReadOnlyList<ModelCurves> models, IReadOnlyList<VerifierGain> verifiers, IReadOnlyList<string> notes, CurvesSettings settings)
    {
        var told = (string[])
        [
            .. notes,
            .. models.SelectMany(model => model.Temperatures.Where(row => row.Fewest != row.Most).Select(row =>
                $"{model.Model}: problems have {row.Fewest} to {row.Most} samples{CurvesWords.AtTemperature(row.Temperature)}; "
                + $"pass@k and coverage are unbiased for each problem, coverage with K = {row.Fewest}.")),
            .. CurvesFigures.LeftOut(models) is { Count: > 0 } left ? [$"The figure of pass@k leaves out {string.Join(", ", left)}; tables and JSON have all models."] : (string[])[],
            Method(settings.Bootstrap),
        ];
        return new(
            models.Count == 1 ? $"Samples of {models[0].Model}" : $"Samples of {models.Count} models", source,
            new
            {
                Source = source,
                Curves = models.SelectMany(model => model.Temperatures.Select(row => CurvesJson.Of(model, row))),
                Models = models.Select(CurvesJson.Of),
                Verification = verifiers.Select(one => new { one.Name, pass_at_1 = CurvesJson.Of(one.PassAt1) }),
                Bootstrap = CurvesJson.Of(settings.Bootstrap),
                Notes = told,
            },
            CurvesTables.Of(models, verifiers), CurvesFigures.Of(models, verifiers), CurvesTables.Findings(models), told);
    }

    /// <summary>A model before and after.</summary>
    /// <param name="source">The files and their format, for titles.</param>
    /// <param name="walls">Pairs of models, at least one.</param>
    /// <param name="notes">What the reader has to say.</param>
    /// <param name="settings">How they were looked at.</param>
    public static CurvesReport Of(string source, IReadOnlyList<WallComparison> walls, IReadOnlyList<string> notes, CurvesSettings settings)
    {
        var told = (string[])
        [
            .. notes,
            .. walls.Where(wall => !HaveEqualSamples(wall)).Select(wall =>
                $"{wall.Before.Model}: the numbers of samples differ; coverage is unbiased with as many as the fewest, and newly solved counts what all samples show."),
            Method(settings.Bootstrap),
        ];
        return new(
            walls.Count == 1 ? $"{walls[0].Before.Model} before, {walls[0].After.Model} after" : $"{walls.Count} models before and after", source,
            new { Source = source, Comparisons = walls.Select(CurvesJson.Of), Bootstrap = CurvesJson.Of(settings.Bootstrap), Notes = told },
            [.. walls.SelectMany(CurvesTables.Of)],
            [.. walls.SelectMany((wall, i) => CurvesFigures.Of(wall).Select(figure => walls.Count == 1 ? figure : figure with { Name = $"{figure.Name}-{i + 1}" }))],
            [.. walls.SelectMany(wall => CurvesTables.Findings(wall).Select(line => walls.Count == 1 ? line : $"{wall.Before.Model}: {line}"))], told);
    }

    /// <summary>Writes report.json, report.html and figures/*.svg and .png. A folder that holds a run of a recipe is refused.</summary>
    public void Write(string folder)
    {
        RequireWritable(folder);
        foreach (var figure in Figures)
        {
            AtomicFile.WriteText(Path.Combine(folder, "figures", figure.Name + ".svg"), FigureRenderer.Svg(figure));
            var png = FigureRenderer.Png(figure);
            AtomicFile.Write(Path.Combine(folder, "figures", figure.Name + ".png"), stream => stream.Write(png));
        }

        RemoveOldFigures(folder);
        AtomicFile.WriteText(Path.Combine(folder, "report.html"), Html());
        AtomicFile.WriteText(Path.Combine(folder, "report.json"), Json + "\n");
    }

    /// <summary>Figures of an older report that this one does not have: they would show other samples.</summary>
    private void RemoveOldFigures(string folder)
    {
        var own = Figures.Select(figure => figure.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.Exists(Path.Combine(folder, "figures")) ? Directory.GetFiles(Path.Combine(folder, "figures")) : [])
        {
            if (Path.GetExtension(path) is ".svg" or ".png" && Path.GetFileNameWithoutExtension(path) is var name && !own.Contains(name)
                && FigureNames.Contains(name.TrimEnd("0123456789".ToCharArray()).TrimEnd('-')))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Refuses a folder that <see cref="Write"/> would refuse, before the work.</summary>
    public static void RequireWritable(string folder)
    {
        if (File.Exists(Path.Combine(folder, "config.yaml")))
        {
            throw UserError.Request(folder, "holds a run, whose report would be replaced", "another folder");
        }

        AtomicFolder.RequireWritable(folder);
    }

    /// <summary>One page with everything inside.</summary>
    public string Html()
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
            .Append($"<title>{E(title)}</title>\n<style>\n{ReportStyle.Css}</style>\n</head>\n<body>\n<main>\n")
            .Append($"<header>\n<p class=\"eyebrow\">Retort · eval curves</p>\n<h1>{E(title)}</h1>\n<p class=\"source\">{E(eyebrow)}</p>\n</header>\n");
        List(html, "Findings", Findings);
        ReportHtml.Figures(html, Figures);
        ReportHtml.Tables(html, Tables);
        List(html, "Notes", Notes);
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void List(StringBuilder html, string name, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            html.Append($"<section>\n<h2>{name}</h2>\n<ul>\n{string.Concat(lines.Select(line => $"<li>{E(line)}</li>\n"))}</ul>\n</section>\n");
        }
    }

    private static string Method(BootstrapSettings settings) => string.Create(
        CultureInfo.InvariantCulture, $"Intervals: {100 * settings.Level:0.#} %, bootstrap over problems, {settings.Resamples:#,0} resamples, seed {settings.Seed}.");

    private static bool HaveEqualSamples(WallComparison wall) => wall.Before.Samples.Zip(wall.After.Samples).All(
        row => row.First.Concat(row.Second).Select(samples => samples.Length).Distinct().Count() == 1);

    private static string E(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Lists of numbers on one line, and no number where there is none.</summary>
    private sealed class FlatNumbers : JsonConverter<double[]>
    {
        public override double[]? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, double[] value, JsonSerializerOptions options) =>
            writer.WriteRawValue(JsonSerializer.Serialize(value.Select(number => Math.Round(number, 6))));
    }
}
