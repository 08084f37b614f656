using System.Text.Json;
using Retort.Analysis;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Recipes.EchoChamber;

/// <summary>
/// What a model answered to every test problem: the graded samples of an evaluation file, read back, judged and sorted by format again.
/// Quantities are of chosen problems, as a bootstrap draws them.
/// </summary>
internal sealed class FormatOutcome
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Judges any problem of the task: its verifier knows no settings.</summary>
    public static readonly ScrambledArithmeticTask Task = new();

    // [format][problem]: share of the problem's samples in the format, and of those that are right too.
    private readonly double[][] shares = [[], [], []], rights = [[], [], []];
    private readonly double[] accuracies, majorities;

    private FormatOutcome(Sample[][] samples)
    {
        (NumProblems, NumSamples) = (samples.Length, samples[0].Length);
        for (var format = 0; format < shares.Length; format++)
        {
            bool IsOf(Sample sample) => sample.Format == (ArithmeticFormat)format;
            shares[format] = [.. samples.Select(problem => problem.Average(sample => IsOf(sample) ? 1.0 : 0))];
            rights[format] = [.. samples.Select(problem => problem.Average(sample => IsOf(sample) && sample.Verdict.Correct ? 1.0 : 0))];
        }

        accuracies = [.. samples.Select(problem => problem.Average(sample => sample.Verdict.Correct ? 1.0 : 0))];
        majorities = [.. samples.Select(problem => MajorityVote.IsCorrect(
            problem.Select(sample => new Vote(sample.Verdict.Answer, sample.Verdict.Correct))) ? 1.0 : 0)];
    }

    /// <summary>Problems.</summary>
    public int NumProblems { get; }

    /// <summary>Samples of a problem.</summary>
    public int NumSamples { get; }

    /// <summary>Share of the samples in a format.</summary>
    public double Share(ArithmeticFormat format, ReadOnlySpan<int> chosen) => Mean(shares[(int)format], chosen);

    /// <summary>Share of a format's samples that are right; NaN if it has none.</summary>
    public double Within(ArithmeticFormat format, ReadOnlySpan<int> chosen) => Mean(rights[(int)format], chosen) / Mean(shares[(int)format], chosen);

    /// <summary>Share of the samples that are right: pass@1; of a greedy outcome greedy accuracy.</summary>
    public double Accuracy(ReadOnlySpan<int> chosen) => Mean(accuracies, chosen);

    /// <summary>Share of the problems of which one sample at least is right: pass@n with all n samples.</summary>
    public double Coverage(ReadOnlySpan<int> chosen)
    {
        var solved = 0;
        foreach (var i in chosen)
        {
            solved += accuracies[i] > 0 ? 1 : 0;
        }

        return (double)solved / chosen.Length;
    }

    /// <summary>Share of the problems whose most frequent answer is right: majority@n with all n samples.</summary>
    public double Majority(ReadOnlySpan<int> chosen) => Mean(majorities, chosen);

    /// <summary>Judges what was written.</summary>
    /// <param name="items">Problems.</param>
    /// <param name="texts">Of each problem all samples, as many of each.</param>
    public static FormatOutcome Of(IReadOnlyList<TaskItem> items, IReadOnlyList<IReadOnlyList<string>> texts) => new(
    [
        .. items.Select((item, i) => texts[i].Select(text => new Sample(ScrambledArithmeticTask.FormatOf(text), Task.Verify(item, text))).ToArray()),
    ]);

    /// <summary>Reads an evaluation back.</summary>
    /// <exception cref="UserError">The file is not of these problems, or lacks some.</exception>
    public static FormatOutcome Read(string path, IReadOnlyList<TaskItem> items)
    {
        var texts = items.Select(_ => new List<(int Sample, string Text)>()).ToArray();
        var places = items.Select((item, place) => (item.Id, place)).ToDictionary(pair => pair.Id, pair => pair.place);
        var number = 0;
        foreach (var text in File.ReadLines(path))
        {
            var where = $"{path}:{++number}";
            var line = Parse(text, where);
            if (!places.TryGetValue(line.Problem, out var place) || items[place].Prompt != line.Prompt)
            {
                throw UserError.Request(where, $"problem {line.Problem} is not this run's", "the evaluation this run wrote");
            }

            texts[place].Add((line.Sample, line.Text));
        }

        return texts.Any(samples => samples.Count == 0 || samples.Count != texts[0].Count)
            ? throw UserError.Request(path, "lacks samples", $"as many of each of {items.Count} problems; delete the file to ask again")
            : Of(items, [.. texts.Select(samples => samples.OrderBy(sample => sample.Sample).Select(sample => sample.Text).ToArray())]);
    }

    private static double Mean(double[] values, ReadOnlySpan<int> chosen)
    {
        var sum = 0.0;
        foreach (var i in chosen)
        {
            sum += values[i];
        }

        return sum / chosen.Length;
    }

    private static Line Parse(string text, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, Json) is { Problem: not null, Prompt: not null, Text: not null } line
                ? line : throw new JsonException("a field is missing");
        }
        catch (JsonException fault)
        {
            throw UserError.Request(where, $"is not a graded sample ({fault.Message})", "the line this run wrote");
        }
    }

    private readonly record struct Sample(ArithmeticFormat? Format, Verdict Verdict);

    /// <summary>What is read of a graded sample.</summary>
    private sealed record Line(string Problem, string Prompt, string Text, int Sample);
}
