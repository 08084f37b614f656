using System.Net;
using System.Text;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Report;

/// <summary>
/// report.html: one file with everything inside, no scripts, nothing fetched. Verdicts first, then figures, tables,
/// departures and settings. Equal reports give equal bytes.
/// </summary>
public static class ReportHtml
{
    /// <summary>The page.</summary>
    public static string Render(RunReport report, ReportPage page)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta name=\"color-scheme\" content=\"light dark\">\n")
            .Append($"<title>{E(page.Title)} · {E(report.Preset)}</title>\n<style>\n{ReportStyle.Css}</style>\n")
            .Append("</head>\n<body>\n<main>\n");
        Header(html, report, page);
        Claims(html, report);
        Figures(html, page.Figures);
        Tables(html, report.Tables);
        Departures(html, report);
        Run(html, report, page);
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Header(StringBuilder html, RunReport report, ReportPage page) => html
        .Append($"<header>\n<p class=\"eyebrow\">Retort · {E(report.Recipe)} · {E(report.Preset)}</p>\n")
        .Append($"<h1>{E(page.Title)}</h1>\n<p class=\"source\">{E(page.Source)}</p>\n")
        .Append($"<p class=\"summary\">{E(page.Summary ?? ReportWords.Summary(report))}</p>\n</header>\n");

    private static void Claims(StringBuilder html, RunReport report)
    {
        html.Append("<section aria-labelledby=\"claims\">\n<h2 id=\"claims\">Verdicts</h2>\n<table class=\"claims\">\n")
            .Append("<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Claim</th>")
            .Append("<th scope=\"col\">Measured, with interval</th><th scope=\"col\" class=\"number\">n</th></tr></thead>\n<tbody>\n");
        foreach (var claim in report.Claims)
        {
            var verdict = IntervalGlyph.VerdictClass(claim.Verdict);
            html.Append($"<tr id=\"claim-{E(claim.Id)}\">\n<td><span class=\"badge {verdict}\">{ReportWords.Name(claim.Verdict)}</span></td>\n")
                .Append($"<td><p class=\"statement\"><b>{E(claim.Id)}</b> {E(claim.Statement)}")
                .Append(claim.Headline ? " <span class=\"tag\">headline</span>" : "").Append("</p>\n");
            if (claim.Reason is { } reason)
            {
                html.Append($"<p class=\"reason\">{E(reason)}</p>\n");
            }

            html.Append("<dl>")
                .Append($"<dt>Paper</dt><dd>{E(claim.Paper)}</dd><dt>Rule</dt><dd>{E(claim.Rule)}</dd>")
                .Append($"<dt>Guard</dt><dd>{E(claim.Guard)}</dd></dl></td>\n")
                .Append($"<td class=\"estimate\">{Estimates(claim)}</td>\n")
                .Append($"<td class=\"number\">{(claim.N > 0 ? ReportWords.Number(claim.N) : "–")}</td>\n</tr>\n");
        }

        html.Append("</tbody>\n</table>\n</section>\n");
    }

    /// <summary>Every test's interval, under its quantity where there are several.</summary>
    private static string Estimates(ClaimResult claim) => claim.Tests.Count == 0
        ? $"<span>{ReportWords.Estimate(claim)}</span>"
        : string.Concat(claim.Tests.Select(test => (claim.Tests.Count > 1 ? $"<p class=\"quantity\">{E(test.Quantity)}</p>" : "")
            + $"{IntervalGlyph.Svg(test, IsGuarded(claim) ? claim.Verdict : test.Verdict)}<span>{ReportWords.Estimate(test)}</span>"));

    /// <summary>A guard took the verdict from the tests.</summary>
    private static bool IsGuarded(ClaimResult claim) => claim.Verdict == ClaimVerdict.Inconclusive
        && (claim.Tests.All(test => test.Verdict == ClaimVerdict.Holds) || claim.Tests.Any(test => test.Verdict == ClaimVerdict.Fails));

    /// <summary>The section of figures, if there are any.</summary>
    internal static void Figures(StringBuilder html, IReadOnlyList<Figure> figures)
    {
        if (figures.Count == 0)
        {
            return;
        }

        html.Append("<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n");
        foreach (var figure in figures)
        {
            html.Append($"<figure id=\"figure-{E(figure.Name)}\">\n<div class=\"scroll\">{FigureRenderer.InlineSvg(figure)}</div>\n")
                .Append($"<figcaption>{E(figure.Caption)}</figcaption>\n</figure>\n");
        }

        html.Append("</section>\n");
    }

    /// <summary>The section of tables, if there are any.</summary>
    internal static void Tables(StringBuilder html, IReadOnlyList<ReportTable> tables)
    {
        if (tables.Count == 0)
        {
            return;
        }

        html.Append("<section aria-labelledby=\"tables\">\n<h2 id=\"tables\">Tables</h2>\n");
        foreach (var table in tables)
        {
            // A column is numeric when nothing in it is text.
            var numeric = Enumerable.Range(0, table.Columns.Count)
                .Select(c => table.Rows.All(row => row.ElementAtOrDefault(c).Text is null)).ToArray();
            string Class(int column) => numeric[column] ? " class=\"number\"" : "";
            html.Append($"<div class=\"scroll\"><table class=\"data\">\n<caption>{E(table.Name)}</caption>\n<thead><tr>")
                .Append(string.Concat(table.Columns.Select((name, c) => $"<th scope=\"col\"{Class(c)}>{E(name)}</th>")))
                .Append("</tr></thead>\n<tbody>\n");
            foreach (var row in table.Rows)
            {
                html.Append("<tr>")
                    .Append(string.Concat(table.Columns.Select((_, c) =>
                        $"<td{Class(c)}>{CellText(row.ElementAtOrDefault(c))}</td>")))
                    .Append("</tr>\n");
            }

            html.Append("</tbody>\n</table></div>\n");
        }

        html.Append("</section>\n");
    }

    private static void Departures(StringBuilder html, RunReport report)
    {
        html.Append("<section aria-labelledby=\"departures\">\n<h2 id=\"departures\">Departures from the paper</h2>\n");
        html.Append(report.Departures.Count == 0
            ? "<p>None.</p>\n"
            : $"<ul>\n{string.Concat(report.Departures.Select(line => $"<li>{E(line)}</li>\n"))}</ul>\n");
        html.Append("</section>\n");
    }

    private static void Run(StringBuilder html, RunReport report, ReportPage page)
    {
        html.Append("<section aria-labelledby=\"run\">\n<h2 id=\"run\">This run</h2>\n<dl class=\"facts\">\n");
        void Fact(string name, string valueHtml) => html.Append($"<dt>{name}</dt><dd>{valueHtml}</dd>\n");
        Fact("Preset", E(report.Preset));
        Fact("Seeds", E(string.Join(", ", report.Seeds)));
        Fact("Wall time", ReportWords.Duration(report.WallSeconds));
        Fact("FLOPs, training", ReportWords.FlopsHtml(report.Flops.Train));
        Fact("FLOPs, sampling", ReportWords.FlopsHtml(report.Flops.Sample));
        Fact("Machine", E(page.Machine));
        Fact("Commit", $"<code>{E(report.Commit)}</code>");
        Fact("Configuration", $"<code>{E(report.ConfigSha256)}</code>");
        html.Append("</dl>\n<details>\n<summary>All settings</summary>\n")
            .Append($"<pre>{E(page.ConfigYaml)}</pre>\n</details>\n</section>\n");
    }

    private static string CellText(Cell cell) => cell.Number is { } number
        ? ReportWords.Number(number)
        : cell.Text is { } text ? E(text) : "–";

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
