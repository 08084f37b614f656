using System.Text.Json;
using Retort.Analysis.Sampling;
using Retort.Core;
using Retort.Tasks.Answers;

namespace Retort.Cli.Curves;

/// <summary>
/// Solutions of models to GSM8K problems as published with it (Cobbe et al. 2021): <c>question</c>, <c>ground_truth</c> and, for every
/// model, an object with <c>solution</c> and <c>is_correct</c>. Correctness is the published one. Execution: every step in
/// <c>&lt;&lt; &gt;&gt;</c> is right. Plan: the steps put together are the reference's (<see cref="CalculatorSteps"/>).
/// </summary>
internal static class Gsm8kReader
{
    private const string Expected = "objects with question, ground_truth and, for every model, {\"solution\", \"is_correct\"}, one a line";
    private const string Question = "question", Reference = "ground_truth", Solution = "solution", IsCorrect = "is_correct";
    private const string Own = "_finetuning", Chosen = "_verification";

    private static readonly AnswerRule Rule = new();

    public static SampleFile Read(string path)
    {
        var (problems, questions) = (new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        var (models, planless) = (new OrderedDictionary<string, List<GradedSample[]>>(StringComparer.Ordinal), 0);
        foreach (var line in InputFile.EachObject(path, Expected))
        {
            var (question, reference) = (Text(line, Question), Text(line, Reference));
            if (!questions.TryAdd(question, line.Where))
            {
                throw UserError.Request(line.Where, "has a question that was asked before", $"each problem once; {questions[question]} has it");
            }

            var names = line.Fields.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Object).Select(field => GradedSampleReader.Name(line, "a model's name", field.Name)).ToArray();
            if (problems.Count == 0)
            {
                models = new(names.Select(name => KeyValuePair.Create(name, new List<GradedSample[]>())), StringComparer.Ordinal);
            }

            if (names.Length == 0 || models.Keys.Except(names).Concat(names.Except(models.Keys)).FirstOrDefault() is not null)
            {
                var odd = models.Keys.Except(names).Concat(names.Except(models.Keys)).FirstOrDefault();
                throw UserError.Request(
                    line.Where, odd is null ? "has no model's solution" : $"has {(names.Contains(odd) ? "a" : "no")} solution of {odd}",
                    problems.Count == 0 ? Expected : "the models of the first line on every line");
            }

            var plan = CalculatorSteps.Read(reference).Plan;
            planless += plan is null ? 1 : 0;
            problems.Add($"{problems.Count}");
            foreach (var name in names)
            {
                models[name].Add([Grade(line, name, reference, plan)]);
            }
        }

        var sets = models.Select(model => new SampleSet(model.Key, problems, [double.NaN], [[.. model.Value]])).ToArray();
        return new(
            sets,
            [.. models.Keys.Where(name => name.EndsWith(Own, StringComparison.Ordinal) && models.ContainsKey(name[..^Own.Length] + Chosen))
                .Select(name => (name[..^Own.Length], name, name[..^Own.Length] + Chosen))],
            [
                "Execution: every step in << >> recomputed; solutions without steps do not count. These models had a calculator fill in results.",
                "Plan: the steps, put together into one expression, are the reference's up to order and grouping. Another right way counts as "
                    + $"another plan, so the share is a lower bound; {planless} problems whose reference has no such steps do not count.",
            ]);
    }

    private static GradedSample Grade(JsonLine line, string model, string reference, string? plan)
    {
        var fields = line.Fields.GetProperty(model);
        if (!fields.TryGetProperty(Solution, out var solution) || !fields.TryGetProperty(IsCorrect, out var correct))
        {
            throw UserError.Request(line.Where, $"\"{model}\" has no \"{Solution}\" and \"{IsCorrect}\"", Expected);
        }

        if (solution.ValueKind != JsonValueKind.String)
        {
            throw UserError.Request(line.Where, $"\"{Solution}\" of \"{model}\" is {Kind(solution)}", "a text");
        }

        if (correct.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw UserError.Request(line.Where, $"\"{IsCorrect}\" of \"{model}\" is {Kind(correct)}", "true or false");
        }

        var steps = CalculatorSteps.Read(solution.GetString()!);
        return new(correct.GetBoolean(), Rule.Grade(reference, solution.GetString()!).Answer, plan is null ? null : steps.Plan == plan, steps.AreRight);
    }

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.String ? "a text" : $"a JSON {value.ValueKind.ToString().ToLowerInvariant()}";

    private static string Text(JsonLine line, string name) =>
        line.Fields.TryGetProperty(name, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString()! : throw UserError.Request(line.Where, $"\"{name}\" is {Kind(value)}", "a text")
            : throw UserError.Request(
                line.Where, $"has no \"{name}\"", Expected, NearestName.Of(name, line.Fields.EnumerateObject().Select(field => field.Name)));
}
