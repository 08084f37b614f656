using System.Text.Json;

namespace Retort.Cli.Tests;

/// <summary>Models trained at some lengths and asked at others, from the command line.</summary>
public sealed class LengthTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Train(string task, params string[] more)
    {
        var outcome = Cli.Run(
        [
            "train", "--task", task, "--out", folder.File(task), "--json", "--set", "data.problems=200", "--set", "training.steps=4", "--set", "training.warmupSteps=1",
            "--set", "training.batchSequences=8", "--set", "model.hiddenSize=16", "--set", "model.numHeads=2", "--set", "model.numLayers=1",
            "--set", "evaluation.problems=4", "--set", "evaluation.every=0", .. more,
        ]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return folder.File(task);
    }

    [Theory]
    [InlineData("parity", "task.length=40..48")]
    [InlineData("copy", "task.length=20..24")]
    [InlineData("addition", "task.length=30..32")]
    [InlineData("multiplication", "task.length=10..12")]
    [InlineData("variable-assignment", "task.length=40..48")]
    public void A_model_is_asked_problems_four_times_as_long_as_those_it_was_trained_on(string task, string length)
    {
        var model = Train(task);
        using var asked = JsonDocument.Parse(Cli.Run(["eval", "--model", model, "--problems", "6", "--set", length, "--json", "--out", folder.File("a.jsonl")]).Output);
        Assert.Equal(6, asked.RootElement.GetProperty("problems").GetInt32());
        var told = Cli.Run(["eval", "--model", model, "--problems", "6", "--set", length, "--tell-positions", "--json"]);
        Assert.Equal(0, told.ExitCode);
        // What no file says: the task's own text, of any length, read from a file.
        using var first = JsonDocument.Parse(File.ReadAllLines(folder.File("a.jsonl"))[0]);
        Assert.Equal(0, Cli.Run(["data", task, "--n", "3", "--set", length, "--out", folder.File("own.jsonl")]).ExitCode);
        using var own = JsonDocument.Parse(Cli.Run(["eval", "--model", model, "--data", folder.File("own.jsonl"), "--json"]).Output);
        Assert.Equal(3, own.RootElement.GetProperty("problems").GetInt32());
    }

    [Fact]
    public void Problems_beyond_the_models_ids_or_context_are_refused_by_name()
    {
        var model = Train("parity", "--set", "model.numPositionIds=30", "--set", "model.maxPositions=100");
        Assert.StartsWith(
            "retort: test-0: needs position ids up to 31; expected at most 29, the model's last: shorter problems, or a model trained with more model.numPositionIds",
            Cli.Run(["eval", "--model", model, "--set", "task.length=30..30"]).Error, StringComparison.Ordinal);
        Assert.StartsWith(
            "retort: test-0: has 103 tokens with its answer; expected at most 100, the model's context: shorter problems, or a model trained with more model.maxPositions",
            Cli.Run(["eval", "--model", model, "--set", "task.length=50..50"]).Error, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run(["eval", "--model", model, "--problems", "3", "--set", "task.length=28..28", "--json"]).ExitCode);
        Assert.Contains("is no prompt of parity; expected '1 0 1 ='", Cli.Run(
            ["eval", "--model", model, "--data", folder.Write("wrong.jsonl", "{\"prompt\": \"1 2 =\"}\n")]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_ids_learn_by_reinforcement_and_need_room_too()
    {
        var model = Train("parity", "--set", "data.positions=consecutive", "--set", "model.position=rope", "--set", "model.numPositionIds=0", "--set", "model.maxPositions=48");
        Assert.Contains("test-0: has 63 tokens with its answer", Cli.Run(["eval", "--model", model, "--set", "task.length=30..30"]).Error, StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run(["eval", "--model", model, "--problems", "3", "--set", "task.length=22..22", "--json"]).ExitCode);
        var learned = Cli.Run(
        [
            "rl", "--task", "parity", "--model", model, "--out", folder.File("rl"), "--set", "rl.steps=2", "--set", "rl.promptsPerStep=2", "--set", "rl.samplesPerPrompt=4",
            "--set", "data.problems=8", "--set", "evaluation.problems=4", "--set", "task.length=4..8", "--json",
        ]);
        Assert.Equal((0, ""), (learned.ExitCode, learned.Error));
    }
}
