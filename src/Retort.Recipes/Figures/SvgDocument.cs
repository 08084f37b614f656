using System.Net;
using System.Text.RegularExpressions;

namespace Retort.Recipes.Figures;

/// <summary>
/// What the drawing library's SVG lacks: a view box so that it scales, a name and description for readers who cannot
/// see it, the font, and identifiers that stay unique when several figures share a page.
/// </summary>
internal static partial class SvgDocument
{
    public static string Standalone(string raw, Figure figure) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + Rewrite(raw, figure, $"<style>{FigureFont.Css}</style>") + "\n";

    public static string Inline(string raw, Figure figure) => Rewrite(raw, figure, "");

    private static string Rewrite(string raw, Figure figure, string head)
    {
        var start = raw.IndexOf("<svg", StringComparison.Ordinal);
        var body = raw.IndexOf('>', start) + 1;
        var content = raw[body..].TrimEnd();
        // The library counts identifiers over the whole process: count them anew, so that equal figures are equal.
        var numbers = new Dictionary<string, int>();
        content = Identifier().Replace(content, match =>
        {
            numbers.TryAdd(match.Groups[2].Value, numbers.Count);
            return $"{match.Groups[1].Value}{figure.Name}-{numbers[match.Groups[2].Value]}";
        });
        content = SemiBold().Replace(content, $"font-weight=\"600\" font-family=\"{FigureFont.Family}\"");
        var description = figure.Caption.Length > 0 ? $"<desc>{Escape(figure.Caption)}</desc>" : "";
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\" "
            + $"width=\"{figure.Width}\" height=\"{figure.Height}\" viewBox=\"0 0 {figure.Width} {figure.Height}\">"
            + $"<title>{Escape(figure.Title)}</title>{description}{head}{content}";
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    [GeneratedRegex("""(\bid="|url\(#|href="#)([^")]+)""")]
    private static partial Regex Identifier();

    // The font file calls its weight a family of its own; browsers want one family with weights.
    [GeneratedRegex("""(font-weight="\d+" )?font-family="Inter Semi ?Bold["]""")]
    private static partial Regex SemiBold();
}
