using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Core;
using Retort.Recipes.Figures;

namespace Retort.Cli.Commands;

/// <summary>A simulation's result in the three forms it is asked for.</summary>
/// <param name="Json">One object.</param>
/// <param name="Table">Lines of at most 80 columns.</param>
/// <param name="Figures">Drawn when written to a folder.</param>
internal sealed record SimulateReport(string Json, string Table, IReadOnlyList<Figure> Figures)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Writes figures/*.svg and .png, table.txt and simulate.json.</summary>
    public void Write(string folder)
    {
        AtomicFile.WriteText(Path.Combine(folder, "simulate.json"), Json + "\n");
        AtomicFile.WriteText(Path.Combine(folder, "table.txt"), Table.ReplaceLineEndings("\n"));
        foreach (var figure in Figures)
        {
            AtomicFile.WriteText(Path.Combine(folder, "figures", figure.Name + ".svg"), FigureRenderer.Svg(figure));
            var png = FigureRenderer.Png(figure);
            AtomicFile.Write(Path.Combine(folder, "figures", figure.Name + ".png"), stream => stream.Write(png));
        }
    }

    /// <summary>Columns as wide as their widest cell, the first to the left and the rest to the right.</summary>
    public static string Columns(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])));
            text.AppendLine(line.TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>A number with so many significant digits, without an exponent; 0 where its first nine places show nothing.</summary>
    public static string Significant(double value, int digits)
    {
        if (Math.Abs(value) < 0.5e-9 || !double.IsFinite(value))
        {
            return double.IsFinite(value) ? "0" : value.ToString(CultureInfo.InvariantCulture);
        }

        // The exponent of what is printed: 0.9999 is 1.00.
        var rounded = value.ToString(FormattableString.Invariant($"E{digits - 1}"), CultureInfo.InvariantCulture);
        var exponent = int.Parse(rounded.AsSpan(rounded.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return value.ToString(FormattableString.Invariant($"F{Math.Clamp(digits - 1 - exponent, 0, 9)}"), CultureInfo.InvariantCulture);
    }
}
