using System.Globalization;
using System.Text.Json;
using Retort.Analysis.Sampling;
using Retort.Core;
using Retort.Tasks.Answers;

namespace Retort.Cli.Curves;

/// <summary>
/// Sampled solutions of the Game of 24 as published with "Tree of thoughts" (Yao et al. 2023): a list of objects with <c>idx</c>, the
/// puzzle's place in 24.csv, and <c>ys</c>, the solutions' texts. Graded by <see cref="Game24"/>; the file's own marks are not read.
/// </summary>
internal static class Game24Reader
{
    private const string Expected = "a JSON list of objects with \"idx\" and \"ys\", the sampled texts";
    private const string PuzzlesName = "24.csv", PuzzlesExpected = "the list of puzzles (CSV with a column Puzzles, as 24.csv) beside the samples, or --puzzles FILE";

    public static SampleFile Read(string path, string? puzzlesPath)
    {
        using var document = InputFile.ReadDocument(path, Expected);
        if (document.RootElement.ValueKind != JsonValueKind.Array || document.RootElement.GetArrayLength() == 0)
        {
            throw UserError.Request(path, "is no list of puzzles with samples", Expected);
        }

        puzzlesPath ??= Path.Combine(Path.GetDirectoryName(path) ?? "", PuzzlesName);
        var puzzles = ReadPuzzles(puzzlesPath);
        var (problems, rows, places) = (new List<string>(), new List<GradedSample[]>(), new Dictionary<int, int>());
        foreach (var (i, element) in document.RootElement.EnumerateArray().Index())
        {
            var where = $"{path}, item {i + 1}";
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("idx", out var index) || !element.TryGetProperty("ys", out var samples)
                || index.ValueKind != JsonValueKind.Number || !index.TryGetInt32(out var puzzle) || samples.ValueKind != JsonValueKind.Array
                || samples.GetArrayLength() == 0 || samples.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String))
            {
                throw UserError.Request(where, "has no \"idx\" (a number) and \"ys\" (texts, at least one)", Expected);
            }

            if (puzzle < 0 || puzzle >= puzzles.Count)
            {
                throw UserError.Request(where, $"\"idx\" is {puzzle}", $"0..{puzzles.Count - 1}, a puzzle of {puzzlesPath}");
            }

            if (!places.TryAdd(puzzle, i + 1))
            {
                throw UserError.Request(where, $"has the puzzle {puzzle} again", $"each puzzle once; item {places[puzzle]} has it");
            }

            problems.Add(string.Join(' ', puzzles[puzzle]) + $" ({puzzle})");
            rows.Add([.. samples.EnumerateArray().Select(sample =>
            {
                var grade = Game24.Grade(puzzles[puzzle], sample.GetString()!);
                return new GradedSample(grade.Verdict.Correct, grade.Verdict.Answer, grade.Plan, grade.Execute);
            })]);
        }

        return new(
            [new(Path.GetFileNameWithoutExtension(path), problems, [double.NaN], [rows])], [],
            [
                "Correct: the answer's expression uses every number once and is exactly 24. Samples whose answer is no expression do not vote.",
                "Plan: the operations of the steps, carried out exactly, use every number once and come to 24. Execute: numbers are there, results and "
                    + "lists of what is left are right; samples without steps do not count.",
            ]);
    }

    /// <summary>The numbers of every puzzle, in the file's order.</summary>
    private static List<int[]> ReadPuzzles(string path)
    {
        var lines = InputFile.ReadLines(path, PuzzlesExpected);
        var column = lines.Length == 0 ? -1 : Array.IndexOf([.. lines[0].Split(',').Select(cell => cell.Trim())], "Puzzles");
        if (column < 0)
        {
            throw UserError.Request(path, "has no column Puzzles", PuzzlesExpected);
        }

        var puzzles = new List<int[]>();
        for (var i = 1; i < lines.Length; i++)
        {
            if (!string.IsNullOrWhiteSpace(lines[i]))
            {
                var words = (lines[i].Split(',').ElementAtOrDefault(column) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
                puzzles.Add(words.Length > 0 && words.All(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    ? [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))]
                    : throw UserError.Request($"{path}:{i + 1}", "names no numbers in its column Puzzles", "whole numbers separated by spaces"));
            }
        }

        return puzzles;
    }
}
