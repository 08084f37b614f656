using System.Globalization;
using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Simulation;

namespace Retort.Cli;

/// <summary>
/// Recorded lengths: one number a line; CSV whose header names output_tokens and, where known, prompt_tokens, arrival_seconds and
/// predicted; or JSON objects with these fields, one a line. Other columns and fields are passed over.
/// </summary>
internal static class LengthTrace
{
    public const string Expected =
        "a size a line; or CSV with a column output_tokens, or JSON lines with that field, and if known prompt_tokens, arrival_seconds, predicted";

    private const string Output = "output_tokens", Prompt = "prompt_tokens", Arrival = "arrival_seconds", Predicted = "predicted";
    private const double Largest = 1e9;

    private static readonly string[] Names = [Output, Prompt, Arrival, Predicted];

    /// <summary>The requests of a file, at least one, in its order; each optional part is in all of them or in none.</summary>
    public static IReadOnlyList<TracedRequest> Read(string path)
    {
        var lines = InputFile.ReadLines(path, Expected);
        var first = Array.FindIndex(lines, line => !string.IsNullOrWhiteSpace(line));
        if (first < 0)
        {
            throw UserError.Request(path, "holds nothing", Expected);
        }

        var rows = lines[first].TrimStart().StartsWith('{')
            ? InputFile.ReadObjects(path, Expected).Select(OfObject).ToList()
            : OfColumns(path, lines, first);
        foreach (var (name, part) in (ReadOnlySpan<(string, Func<TracedRequest, bool>)>)[
            (Prompt, row => row.PromptTokens is null), (Arrival, row => row.ArrivalSeconds is null),
            (Predicted, row => row.PredictedTokens is null)])
        {
            if (rows.Any(part) && !rows.All(part))
            {
                throw UserError.Request(path, $"has {name} in some requests only", $"{name} in all of them or in none");
            }
        }

        return rows;
    }

    private static TracedRequest OfObject(JsonLine line) => Of(line.Where, name =>
        !line.Fields.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null
            ? null
            : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : throw Wrong(line.Where, name, value.GetRawText()));

    private static List<TracedRequest> OfColumns(string path, string[] lines, int first)
    {
        var head = Cells(lines[first]);
        var isNamed = head.Any(cell => !IsNumber(cell));
        var names = isNamed ? head : [Output];
        if (!names.Contains(Output))
        {
            throw UserError.Request(
                $"{path}:{first + 1}", $"'{lines[first].Trim()}' names no {Output}", Expected, NearestName.Of(names[0], [Output]));
        }

        var rows = new List<TracedRequest>();
        for (var i = isNamed ? first + 1 : first; i < lines.Length; i++)
        {
            if (!string.IsNullOrWhiteSpace(lines[i]))
            {
                var (where, cells) = ($"{path}:{i + 1}", Cells(lines[i]));
                rows.Add(cells.Length == names.Length
                    ? Of(where, name => Array.IndexOf(names, name) is >= 0 and var at && cells[at].Length > 0 ? cells[at] : null)
                    : throw UserError.Request(where, $"has {cells.Length} columns", isNamed ? $"the header's {names.Length}" : Expected));
            }
        }

        return rows.Count > 0 ? rows : throw UserError.Request(path, "holds no requests", Expected);
    }

    private static TracedRequest Of(string where, Func<string, string?> field)
    {
        var numbers = Names.Select(name => field(name) is { } text ? Number(where, name, text) : (double?)null).ToArray();
        var output = numbers[0] ?? throw UserError.Request(where, $"has no {Output}", Expected);
        return new(output, (int?)numbers[1], numbers[2], numbers[3]);
    }

    private static double Number(string where, string name, string text)
    {
        var isRight = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value <= Largest && name switch
        {
            Arrival => value >= 0,
            Prompt => value >= 1 && value == Math.Floor(value),
            _ => value > 0,
        };
        return isRight ? value : throw Wrong(where, name, text);
    }

    private static UserError Wrong(string where, string name, string text) => UserError.Request(where, $"{name} is '{text}'", name switch
    {
        Arrival => "a number of seconds, 0 to 1e9",
        Prompt => "a whole number, 1 to 1e9",
        _ => "a number above 0, at most 1e9",
    });

    private static string[] Cells(string line) => [.. line.Split(',').Select(cell => cell.Trim().Trim('"'))];

    private static bool IsNumber(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
