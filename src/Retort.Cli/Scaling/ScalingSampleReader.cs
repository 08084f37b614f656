using System.Text.Json;
using Retort.Cli.Curves;
using Retort.Core;
using Retort.Recipes.Scaling;

namespace Retort.Cli.Scaling;

/// <summary>
/// Graded samples with counts of tokens, one JSON object a line: <c>problem</c>, <c>correct</c>, <c>finish_reason</c>, and
/// <c>completion_tokens</c> or <c>tokens</c>; on every line or on none <c>model</c>, <c>temperature</c>, <c>sample</c>, <c>answer</c>,
/// <c>prompt_tokens</c>, and the three of chains: <c>chain_tokens</c>, <c>proof_tokens</c>, <c>guess</c>. Other fields are passed over.
/// </summary>
internal static class ScalingSampleReader
{
    private const string Expected = "graded samples with \"problem\", \"correct\", \"finish_reason\" and \"completion_tokens\", as 'retort eval scaling --out' "
        + "writes them (or \"tokens\", as 'retort eval --out' does)";

    private static readonly string[] Optional =
        ["model", "temperature", "sample", "answer", "prompt_tokens", "completion_tokens", "chain_tokens", "proof_tokens", "guess"];

    public static ScalingSamples Read(string path)
    {
        var problems = new OrderedDictionary<string, List<(long Number, ScalingSample Sample)>>(StringComparer.Ordinal);
        string? first = null;
        var (schema, model, temperature, guess) = (Array.Empty<bool>(), "", double.NaN, 0.0);
        foreach (var line in InputFile.EachObject(path, Expected))
        {
            var has = Optional.Select(name => line.Fields.TryGetProperty(name, out _)).ToArray();
            if (first is null)
            {
                (first, schema) = (line.Where, has);
                model = has[0] ? GradedSampleReader.ModelName(line) : Path.GetFileNameWithoutExtension(path);
                temperature = has[1] ? GradedSampleReader.Degrees(line) : double.NaN;
                guess = has[8] ? Share(line) : 0;
                if (has[6] != has[7] || has[6] != has[8])
                {
                    throw UserError.Request(line.Where, "has some of \"chain_tokens\", \"proof_tokens\" and \"guess\"", "all of them or none");
                }
            }

            if (Enumerable.Range(0, has.Length).FirstOrDefault(i => has[i] != schema[i], -1) is >= 0 and var at)
            {
                throw UserError.Request(
                    line.Where, $"has {(has[at] ? "a" : "no")} \"{Optional[at]}\"", $"it on every line or on none; {first} has {(schema[at] ? "it" : "none")}");
            }

            RequireSame(line, first, has[0] ? GradedSampleReader.ModelName(line) : model, model, "model");
            RequireSame(line, first, has[1] ? GradedSampleReader.Degrees(line) : temperature, temperature, "temperature");
            RequireSame(line, first, has[8] ? Share(line) : guess, guess, "guess");
            var problem = GradedSampleReader.Identifier(line);
            if (!problems.TryGetValue(problem, out var samples))
            {
                problems[problem] = samples = [];
            }

            samples.Add((has[2] ? GradedSampleReader.Number(line)!.Value : samples.Count, Sample(line, has)));
        }

        var fewest = problems.MinBy(problem => problem.Value.Count);
        foreach (var (problem, samples) in problems)
        {
            if (samples.Select(sample => sample.Number).Distinct().Count() != samples.Count)
            {
                throw UserError.Request(path, $"problem {problem} has a sample twice", "each sample once");
            }

            if (samples.Count != fewest.Value.Count)
            {
                throw UserError.Request(
                    path, $"problem {problem} has {samples.Count} samples and problem {fewest.Key} has {fewest.Value.Count}", "equally many of each problem");
            }
        }

        return new(
            model, temperature, [.. problems.Keys],
            [.. problems.Values.Select(samples => samples.OrderBy(sample => sample.Number).Select(sample => sample.Sample).ToArray())], schema[7], guess);
    }

    private static ScalingSample Sample(JsonLine line, bool[] has)
    {
        var completion = has[5] ? Count(line, "completion_tokens") : Tokens(line);
        var chain = has[6] ? Count(line, "chain_tokens") : completion;
        if (chain > completion)
        {
            throw UserError.Request(line.Where, $"\"chain_tokens\" is {chain}", $"at most the completion's {completion} tokens");
        }

        var correct = GradedSampleReader.Field(line, "correct", Expected);
        var finish = GradedSampleReader.Field(line, "finish_reason", Expected);
        return new(
            has[4] ? Count(line, "prompt_tokens") : 0, completion, chain,
            finish.ValueKind == JsonValueKind.String && finish.GetString() is "stop" or "length"
                ? finish.GetString() == "stop" : throw GradedSampleReader.Wrong(line, "finish_reason", "\"stop\" or \"length\""),
            correct.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? correct.GetBoolean() : throw GradedSampleReader.Wrong(line, "correct", "true or false"),
            has[3] ? GradedSampleReader.FinalAnswer(line) : null,
            has[7] && line.Fields.GetProperty("proof_tokens").ValueKind != JsonValueKind.Null ? Count(line, "proof_tokens") : null);
    }

    private static int Tokens(JsonLine line) => line.Fields.TryGetProperty("tokens", out var tokens)
        ? tokens.ValueKind == JsonValueKind.Array ? tokens.GetArrayLength() : throw GradedSampleReader.Wrong(line, "tokens", "an array of tokens")
        : throw UserError.Request(line.Where, "has no \"completion_tokens\" and no \"tokens\"", Expected);

    private static int Count(JsonLine line, string name) =>
        line.Fields.GetProperty(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) && value >= 0
            ? value
            : throw GradedSampleReader.Wrong(line, name, "a whole number of 0 or above");

    private static double Share(JsonLine line) =>
        line.Fields.GetProperty("guess") is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && value is >= 0 and < 1
            ? value
            : throw GradedSampleReader.Wrong(line, "guess", "a number from 0 to below 1");

    private static void RequireSame<T>(JsonLine line, string first, T value, T expected, string name)
        where T : IEquatable<T>
    {
        if (!value.Equals(expected))
        {
            throw UserError.Request(line.Where, $"\"{name}\" is {value}", $"{expected} as {first} has it: one {name} in a file");
        }
    }
}
