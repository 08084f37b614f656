using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Core;

namespace Retort.Recipes.Report;

/// <summary>The content of report.json. Property names become snake_case.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Preset">smoke, quick, full or paper.</param>
/// <param name="Seeds">The seeds run.</param>
/// <param name="Commit">Commit the program was built from, or "unknown".</param>
/// <param name="ConfigSha256">SHA-256 of config.yaml in hexadecimal.</param>
/// <param name="WallSeconds">Duration, all sittings together.</param>
/// <param name="Flops">Work by the engine's own counters.</param>
/// <param name="Claims">Every claim of the recipe, whether judged or not.</param>
/// <param name="Tables">Results as numbers.</param>
/// <param name="Figures">Paths of figures, relative to the run's folder.</param>
/// <param name="Departures">How the run differs from the paper, a line each.</param>
public sealed record RunReport(
    string Recipe, string Preset, IReadOnlyList<ulong> Seeds, string Commit,
    [property: JsonPropertyName("config_sha256")] string ConfigSha256, double WallSeconds, FlopCounts Flops,
    IReadOnlyList<ClaimResult> Claims, IReadOnlyList<ReportTable> Tables, IReadOnlyList<string> Figures,
    IReadOnlyList<string> Departures)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>A claim was run and failed: exit code 3.</summary>
    [JsonIgnore]
    public bool AnyFails => Claims.Any(claim => claim.Verdict == ClaimVerdict.Fails);

    /// <summary>report.json's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>Reads report.json's text; <paramref name="where"/> names it in errors.</summary>
    public static RunReport FromJson(string text, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<RunReport>(text, Json) ?? throw new JsonException("it is null");
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            throw UserError.Request(where, $"is not a report ({fault.Message})", "a report.json written by 'retort run'");
        }
    }
}

/// <summary>Floating-point operations of a run; forward passes for training data and for samples are apart.</summary>
/// <param name="Train">Training, forward and backward.</param>
/// <param name="Sample">Generation.</param>
public sealed record FlopCounts(double Train, double Sample);

/// <summary>A judged claim. Value and ends are null where nothing was measured.</summary>
public sealed record ClaimResult(
    string Id, bool Headline, string Statement, string Paper, string Rule, string Guard,
    double? Value, double? Low, double? High, int N, ClaimVerdict Verdict,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null)
{
    /// <summary>Every test of the rule as measured, in its order; the first is the claim's own value.</summary>
    public IReadOnlyList<TestResult> Tests { get; init; } = [];
}

/// <summary>One test of a claim's rule as measured. Value and ends are null where they are not finite.</summary>
/// <param name="Quantity">What was measured.</param>
/// <param name="Value">Estimate.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="Threshold">Where the test draws its line.</param>
/// <param name="Verdict">Of this test alone, guards apart.</param>
public sealed record TestResult(string Quantity, double? Value, double? Low, double? High, double Threshold, ClaimVerdict Verdict);

/// <summary>A table of results.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Columns">Headings with units.</param>
/// <param name="Rows">Each as long as <paramref name="Columns"/>.</param>
public sealed record ReportTable(string Name, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<Cell>> Rows);

/// <summary>A text, a number or nothing.</summary>
[JsonConverter(typeof(CellConverter))]
public readonly record struct Cell(string? Text, double? Number)
{
    /// <summary>A text cell.</summary>
    public static implicit operator Cell(string text) => new(text, null);

    /// <summary>A number cell; empty when not finite.</summary>
    public static implicit operator Cell(double number) => new(null, double.IsFinite(number) ? number : null);

    /// <summary>A number cell.</summary>
    public static implicit operator Cell(int number) => new(null, number);
}

internal sealed class CellConverter : JsonConverter<Cell>
{
    public override Cell Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.String => new(reader.GetString(), null),
            JsonTokenType.Number => new(null, reader.GetDouble()),
            JsonTokenType.Null => default,
            _ => throw new JsonException("a cell is a text, a number or null"),
        };

    public override void Write(Utf8JsonWriter writer, Cell value, JsonSerializerOptions options)
    {
        if (value.Number is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value.Text);
        }
    }

    public override bool HandleNull => true;
}
