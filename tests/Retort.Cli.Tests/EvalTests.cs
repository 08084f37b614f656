using System.Text.Json;
using Retort.Tasks;
using Retort.Tasks.CountDown;
using Retort.Tasks.Instructions;
using Retort.Tasks.SolutionTree;
using Retort.Tasks.Sudoku;

namespace Retort.Cli.Tests;

public sealed class EvalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string CountDownModel() => TinyModel.Save(folder.File("countdown"), new CountDownTask().Vocabulary);

    [Fact]
    public void Of_a_countdown_file_only_numbers_and_target_are_read_and_samples_are_graded()
    {
        var data = folder.Write("data.jsonl", """
            {"nums": [3, 4, 5, 6], "target": 18, "prompt": "of no interest"}
            {"target": 24, "numbers": [1, 2, 3, 4]}
            """);
        var outcome = Cli.Run(["eval", "--model", CountDownModel(), "--task", "countdown", "--data", data, "--samples", "3",
            "--max-new-tokens", "10", "--json", "--out", folder.File("samples.jsonl")]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        using var summary = JsonDocument.Parse(outcome.Output);
        Assert.Equal(["problems", "samples", "pass_at_1", "best_of_n", "majority", "mean_tokens"],
            summary.RootElement.EnumerateObject().Select(field => field.Name));
        Assert.Equal((2, 3), (summary.RootElement.GetProperty("problems").GetInt32(), summary.RootElement.GetProperty("samples").GetInt32()));
        var samples = File.ReadAllLines(folder.File("samples.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal([0, 1, 2, 0, 1, 2], samples.Select(sample => sample.GetProperty("sample").GetInt32()));
        Assert.Equal([data + ":1", data + ":2"], samples.Select(sample => sample.GetProperty("problem").GetString()).Distinct());
        Assert.All(samples, sample =>
        {
            Assert.Equal("countdown", sample.GetProperty("model").GetString());
            Assert.False(sample.GetProperty("correct").GetBoolean());
            Assert.Equal(0.7f, sample.GetProperty("temperature").GetSingle());
        });
    }

    [Fact]
    public void The_solver_solves_puzzles_and_counts_those_with_one_solution()
    {
        var puzzles = folder.Write("puzzles.txt", "..242....3..12..\n................\n12..............\n");
        using var json = JsonDocument.Parse(Cli.Run(["eval", "--task", "sudoku", "--data", puzzles, "--oracle", "--json"]).Output);
        Assert.Equal(["puzzles", "solved", "unique", "puzzles_per_second"], json.RootElement.EnumerateObject().Select(field => field.Name));
        Assert.Equal((3, 3, 1), (json.RootElement.GetProperty("puzzles").GetInt32(), json.RootElement.GetProperty("solved").GetInt32(),
            json.RootElement.GetProperty("unique").GetInt32()));
    }

    [Fact]
    public void Instructions_and_chains_are_solved_without_a_model_and_asked_from_a_file()
    {
        var data = folder.Write("prompts.jsonl", "{\"prompt\": \"sort b a :\"}\n{\"prompt\": \"story calm ann , key map rope :\"}\n");
        foreach (var words in new string[][] { ["--problems", "300"], ["--data", data] })
        {
            using var json = JsonDocument.Parse(Cli.Run(["eval", "--task", "instructions", "--oracle", "--json", .. words]).Output);
            var count = words[0] == "--data" ? 2 : 300;
            Assert.Equal((count, count), (json.RootElement.GetProperty("problems").GetInt32(), json.RootElement.GetProperty("solved").GetInt32()));
        }

        using var scrambled = JsonDocument.Parse(Cli.Run(["eval", "--task", "scrambled-arithmetic", "--oracle", "--problems", "50", "--json"]).Output);
        Assert.Equal(50, scrambled.RootElement.GetProperty("solved").GetInt32());
        var chains = folder.Write("chains.jsonl", "{\"prompt\": \"Q 2 : + 7 ; 1 : 5 =\"}\n{\"prompt\": \"Q 2 : + 7 =\"}\n");
        Assert.Contains("chains.jsonl:2: 'Q 2 : + 7 =' is no problem", Cli.Run(["eval", "--task", "scrambled-arithmetic", "--oracle", "--data", chains]).Error, StringComparison.Ordinal);

        var model = TinyModel.Save(folder.File("instructions"), new InstructionTask().Vocabulary);
        using var asked = JsonDocument.Parse(Cli.Run(["eval", "--model", model, "--task", "instructions", "--data", data, "--max-new-tokens", "4", "--json"]).Output);
        Assert.Equal(2, asked.RootElement.GetProperty("problems").GetInt32());
    }

    [Fact]
    public void The_solution_trees_samples_say_what_was_planned_and_what_was_executed()
    {
        var data = folder.Write("trees.jsonl", $"{{\"prompt\": \"{new SolutionTreeTask().Create(Split.Test, 0).Prompt}\"}}\n");
        using var solved = JsonDocument.Parse(Cli.Run(["eval", "--task", "solution-tree", "--oracle", "--data", data, "--json"]).Output);
        Assert.Equal(1, solved.RootElement.GetProperty("solved").GetInt32());
        var model = TinyModel.Save(folder.File("tree"), new SolutionTreeTask().Vocabulary);
        string[] words = ["eval", "--model", model, "--task", "solution-tree", "--data", data, "--samples", "3", "--max-new-tokens", "4", "--json"];
        Assert.Equal(0, Cli.Run([.. words, "--out", folder.File("tree.jsonl")]).ExitCode);
        foreach (var line in File.ReadLines(folder.File("tree.jsonl")))
        {
            using var sample = JsonDocument.Parse(line);
            Assert.False(sample.RootElement.GetProperty("plan").GetBoolean() || sample.RootElement.GetProperty("execute").GetBoolean());
        }

        words = ["eval", "--model", CountDownModel(), "--task", "countdown", "--problems", "1", "--max-new-tokens", "4", "--json"];
        Assert.Equal(0, Cli.Run([.. words, "--out", folder.File("countdown.jsonl")]).ExitCode);
        Assert.DoesNotContain("\"plan\"", File.ReadAllText(folder.File("countdown.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_of_ones_own_are_learned_asked_and_checked()
    {
        string Lines(int from, int to, string split) => string.Concat(Enumerable.Range(from, to - from).Select(i =>
            $"{{\"prompt\": \"{i} + 1 =\", \"answer\": \" {i + 1}\", \"split\": \"{split}\"}}\n"));
        var data = folder.Write("sums.jsonl", Lines(100, 160, "train") + Lines(160, 170, "validation") + Lines(170, 190, "test"));
        string[] settings = ["--set", $"task.file={data}"];

        using var statistics = JsonDocument.Parse(Cli.Run(["data", "answers", "--statistics", .. settings, "--json"]).Output);
        Assert.Equal([60, 10, 20], statistics.RootElement.EnumerateArray().Select(row => row.GetProperty("problems").GetInt32()));
        using var solved = JsonDocument.Parse(Cli.Run(["eval", "--task", "answers", "--oracle", "--data", data, "--json"]).Output);
        Assert.Equal((90, 90), (solved.RootElement.GetProperty("problems").GetInt32(), solved.RootElement.GetProperty("solved").GetInt32()));

        var trained = Cli.Run(["train", "--task", "answers", .. settings, "--set", "training.warmupSteps=0", "--set", "training.steps=2", "--set", "evaluation.problems=10",
            "--set", "model.hiddenSize=32", "--set", "model.numHeads=1", "--set", "model.numLayers=1", "--set", "model.maxPositions=32",
            "--set", "data.problems=60", "--out", folder.File("run"), "--json"]);
        Assert.Equal((0, ""), (trained.ExitCode, trained.Error));
        using var result = JsonDocument.Parse(trained.Output);
        var model = result.RootElement.GetProperty("model").GetString()!;
        using var asked = JsonDocument.Parse(Cli.Run(["eval", "--model", model, "--problems", "20", "--max-new-tokens", "5", "--json"]).Output);
        Assert.Equal(20, asked.RootElement.GetProperty("problems").GetInt32());
        var tooMany = Cli.Run(["eval", "--model", model, "--max-new-tokens", "5"]);
        Assert.Equal((2, $"retort: {data}: has 20 problems of the split test; expected at most that many to be asked for\n"), (tooMany.ExitCode, tooMany.Error));
    }

    [Theory]
    [InlineData("sudoku", "sudoku/sudoku10k.txt", "puzzles", 10_000)]
    [InlineData("sudoku", "sudoku/sudokus_17.txt", "puzzles", 49_151)]
    [InlineData("countdown", "countdown/test.json", "problems", 1_000)]
    public void The_solvers_solve_all_published_problems(string task, string file, string counted, int count)
    {
        using var json = JsonDocument.Parse(Cli.Run(["eval", "--task", task, "--data", SharedData.Find(file), "--oracle", "--json"]).Output);
        Assert.Equal((count, count), (json.RootElement.GetProperty(counted).GetInt32(), json.RootElement.GetProperty("solved").GetInt32()));
    }

    [Theory]
    [InlineData("--model C --data F", "eval: --task is missing and the model does not say its task; expected --task countdown, sudoku, instructions, solution-tree, scrambled-arithmetic, graph-connectivity, parity, copy, addition, multiplication, variable-assignment or answers")]
    [InlineData("--model C --task countdwn", "eval: unknown task 'countdwn'; expected one of countdown, sudoku, instructions, solution-tree, scrambled-arithmetic, graph-connectivity, parity, copy, addition, multiplication, variable-assignment, answers; did you mean 'countdown'?")]
    [InlineData("--model C --task countdown --data F", "F:1: the number 84 is out of range; expected numbers in task.numbers = 1..20")]
    [InlineData("--model C --task countdown --data G", "G:1: has no \"nums\" and \"target\"; expected objects with \"nums\" and \"target\", one a line")]
    [InlineData("--model C --task sudoku", "test-0: text: has the word '")]
    [InlineData("--model C --task countdown --data H --set task.target=10..100", "H:2: text: has the word '100' as word 1 (character 0), which the vocabulary lacks")]
    [InlineData("--model S --task sudoku --data P", "P, line 1: 80 cells; expected 36 cells (6x6)")]
    [InlineData("--model S --task sudoku --data Q", "Q, line 2: more than one solution; expected a puzzle with one solution")]
    [InlineData("--oracle --task instructions --data G", "G:1: has no \"prompt\"; expected objects with \"prompt\", one a line")]
    [InlineData("--oracle --task sudoku --data P", "P, line 1: 80 cells; expected 16 cells (4x4), 36 (6x6) or 81 (9x9)")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        var places = new Dictionary<string, string>
        {
            ["C"] = CountDownModel(),
            ["S"] = TinyModel.Save(folder.File("sudoku"), new SudokuTask(new SudokuSettings()).Vocabulary),
            ["F"] = folder.Write("f.jsonl", "{\"nums\": [84, 9, 14, 28], \"target\": 73}\n"),
            ["H"] = folder.Write("h.jsonl", "{\"nums\": [3, 4, 5, 6], \"target\": 18}\n{\"nums\": [10, 10, 1, 1], \"target\": 100}\n"),
            ["G"] = folder.Write("g.jsonl", "{\"target\": 73}\n"),
            ["P"] = folder.Write("p.txt", new string('.', 80) + "\n"),
            ["Q"] = folder.Write("q.txt", "# 6x6\n" + new string('.', 36) + "\n"),
        };
        var outcome = Cli.Run(["eval", .. line.Split(' ').Select(word => places.GetValueOrDefault(word, word))]);
        var first = message.Split(':', ',')[0];
        Assert.StartsWith("retort: " + (places.TryGetValue(first, out var path) ? path + message[first.Length..] : message), outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
    }
}
