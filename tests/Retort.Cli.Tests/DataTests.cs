using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class DataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("countdown", "id,split,numbers,target,solution,variant,heuristic,trace,solved,tokens")]
    [InlineData("sudoku", "id,split,puzzle,solution,variant,reverts,trace,tokens")]
    [InlineData("instructions", "id,split,kind,prompt,answer,output_tokens")]
    [InlineData("solution-tree", "id,split,prompt,answer,states,actions")]
    [InlineData("parity", "id,split,prompt,answer,length,coupled_ids")]
    [InlineData("variable-assignment", "id,split,prompt,answer,length,coupled_ids")]
    [InlineData("scrambled-arithmetic", "id,split,format,prompt,answer,steps,corrupted")]
    public void Problems_are_the_same_bytes_for_any_number_of_threads(string task, string fields)
    {
        string[] words = ["data", task, "--n", "600", "--split", "validation", "--json"];
        words = task == "sudoku" ? [.. words, "--preset", "shallow4x4"] : words;
        Assert.Equal(0, Cli.Run([.. words, "--out", folder.File("1.jsonl"), "--threads", "1"]).ExitCode);
        Assert.Equal(0, Cli.Run([.. words, "--out", folder.File("3.jsonl"), "--threads", "3"]).ExitCode);
        var lines = File.ReadAllLines(folder.File("1.jsonl"));
        Assert.Equal(lines, File.ReadAllLines(folder.File("3.jsonl")));
        Assert.Equal(600, lines.Length);
        using var first = JsonDocument.Parse(lines[0]);
        Assert.Equal(fields, string.Join(',', first.RootElement.EnumerateObject().Select(field => field.Name)));
        Assert.Equal("validation-0", first.RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public void Statistics_stand_beside_the_published_ones()
    {
        using var json = JsonDocument.Parse(Cli.Run(["data", "countdown", "--statistics", "--n", "40", "--json"]).Output);
        var first = json.RootElement[0];
        Assert.Equal("depth-first", first.GetProperty("name").GetString());
        var solved = first.GetProperty("rows")[0];
        Assert.Equal(("all", "solved", 70.4), (solved.GetProperty("row").GetString(), solved.GetProperty("quantity").GetString(), solved.GetProperty("paper").GetDouble()));
        Assert.Equal(solved.GetProperty("ours").GetDouble() - 70.4, solved.GetProperty("difference").GetDouble(), 6);
        Assert.Contains("mean givens", Cli.Run(["data", "sudoku", "--statistics", "--n", "20", "--preset", "shallow4x4"]).Output, StringComparison.Ordinal);
        Assert.Contains("given the whole prompt", Cli.Run(["data", "instructions", "--statistics", "--n", "200"]).Output, StringComparison.Ordinal);
        Assert.Contains("never seen", Cli.Run(["data", "solution-tree", "--statistics", "--n", "500"]).Output, StringComparison.Ordinal);
        Assert.Contains("mean answer", Cli.Run(["data", "scrambled-arithmetic", "--statistics", "--n", "50"]).Output, StringComparison.Ordinal);
        using var copies = JsonDocument.Parse(Cli.Run(["data", "copy", "--statistics", "--n", "300", "--set", "task.length=3..4", "--json"]).Output);
        var longest = copies.RootElement.GetProperty("lengths")[1];
        Assert.Equal((4, 11, 5), (longest.GetProperty("length").GetInt32(), longest.GetProperty("tokens").GetInt32(), longest.GetProperty("largestId").GetInt32()));
        Assert.InRange(longest.GetProperty("share").GetDouble(), 0.47, 0.67);
        Assert.Contains("largest coupled id", Cli.Run(["data", "addition", "--statistics", "--n", "50"]).Output, StringComparison.Ordinal);
        using var lengths = JsonDocument.Parse(Cli.Run(["data", "instructions", "--statistics", "--n", "200", "--preset", "stories", "--json"]).Output);
        Assert.Equal(1, lengths.RootElement.GetProperty("statistics").GetProperty("kinds")[0].GetProperty("tokenShare").GetDouble());
    }

    [Fact]
    public void A_converted_model_gives_the_same_bits()
    {
        var model = SharedData.Find("stories260k/stories260K.bin");
        Assert.Equal(0, Cli.Run(["data", "convert", "--model", model, "--out", folder.File("hf")]).ExitCode);
        var prompts = folder.Write("prompts.txt", "Once upon a time\n\nThe dog ran to the\n");
        string[] words = ["--prompts", prompts, "--samples", "2", "--max-new-tokens", "300", "--json"];
        Assert.Equal(Cli.Run(["sample", "--model", model, .. words]), Cli.Run(["sample", "--model", folder.File("hf"), .. words]));
    }

    [Theory]
    [InlineData("data", "data: no command is given; expected one of countdown, sudoku, instructions, solution-tree, scrambled-arithmetic, graph-connectivity, parity, copy, addition, multiplication, variable-assignment, answers, convert")]
    [InlineData("data countdown --n 5", "data countdown: --out is missing; expected --out FILE, or --statistics")]
    [InlineData("data countdown --out x", "data countdown: --n is missing; expected --n N, the number of problems")]
    [InlineData("data countdown --n 5 --out x --set task.numbrs=1..9", "--set task.numbrs=1..9: task.numbrs: unknown setting")]
    [InlineData("data countdown --n 5 --out x --set task.numbers=9", "--set task.numbers=9: task.numbers: is '9'")]
    [InlineData("data countdown --n 5 --out x --set task.beamWidth=0..3", "task.beamWidth: 0..3 is out of range")]
    [InlineData("data sudoku --n 5 --out x --preset easy", "--preset: unknown preset 'easy' of sudoku; expected one of hard6x6")]
    [InlineData("data sudoku --n 5 --out x --set task.size=5", "--set task.size=5: task.size: 5; expected 4, 6 or 9")]
    [InlineData("data instructions --n 5 --out x --set task.weights.story=-1", "--set task.weights.story=-1: task.weights.story: is -1; expected a number in 0..1000")]
    [InlineData("data solution-tree --n 5 --out x --set task.numActions=17", "--set task.numActions=17: task.numActions: is 17; expected from 2 to numStates = 16")]
    [InlineData("data scrambled-arithmetic --n 5 --out x --set task.shares.program=2", "--set task.shares.program=2: task.shares.program: is 2; expected a number in 0..1")]
    [InlineData("data scrambled-arithmetic --n 5 --out x --set task.steps=0..3", "--set task.steps=0..3: task.steps: is 0..3; expected a range within 1..8")]
    [InlineData("data convert --out x", "data convert: --model is missing; expected --model FOLDER or FILE.bin")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        var outcome = Cli.Run(line.Split(' '));
        Assert.StartsWith("retort: " + message, outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
        Assert.False(File.Exists("x"));
    }
}
