using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Analysis;
using Retort.Core;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Report;

/// <summary>What was found in graded samples, in every form it is asked for: no claims, so no verdicts.</summary>
public abstract class AnalysisReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FlatNumbers() },
    };

    private readonly string command, title, source;
    private readonly IReadOnlyList<string> figureNames;

    /// <param name="command">The command that made it.</param>
    /// <param name="title">What was looked at.</param>
    /// <param name="source">Where the samples come from.</param>
    /// <param name="content">Serialized with snake_case names.</param>
    /// <param name="tables">Their rows fit into 80 columns.</param>
    /// <param name="figures">The most important first.</param>
    /// <param name="findings">Results that stand in no table, a sentence each.</param>
    /// <param name="notes">How the samples were read and what to keep in mind, a sentence each.</param>
    /// <param name="figureNames">Of all figures that such a report may have, without a number at their end.</param>
    protected AnalysisReport(
        string command, string title, string source, object content, IReadOnlyList<ReportTable> tables, IReadOnlyList<Figure> figures,
        IReadOnlyList<string> findings, IReadOnlyList<string> notes, IReadOnlyList<string> figureNames)
    {
        (this.command, this.title, this.source, this.figureNames) = (command, title, source, figureNames);
        (Tables, Figures, Findings, Notes) = (tables, figures, findings, notes);
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
                && figureNames.Contains(name.TrimEnd("0123456789".ToCharArray()).TrimEnd('-')))
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
            .Append($"<header>\n<p class=\"eyebrow\">Retort · {E(command)}</p>\n<h1>{E(title)}</h1>\n<p class=\"source\">{E(source)}</p>\n</header>\n");
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

    /// <summary>How the intervals were made, in a sentence.</summary>
    protected static string IntervalNote(BootstrapSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return string.Create(
            CultureInfo.InvariantCulture, $"Intervals: {100 * settings.Level:0.#} %, bootstrap over problems, {settings.Resamples:#,0} resamples, seed {settings.Seed}.");
    }

    private static string E(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Lists of numbers on one line, and no number where there is none.</summary>
    private sealed class FlatNumbers : JsonConverter<double[]>
    {
        public override double[]? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, double[] value, JsonSerializerOptions options) =>
            writer.WriteRawValue(JsonSerializer.Serialize(value.Select(number => Math.Round(number, 6))));
    }
}
