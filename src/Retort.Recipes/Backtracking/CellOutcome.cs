using System.Text.Json;
using Retort.Analysis;
using Retort.Core;
using Retort.Inference;
using Retort.Models;
using Retort.Models.Tokenizers;
using Retort.Tasks;
using Retort.Tasks.CountDown;
using Retort.Tasks.Sudoku;

namespace Retort.Recipes.Backtracking;

/// <summary>
/// What one model did on every test problem: the graded samples of its evaluation file, read back and judged again, so that a
/// continued run and an unbroken one see the same.
/// </summary>
internal sealed class CellOutcome
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly Sample[][] samples;
    private readonly TaskItem[] items;
    private readonly ITokenizer tokenizer;

    private CellOutcome(Cell cell, ModelConfig config, ITokenizer tokenizer, TaskItem[] items, Sample[][] samples)
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

    /// <summary>Prompt and completion, in tokens, on average.</summary>
    public double MeanTokens => samples.Average(problem => problem.Average(sample => (double)sample.TotalTokens));

    /// <summary>Share of completions that ended by themselves.</summary>
    public double FinishedShare => samples.Average(
        problem => problem.Average(sample => sample.IsFinished ? 1.0 : 0.0));

    /// <summary>Per problem: 1 if the search solved it within the budget of tokens, prompt included.</summary>
    public double[] WithinBudget(int budget) =>
        [.. samples.Select(problem => problem[0].IsCorrect && problem[0].TotalTokens <= budget ? 1.0 : 0.0)];

    /// <summary>Per problem: the share of the budgets within which the search solves it.</summary>
    public double[] MeanOverBudgets() =>
        [.. samples.Select(problem => Cell.Study.Budgets.Count(budget => problem[0].IsCorrect && problem[0].TotalTokens <= budget) / (double)Cell.Study.Budgets.Count)];

    /// <summary>Per problem: the chance that one of n samples is right (Chen et al. 2021, unbiased).</summary>
    public double[] BestOf(int n) =>
        [.. samples.Select(problem => PassAtK.Estimate(problem.Length, problem.Count(sample => sample.IsCorrect), n))];

    /// <summary>Per problem: the chance that the majority of n samples is right.</summary>
    public double[] Majority(int n) =>
        [.. samples.Select((problem, index) => MajorityVote.Estimate(
            [.. problem.Select(sample => new Vote(sample.Answer, sample.IsCorrect))], n, problem: (ulong)index))];

    /// <summary>Per problem: 1 if the demonstration's own search solves it within the budget.</summary>
    public double[] GeneratorWithinBudget(int budget) =>
        [.. items.Select(item => GeneratorSolves(item) && DemonstrationTokens(item) <= budget ? 1.0 : 0.0)];

    /// <summary>Tokens of prompt and demonstration, marks included.</summary>
    public int DemonstrationTokens(TaskItem item) =>
        tokenizer.Encode(item.Prompt).Length + tokenizer.Encode(item.Answer, addBos: false, addEos: true).Length;

    /// <summary>Demonstrations' lengths and whether they reach the goal, for the histograms.</summary>
    public IEnumerable<(int Tokens, bool Solved)> Demonstrations(Func<TaskItem, bool>? which = null) =>
        items.Where(which ?? (_ => true)).Select(item => (DemonstrationTokens(item), GeneratorSolves(item)));

    /// <summary>The model's mistakes on each problem, as section 4 counts them.</summary>
    public MistakeCount[] Mistakes() => Cell.IsDirect
        ? [.. samples.Select(problem => MistakeOverlap.OfSamples([.. problem.Select(sample => sample.IsCorrect)]))]
        : [.. samples.Select((problem, i) => MistakeOverlap.OfTrace(WrongLeaves(items[i], problem[0].Text), problem[0].IsCorrect))];

    /// <summary>The generator's mistakes on each problem, within the model's context.</summary>
    public MistakeCount[] GeneratorMistakes() => [.. items.Select(item => MistakeOverlap.OfTrace(
        WrongLeaves(item, item.Answer), GeneratorSolves(item) && DemonstrationTokens(item) <= Cell.Context))];

    /// <summary>Reads an evaluation back.</summary>
    public static CellOutcome Read(string path, Cell cell, ModelConfig config, ITokenizer tokenizer, TaskItem[] items)
    {
        var byProblem = new List<Sample>[items.Length];
        var places = items.Select((item, place) => (item.Id, place)).ToDictionary(pair => pair.Id, pair => pair.place);
        var number = 0;
        foreach (var text in File.ReadLines(path))
        {
            number++;
            var line = Parse(text, $"{path}:{number}");
            if (!places.TryGetValue(line.Problem, out var place) || items[place].Prompt != line.Prompt)
            {
                throw UserError.Request($"{path}:{number}", $"problem {line.Problem} is not this run's", "the evaluation this run wrote");
            }

            var verdict = cell.Task.Verify(items[place], line.Text);
            (byProblem[place] ??= []).Add(new Sample(
                line.Sample, tokenizer.Encode(line.Prompt).Length + line.Tokens.Length, line.FinishReason == "stop",
                verdict.Correct, verdict.Answer, cell.IsDirect ? "" : line.Text));
        }

        return byProblem.Contains(null!)
            ? throw UserError.Request(path, "lacks problems", $"{items.Length} problems; delete the file to ask again")
            : new CellOutcome(cell, config, tokenizer, items, [.. byProblem.Select(list => list.OrderBy(s => s.Index).ToArray())]);
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

    /// <summary>What the claims need of one sample; the text only where its steps are counted.</summary>
    private sealed record Sample(int Index, int TotalTokens, bool IsFinished, bool IsCorrect, string? Answer, string Text);

    /// <summary>What is read of a <see cref="SampleLine"/>.</summary>
    private sealed record Line(string Problem, string Prompt, int[] Tokens, string Text, string FinishReason, int Sample);
}
