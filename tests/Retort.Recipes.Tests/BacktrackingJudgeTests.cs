using System.Text.Json;
using Retort.Core;
using Retort.Recipes.Backtracking;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Training;
using Cell = Retort.Recipes.Backtracking.Cell;

namespace Retort.Recipes.Tests;

/// <summary>The claims about reinforcement learning, on made-up models: what their rules say where they are true, and where not.</summary>
public sealed class BacktrackingJudgeTests : IDisposable
{
    private const int Problems = 200, Samples = 16;
    private const string Wrong = "";

    private static readonly IReadOnlyDictionary<string, Cell> Cells = Cell.All(BacktrackingPresets.Settings("full"));

    private readonly string root = Directory.CreateTempSubdirectory("retort-judge-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    /// <summary>What a made-up searcher answers after reinforcement learning.</summary>
    public enum Searcher
    {
        /// <summary>Its generator's traces still.</summary>
        Imitates,

        /// <summary>The shortest way to the goal where its generator finds none, its generator's traces elsewhere.</summary>
        GoesBeyond,

        /// <summary>Nothing any more on every third problem.</summary>
        Forgets,
    }

    [Theory]
    [InlineData("C6", Searcher.GoesBeyond, ClaimVerdict.Holds)]
    [InlineData("C6", Searcher.Forgets, ClaimVerdict.Fails)]
    [InlineData("C6", Searcher.Imitates, ClaimVerdict.Fails)]
    [InlineData("C8", Searcher.GoesBeyond, ClaimVerdict.Holds)]
    [InlineData("C8", Searcher.Imitates, ClaimVerdict.Fails)]
    public void What_becomes_of_the_searcher_is_judged(string id, Searcher after, ClaimVerdict verdict)
    {
        var (search, direct) = (Cells["countdown-search"], Cells["countdown-direct"].Task);
        var tokenizer = TaskDataset.TokenizerFor(search.Task);
        var before = Outcome(search.Name, 1, (item, _, _) => Trace(item));
        var solved = before.WithinBudget(search.Context);
        var learned = Outcome("countdown-search-rl", 1, (item, problem, _) => after switch
        {
            Searcher.GoesBeyond when solved[problem] == 0 => direct.Create(Split.Test, problem).Answer,
            Searcher.Forgets when problem % 3 == 0 => Wrong,
            _ => Trace(item),
        });
        Assert.Equal(verdict, Judge(id, before, learned).Verdict);

        // A model's context ends.
        string Trace(TaskItem item) => tokenizer.Encode($"{item.Prompt} {item.Answer}").Length < search.Context ? item.Answer : Wrong;
    }

    // Before, each sample has a chance of its own, and the best of many is nearly always right.
    [Theory]
    [InlineData(0.4, 0, ClaimVerdict.Holds)]
    [InlineData(0.1, 0, ClaimVerdict.Fails)]
    [InlineData(0.4, 0.4, ClaimVerdict.Fails)]
    public void What_becomes_of_the_direct_model_is_judged(double always, double sometimes, ClaimVerdict verdict)
    {
        var before = Outcome("countdown-direct", Samples, (item, problem, sample) => Chance("before", problem, sample) < 0.2 ? item.Answer : Wrong);
        var after = Outcome("countdown-direct-rl", Samples, (item, problem, sample) =>
            Chance("always", problem, 0) < always || Chance("sometimes", problem, sample) < sometimes ? item.Answer : Wrong);
        Assert.Equal(verdict, Judge("C7", before, after).Verdict);
    }

    private static ClaimResult Judge(string id, CellOutcome before, CellOutcome after) => BacktrackingJudge.Judge(
        BacktrackingClaims.All.First(claim => claim.Id == id),
        new Evidence(new Dictionary<string, IReadOnlyList<CellOutcome>> { [before.Cell.Name] = [before], [after.Cell.Name] = [after] }, threads: 1));

    private static double Chance(string purpose, int problem, int sample) =>
        CounterRandom.For(1, $"made-up model/{purpose}", (ulong)(problem * Samples + sample)).NextDouble();

    /// <summary>An evaluation file of made-up answers, read back.</summary>
    private CellOutcome Outcome(string name, int samples, Func<TaskItem, int, int, string> answer)
    {
        var cell = Cells[name];
        var (tokenizer, path) = (TaskDataset.TokenizerFor(cell.Task), Path.Combine(root, name + ".jsonl"));
        TaskItem[] items = [.. Enumerable.Range(0, Problems).Select(i => cell.Task.Create(Split.Test, i))];
        File.WriteAllLines(path, items.SelectMany((item, problem) => Enumerable.Range(0, samples).Select(sample =>
        {
            var text = answer(item, problem, sample);
            return JsonSerializer.Serialize(new
            {
                problem = item.Id,
                prompt = item.Prompt,
                tokens = tokenizer.Encode(text, addBos: false, addEos: true),
                text,
                finish_reason = "stop",
                sample,
            });
        })));
        return CellOutcome.Read(path, cell, cell.Config(tokenizer), tokenizer, items);
    }
}
