using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Analysis;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tasks.CountDown;
using Retort.Tasks.Sudoku;
using Retort.Training;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// What one model did on every test problem: the graded samples of its evaluation file, read back and judged again, so that a
/// continued run and an unbroken one see the same.
/// </summary>
internal sealed class CellOutcome
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly GradedCompletion[][] samples;
    private readonly TaskItem[] items;
    private readonly ITokenizer tokenizer;

    private CellOutcome(Cell cell, ModelConfig config, ITokenizer tokenizer, TaskItem[] items, GradedCompletion[][] samples)
    {
        (Cell, Config, this.tokenizer, this.items, this.samples) = (cell, config, tokenizer, items, samples);
    }

    /// <summary>The cell.</summary>
    public Cell Cell { get; }

    /// <summary>The model's shape, for its costs.</summary>
    public ModelConfig Config { get; }

    /// <summary>Problems.</summary>
    public int NumProblems => samples.Length;

    /// <summary>Completions of each problem.</summary>
    public int NumSamples => samples[0].Length;

    /// <summary>Tokens of every completion, prompt included, and whether it is right.</summary>
    public IEnumerable<(int Tokens, bool Correct)> Completions =>
        samples.SelectMany(problem => problem).Select(sample => (sample.TotalTokens, sample.Verdict.Correct));

    /// <summary>Prompt and completion, in tokens, on average.</summary>
    public double MeanTokens => samples.Average(problem => problem.Average(sample => (double)sample.TotalTokens));

    /// <summary>Share of completions that ended by themselves.</summary>
    public double FinishedShare => samples.Average(
        problem => problem.Average(sample => sample.Completion.FinishReason == FinishReason.Stop ? 1.0 : 0.0));

    /// <summary>Per problem: 1 if the search solved it within the budget of tokens, prompt included.</summary>
    public double[] WithinBudget(int budget) =>
        [.. samples.Select(problem => problem[0].Verdict.Correct && problem[0].TotalTokens <= budget ? 1.0 : 0.0)];

    /// <summary>Per problem: the chance that one of n samples is right (Chen et al. 2021, unbiased).</summary>
    public double[] BestOf(int n) =>
        [.. samples.Select(problem => PassAtK.Estimate(problem.Length, problem.Count(sample => sample.Verdict.Correct), n))];

    /// <summary>Per problem: the chance that the majority of n samples is right.</summary>
    public double[] Majority(int n) =>
        [.. samples.Select((problem, index) => MajorityVote.Estimate(
            [.. problem.Select(sample => new Vote(sample.Verdict.Answer, sample.Verdict.Correct))], n, problem: (ulong)index))];

    /// <summary>Per problem: 1 if the demonstration's own search solves it within the budget.</summary>
    public double[] GeneratorWithinBudget(int budget) =>
        [.. items.Select(item => GeneratorSolves(item) && DemonstrationTokens(item) <= budget ? 1.0 : 0.0)];

    /// <summary>Tokens of prompt and demonstration, marks included.</summary>
    public int DemonstrationTokens(TaskItem item) =>
        tokenizer.Encode(item.Prompt).Length + tokenizer.Encode(item.Answer, addBos: false, addEos: true).Length;

    /// <summary>Demonstrations' lengths and whether they reach the goal, for the histograms.</summary>
    public IEnumerable<(int Tokens, bool Solved)> Demonstrations => items.Select(item => (DemonstrationTokens(item), GeneratorSolves(item)));

    /// <summary>The model's mistakes on each problem, as section 4 counts them.</summary>
    public MistakeCount[] Mistakes() => Cell.IsDirect
        ? [.. samples.Select(problem => MistakeOverlap.OfSamples([.. problem.Select(sample => sample.Verdict.Correct)]))]
        : [.. samples.Select((problem, i) => MistakeOverlap.OfTrace(WrongLeaves(items[i], problem[0].Text), problem[0].Verdict.Correct))];

    /// <summary>The generator's mistakes on each problem, within the model's context.</summary>
    public MistakeCount[] GeneratorMistakes() => [.. items.Select(item => MistakeOverlap.OfTrace(
        WrongLeaves(item, item.Answer), GeneratorSolves(item) && DemonstrationTokens(item) <= Cell.Context))];

    /// <summary>Writes graded samples, one object a line (DESIGN: Samples).</summary>
    public static void Write(
        string path, Cell cell, float temperature, TaskItem[] items, IReadOnlyList<GradedCompletion> graded) =>
        AtomicFile.Write(path, stream =>
        {
            foreach (var sample in graded)
            {
                var item = items[sample.Problem];
                JsonSerializer.Serialize(
                    stream,
                    new Line(
                        item.Id, item.Prompt, sample.Completion.Tokens, sample.Text,
                        sample.Completion.FinishReason == FinishReason.Stop ? "stop" : "length",
                        sample.Problem, cell.Name, temperature, sample.Sample, sample.Verdict.Correct, sample.Verdict.Answer),
                    Json);
                stream.WriteByte((byte)'\n');
            }
        });

    /// <summary>Reads an evaluation back.</summary>
    public static CellOutcome Read(string path, Cell cell, ModelConfig config, ITokenizer tokenizer, TaskItem[] items)
    {
        var byProblem = new List<GradedCompletion>[items.Length];
        var number = 0;
        foreach (var text in File.ReadLines(path))
        {
            number++;
            var line = Parse(text, $"{path}:{number}");
            if (line.Problem < 0 || line.Problem >= items.Length || items[line.Problem].Prompt != line.Prompt)
            {
                throw UserError.Request($"{path}:{number}", $"problem {line.Problem} is not this run's", "the evaluation this run wrote");
            }

            var completion = new Completion(
                line.Problem, line.Sample, line.Tokens, [], line.FinishReason == "stop" ? FinishReason.Stop : FinishReason.Length);
            (byProblem[line.Problem] ??= []).Add(new GradedCompletion(
                line.Problem, line.Sample, tokenizer.Encode(line.Prompt).Length, completion, line.Text,
                cell.Task.Verify(items[line.Problem], line.Text)));
        }

        return byProblem.Contains(null!)
            ? throw UserError.Request(path, "lacks problems", $"{items.Length} problems; delete the file to ask again")
            : new CellOutcome(cell, config, tokenizer, items, [.. byProblem.Select(list => list.OrderBy(s => s.Sample).ToArray())]);
    }

    private static Line Parse(string text, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, Json) ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw UserError.Request(where, $"is not a graded sample ({fault.Message})", "the line this run wrote");
        }
    }

    private static bool GeneratorSolves(TaskItem item) => item is CountDownItem { Solved: false } ? false : item.Answer.Length > 0;

    private int WrongLeaves(TaskItem item, string text) => Cell.Task switch
    {
        CountDownTask countDown => countDown.Judge(item, text).Mistakes - 1,
        SudokuTask sudoku => sudoku.CountMistakes(text) - 1,
        _ => 0,
    };

    private sealed record Line(
        string Id, string Prompt, int[] Tokens, string Text, string FinishReason, int Problem, string Model, float Temperature,
        int Sample, bool Correct, string? Answer);
}
