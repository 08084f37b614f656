using System.Diagnostics;
using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    private const string Tiny = """
        name: sudoku
        data: { problems: 300 }
        model: { hiddenSize: 16, numLayers: 1, numHeads: 2, intermediateSize: 32, maxPositions: 64 }
        training: { steps: 200, batchSequences: 8, warmupSteps: 10, checkpointEvery: 20 }
        evaluation: { every: 50, problems: 5 }

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private Outcome Train(string run, params string[] more) =>
        Cli.Run(["train", "--config", folder.Write("tiny.yaml", Tiny), "--out", folder.File(run), "--json", .. more]);

    private string Metrics(string run) => File.ReadAllText(folder.File(run + "/metrics.jsonl"));

    private byte[] Weights(string run) => File.ReadAllBytes(folder.File(run + "/checkpoints/model/step-00000200/model.safetensors"));

    [Fact]
    public void A_run_killed_in_the_middle_and_resumed_ends_with_the_bytes_of_an_unbroken_one()
    {
        Assert.Equal((0, ""), (Train("unbroken", "--threads", "1").ExitCode, Train("unbroken").Error));
        var start = new ProcessStartInfo("dotnet",
            [Path.Combine(AppContext.BaseDirectory, "retort.dll"), "train", "--config", folder.File("tiny.yaml"), "--out", folder.File("killed"), "--json"])
        { RedirectStandardOutput = true };
        using (var child = Process.Start(start)!)
        {
            while (!Directory.Exists(folder.File("killed/checkpoints/model/step-00000020")))
            {
                Assert.False(child.HasExited, "the run ended before it could be killed");
                Thread.Sleep(1);
            }

            child.Kill();
            child.WaitForExit();
        }

        Assert.False(Directory.Exists(folder.File("killed/checkpoints/model/step-00000200")), "the run was over before it was killed");
        Assert.NotEqual(Metrics("unbroken"), Metrics("killed"));
        var resumed = Cli.Run(["train", "--out", folder.File("killed"), "--resume", "--json"]);
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        Assert.Equal(Metrics("unbroken"), Metrics("killed"));
        Assert.Equal(Weights("unbroken"), Weights("killed"));
        Assert.Equal(File.ReadAllText(folder.File("unbroken/evaluations/test.jsonl")), File.ReadAllText(folder.File("killed/evaluations/test.jsonl")));
    }

    [Fact]
    public void A_run_knows_its_task_and_is_compared_with_another()
    {
        Assert.Equal(0, Train("one", "--set", "training.steps=20").ExitCode);
        Assert.Equal(0, Train("two", "--set", "training.steps=20", "--seed", "2").ExitCode);
        using var evaluated = JsonDocument.Parse(Cli.Run(["eval", "--model", folder.File("one"), "--problems", "4", "--json"]).Output);
        Assert.Equal(4, evaluated.RootElement.GetProperty("problems").GetInt32());
        using var compared = JsonDocument.Parse(Cli.Run(["compare", folder.File("one"), folder.File("two"), "--json"]).Output);
        var difference = Assert.Single(compared.RootElement.GetProperty("settings").EnumerateArray());
        Assert.Equal(("seed", "1", "2"), (difference.GetProperty("path").GetString(), difference.GetProperty("left").GetString(), difference.GetProperty("right").GetString()));
        Assert.Equal(5, Assert.Single(compared.RootElement.GetProperty("outcomes").EnumerateArray()).GetProperty("problems").GetInt32());
        var other = Train("one", "--set", "training.steps=20", "--seed", "3");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("the folder holds a run with other settings (seed is 1 there and 3 here)", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupted_run_is_saved_and_says_how_to_go_on()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var outcome = Cli.Run(["train", "--config", folder.Write("tiny.yaml", Tiny), "--out", folder.File("run")], host => host with { Cancellation = source.Token });
        Assert.Equal(130, outcome.ExitCode);
        Assert.EndsWith("go on with:\n  ./retort train --config " + folder.File("tiny.yaml") + " --out " + folder.File("run") + " --resume" + Environment.NewLine,
            outcome.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("run/config.yaml")));
    }

    [Fact]
    public void A_dry_run_prices_the_run_and_writes_nothing()
    {
        var outcome = Train("dry", "--dry-run");
        using var json = JsonDocument.Parse(outcome.Output);
        var price = json.RootElement;
        Assert.Contains("hiddenSize: 16", price.GetProperty("config").GetString(), StringComparison.Ordinal);
        // Six FLOPs a parameter and token, and some for attention.
        var floor = 6.0 * price.GetProperty("nonEmbeddingParameters").GetInt64() * price.GetProperty("tokens").GetInt64();
        Assert.InRange(price.GetProperty("flops").GetInt64(), floor, 4 * floor);
        Assert.False(Directory.Exists(folder.File("dry")));
    }

    [Theory]
    [InlineData("train", "train: --task is missing; expected --task countdown or --task sudoku or --task instructions or --task solution-tree or --task scrambled-arithmetic or --task graph-connectivity or --task parity or --task copy or --task addition or --task multiplication or --task variable-assignment or --task answers")]
    [InlineData("train --task cntdown", "train: unknown task 'cntdown'; expected one of countdown, sudoku, instructions, solution-tree, scrambled-arithmetic, graph-connectivity, parity, copy, addition, multiplication, variable-assignment, answers; did you mean 'countdown'?")]
    [InlineData("train --task sudoku --set model.numHeads=7", "model.numHeads: is 7; expected a divisor of hiddenSize = 96")]
    [InlineData("train --task sudoku --set training.steps=-1", "--set training.steps=-1: training.steps: is -1; expected a whole number above 0")]
    [InlineData("train --task sudoku --set training.gradientShards=3", "--set training.gradientShards=3: training.gradientShards: is 3; expected a power of two")]
    [InlineData("train --task sudoku --set model.maxPositions=8", "model.maxPositions: is 8, and prompts of sudoku have")]
    [InlineData("train --task countdown --config C", "name: is 'sudoku'; expected countdown, the task asked for")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        var config = folder.Write("tiny.yaml", Tiny);
        var outcome = Cli.Run([.. line.Split(' ').Select(word => word == "C" ? config : word), "--out", folder.File("none")]);
        Assert.StartsWith("retort: " + message, outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
        Assert.False(Directory.Exists(folder.File("none")));
    }
}
