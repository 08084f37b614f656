using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class EvalScalingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Train(string task, params string[] more)
    {
        var outcome = Cli.Run(
        [
            "train", "--task", task, "--out", folder.File(task), "--json", "--set", "data.problems=100", "--set", "training.steps=3", "--set", "training.warmupSteps=1",
            "--set", "training.batchSequences=8", "--set", "model.hiddenSize=16", "--set", "model.numHeads=2", "--set", "model.numLayers=1",
            "--set", "evaluation.problems=2", "--set", "evaluation.every=0", .. more,
        ]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return folder.File(task);
    }

    private static JsonElement Json(params string[] words)
    {
        var outcome = Cli.Run(["eval", "scaling", .. words, "--json"]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    // The sweep draws what its largest cell alone would: its samples serve all cells, so that it cannot take much longer.
    [Fact]
    public void A_sweep_draws_no_token_more_than_its_largest_cell()
    {
        var model = Train("graph-connectivity");
        int Drawn(string name, string samples, string chains)
        {
            Json("--model", model, "--problems", "5", "--samples", samples, "--chain-tokens", chains, "--out", folder.File(name), "--threads", "1");
            return File.ReadLines(folder.File(name + "/samples.jsonl")).Sum(line =>
            {
                using var sample = JsonDocument.Parse(line);
                return sample.RootElement.GetProperty("completion_tokens").GetInt32();
            });
        }

        Assert.Equal(Drawn("cell", "6", "12"), Drawn("sweep", "1,2,3,4,5,6", "2,4,6,8,10,12"));
    }

    [Theory]
    [InlineData("graph-connectivity")]
    [InlineData("parity")]
    [InlineData("scrambled-arithmetic")]
    [InlineData("instructions")]
    public void Samples_that_were_written_give_the_same_cells_again(string task)
    {
        var model = Train(task);
        var drawn = Json("--model", model, "--problems", "4", "--samples", "1,3", "--chain-tokens", "4,8", "--out", folder.File("a"));
        var read = Json("--data", folder.File("a/samples.jsonl"), "--model", model, "--samples", "1,3", "--chain-tokens", "4,8");
        var cells = drawn.GetProperty("cells").GetRawText();
        Assert.Contains("\"best_of\"", cells, StringComparison.Ordinal);
        Assert.Equal(cells, read.GetProperty("cells").GetRawText());
        foreach (var file in new[] { "report.html", "report.json", "figures/heat-map-best-of-n.svg", "figures/by-tokens-best-of-n.png" })
        {
            Assert.True(File.Exists(folder.File("a/" + file)), file);
        }
    }

    [Fact]
    public void What_cannot_be_swept_is_refused_before_anything_is_drawn()
    {
        var model = Train("graph-connectivity");
        var plain = folder.Write("plain.jsonl", "{\"problem\": \"a\", \"correct\": true}\n");
        foreach (var (words, expected) in ((string[], string)[])[
            (["--model", model, "--samples", "0"], "--samples"),
            (["--model", model, "--samples", "1,x"], "--samples"),
            (["--model", model, "--chain-tokens", "-3"], "--chain-tokens"),
            (["--model", model, "--chain-tokens", "100000"], "context"),
            (["--model", model, "--task", "graph-conectivity"], "graph-connectivity"),
            (["--model", model, "--samples", "1,1000000"], "at most 100000"),
            (["--model", model, "--samples", "1,100000", "--problems", "100000000"], "memory"),
            (["--model", model, "--temperature", "0"], "--temperature"),
            (["--data", plain], "plain.jsonl"),
            (["--data", folder.File("missing.jsonl")], "missing.jsonl"),
            ([], "--model")])
        {
            var outcome = Cli.Run(["eval", "scaling", .. words]);
            Assert.True(outcome.ExitCode == 2 && outcome.Error.Contains(expected, StringComparison.Ordinal), $"{string.Join(' ', words)}: {outcome.ExitCode} {outcome.Error}");
            Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        }

        Assert.Contains("completions", Cli.Run(["eval", "scaling", "--model", model, "--dry-run"]).Output, StringComparison.Ordinal);
    }
}
