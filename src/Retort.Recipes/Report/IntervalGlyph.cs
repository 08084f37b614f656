using System.Globalization;

namespace Retort.Recipes.Report;

/// <summary>A test's estimate as a dot with a whisker against its threshold, small enough for a table's cell.</summary>
internal static class IntervalGlyph
{
    private const double Width = 190, Inset = 12, AxisY = 17;

    /// <summary>
    /// Inline SVG, or nothing where nothing was measured. The colour is the verdict's, by the page's CSS:
    /// <paramref name="verdict"/>, which a guard may have taken from the test.
    /// </summary>
    public static string Svg(TestResult test, ClaimVerdict verdict)
    {
        if (test is not { Value: { } value, Low: { } low, High: { } high })
        {
            return "";
        }

        double[] marks = [low, high, value, test.Threshold];
        var (min, max) = (marks.Min(), marks.Max());
        var span = max > min ? max - min : 1;
        string X(double at) => (Inset + (at - min) / span * (Width - 2 * Inset))
            .ToString("0.#", CultureInfo.InvariantCulture);
        var line = X(test.Threshold);
        return $"<svg class=\"interval {VerdictClass(verdict)}\" width=\"190\" height=\"46\" viewBox=\"0 0 190 46\" role=\"img\" "
            + $"aria-label=\"{ReportWords.Estimate(test)}, threshold {ReportWords.Number(test.Threshold)}\">"
            + $"<line class=\"axis\" x1=\"0\" x2=\"190\" y1=\"{AxisY}\" y2=\"{AxisY}\"/>"
            + $"<line class=\"threshold\" x1=\"{line}\" x2=\"{line}\" y1=\"4\" y2=\"30\"/>"
            + $"<text x=\"{line}\" y=\"42\" text-anchor=\"{Anchor(test.Threshold, min, max)}\">{ReportWords.Number(test.Threshold)}</text>"
            + $"<line class=\"whisker\" x1=\"{X(low)}\" x2=\"{X(high)}\" y1=\"{AxisY}\" y2=\"{AxisY}\"/>"
            + $"<circle cx=\"{X(value)}\" cy=\"{AxisY}\" r=\"5\"/></svg>";
    }

    /// <summary>The CSS class of a verdict.</summary>
    public static string VerdictClass(ClaimVerdict verdict) => ReportWords.Name(verdict).Replace(' ', '-');

    private static string Anchor(double at, double min, double max) =>
        at <= min ? "start" : at >= max ? "end" : "middle";
}
