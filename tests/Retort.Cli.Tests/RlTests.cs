using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retort.Recipes.Report;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Cli.Tests;

public sealed class RlTests : IDisposable
{
    private const string Base = """
        name: scrambled-arithmetic
        task: { steps: 1..2 }
        data: { problems: 500 }
        model: { hiddenSize: 16, numLayers: 1, numHeads: 2, intermediateSize: 32, maxPositions: 64 }
        training: { steps: 60, batchSequences: 16, warmupSteps: 5, learningRate: 0.01 }
        evaluation: { every: 0, problems: 4 }

        """;

    private const string Learn = """
        rl: { steps: 30, promptsPerStep: 4, samplesPerPrompt: 4, maxNewTokens: 24, passes: 2, updatesPerPass: 2, klCoefficient: 0.01 }
        expertIteration: { rounds: 2, samplesPerPrompt: 4, maxNewTokens: 24, batchSequences: 8, threshold: 0 }
        data: { problems: 20 }
        evaluation: { every: 3, problems: 6, samples: 2 }

        """;

    private readonly TemporaryFolder folder = new();

    public RlTests() => Assert.Equal(0, Cli.Run(["train", "--config", folder.Write("base.yaml", Base), "--out", folder.File("base"), "--json"]).ExitCode);

    public void Dispose() => folder.Dispose();

    private Outcome Rl(string run, params string[] more) =>
        Cli.Run(["rl", "--model", folder.File("base"), "--config", folder.Write("rl.yaml", Learn), "--out", folder.File(run), .. more]);

    private string Text(string run, string file) => File.ReadAllText(folder.File(run + "/" + file));

    private string Checkpoint(string run) => Assert.Single(Directory.GetDirectories(folder.File(run + "/checkpoints/model")));

    /// <summary>A file of problems in the words of the base.</summary>
    private string Answers(int test)
    {
        ITask task = new ScrambledArithmeticTask(new ScrambledArithmeticSettings { Steps = new(1, 2) });
        IEnumerable<string> Lines(Split split, int count) => Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(
            new { prompt = task.Create(split, i).Prompt, answer = "1", split = split.ToString().ToLowerInvariant() }));
        return folder.Write("answers.jsonl", string.Join('\n', [.. Lines(Split.Train, 9), .. Lines(Split.Validation, 6), .. Lines(Split.Test, test)]) + "\n");
    }

    private byte[] Weights(string run) => File.ReadAllBytes(folder.File(run + "/checkpoints/model/step-00000030/model.safetensors"));

    [Theory]
    [InlineData("grpo")]
    [InlineData("ppo")]
    [InlineData("reinforce")]
    public void A_run_says_what_a_step_is_and_what_it_brought(string algorithm)
    {
        var outcome = Rl("run", "--set", $"rl.algorithm={algorithm}", "--set", "rl.steps=3");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Matches("4 prompts x 4 samples = 16 completions, [0-9]+ micro-batches a step; 3 steps; about ", outcome.Error);
        Assert.Contains("pass@1", outcome.Output, StringComparison.Ordinal);
        Assert.All(outcome.Output.Split('\n').Where(line => !line.Contains('/')), line => Assert.InRange(line.Length, 0, 80));
        var steps = File.ReadAllLines(folder.File("run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("phase").GetString() == "rl").ToArray();
        Assert.Equal(3, steps.Length);
        Assert.All(steps, step => Assert.Equal(0, step.GetProperty("first_ratio_error").GetDouble()));
        Assert.All(steps, step => Assert.Equal(16, step.GetProperty("length_histogram").EnumerateArray().Sum(count => count.GetInt32())));
        // The model goes on as any other, and its task with it.
        Assert.Equal(0, Cli.Run(["eval", "--model", folder.File("run"), "--problems", "2", "--json"]).ExitCode);
    }

    [Theory]
    [InlineData("rl.maxStaleness=0")]
    [InlineData("rl.maxStaleness=1")]
    public void A_run_killed_in_the_middle_and_resumed_ends_with_the_bytes_of_an_unbroken_one(string setting)
    {
        Assert.Equal(0, Rl("unbroken", "--json", "--set", setting).ExitCode);
        var start = new ProcessStartInfo("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "retort.dll"), "rl", "--model", folder.File("base"), "--config", folder.File("rl.yaml"),
            "--out", folder.File("killed"), "--json", "--set", setting,
        ])
        { RedirectStandardOutput = true };
        using (var child = Process.Start(start)!)
        {
            while (!Directory.Exists(folder.File("killed/checkpoints/model/step-00000006")))
            {
                Assert.False(child.HasExited && !Directory.Exists(folder.File("killed/checkpoints/model/step-00000030")), "the run ended before it could be killed");
                Thread.Sleep(1);
            }

            child.Kill();
            child.WaitForExit();
        }

        Assert.False(Directory.Exists(folder.File("killed/checkpoints/model/step-00000030")), "the run was over before it was killed");
        var resumed = Cli.Run(["rl", "--out", folder.File("killed"), "--resume", "--json"]);
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        foreach (var file in new[] { "metrics.jsonl", "evaluations/before.jsonl", "evaluations/after.jsonl" })
        {
            Assert.Equal(Text("unbroken", file), Text("killed", file));
        }

        Assert.Equal(Weights("unbroken"), Weights("killed"));
        var other = Rl("killed", "--set", setting, "--set", "rl.learningRate=0.5", "--seed", "9");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("seed is 1 there and 9 here, rl.learningRate is 0.0001 there and 0.5 here", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Expert_iteration_goes_on_where_it_was()
    {
        Assert.Equal(0, Rl("once", "--json", "--set", "method=expertIteration").ExitCode);
        var rounds = File.ReadAllLines(folder.File("once/rounds/round-1/samples.jsonl"));
        Assert.Equal(20, rounds.Length);
        var metrics = Text("once", "metrics.jsonl");
        Assert.Equal(0, Rl("once", "--json", "--set", "method=expertIteration").ExitCode);
        Assert.Equal(metrics, Text("once", "metrics.jsonl"));
        Assert.Equal(0, Cli.Run(["eval", "--model", folder.File("once"), "--problems", "2", "--json"]).ExitCode);
    }

    [Theory]
    [InlineData("--set rl.stepz=3", "rl.stepz")]
    [InlineData("--set rl.temperature=0", "rl.temperature: is 0; expected")]
    [InlineData("--set rl.updatesPerPass=3", "updatesPerPass: is 3 for 4 problems a step; expected a divisor of 4")]
    [InlineData("--set rl.samplesPerPrompt=1", "samplesPerPrompt: is 1; expected at least 2")]
    [InlineData("--task countdown", "its tokenizer does not know a word of countdown")]
    [InlineData("--set reference=nowhere", "nowhere: does not exist")]
    [InlineData("--set reference=nowhere --dry-run", "nowhere: does not exist")]
    [InlineData("--set rl.temperature=101", "rl.temperature: is 101; expected")]
    [InlineData("--set expertIteration.temperature=101", "expertIteration.temperature: is 101; expected")]
    [InlineData("--set rl.clipLow=1", "rl.clipLow: is 1; expected")]
    [InlineData("--set data.split=test", "data.split: is test, whose problems show before and after what was learned; expected train or validation")]
    [InlineData("--task answers --set task.file=ANSWERS", "evaluation.problems: is 6, and ANSWERS has 2 problems of the split test; expected 1..2")]
    [InlineData("--set data.problems=0 --set method=expertIteration", "data.problems: is 0, and expert iteration asks every problem")]
    public void Wrong_requests_are_told_in_a_line(string words, string message)
    {
        var answers = Answers(test: 2);
        string Filled(string text) => text.Replace("ANSWERS", answers, StringComparison.Ordinal);
        var outcome = Rl("wrong", Filled(words).Split(' '));
        Assert.Equal(2, outcome.ExitCode);
        Assert.False(Directory.Exists(folder.File("wrong/evaluations")));
        Assert.Contains(Filled(message), outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_run_under_way_is_left_alone()
    {
        Assert.Equal(0, Rl("run", "--set", "rl.steps=1", "--json").ExitCode);
        var written = Text("run", "metrics.jsonl");
        using (RunFolder.Create(folder.File("run"), Text("run", "config.yaml")))
        {
            var outcome = Rl("run", "--set", "rl.steps=1", "--json");
            Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
            Assert.Contains($"{folder.File("run")}: in use by another process; expected wait for it, or another --out", outcome.Error, StringComparison.Ordinal);
        }

        Assert.Equal(written, Text("run", "metrics.jsonl"));
    }

    [Theory]
    [InlineData("policyGradient")]
    [InlineData("expertIteration")]
    public void A_completion_ends_where_the_model_says_so(string method)
    {
        // Every token ends a text: the tokenizer names one of them only.
        var checkpoint = Checkpoint("base");
        var vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(checkpoint, "config.json")))!["vocab_size"]!.GetValue<int>();
        var path = Path.Combine(checkpoint, "generation_config.json");
        var generation = JsonNode.Parse(File.ReadAllText(path))!;
        generation["eos_token_id"] = new JsonArray([.. Enumerable.Range(0, vocabulary).Select(id => JsonValue.Create(id))]);
        File.WriteAllText(path, generation.ToJsonString());
        var outcome = Rl("run", "--set", "rl.steps=3", "--set", $"method={method}", "--set", "expertIteration.rounds=1", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        using var result = JsonDocument.Parse(outcome.Output);
        foreach (var when in new[] { "before", "after" })
        {
            Assert.Equal(1, result.RootElement.GetProperty(when).GetProperty("mean_tokens").GetDouble());
        }

        var metrics = File.ReadAllLines(folder.File("run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.All(metrics.Where(line => line.GetProperty("phase").GetString() == "evaluation"), line => Assert.Equal(1, line.GetProperty("mean_tokens").GetDouble()));
        if (method == "policyGradient")
        {
            Assert.All(metrics.Where(line => line.GetProperty("phase").GetString() == "rl"), line => Assert.Equal(1, line.GetProperty("length").GetDouble()));
        }
        else
        {
            var kept = File.ReadAllLines(folder.File("run/rounds/round-1/samples.jsonl")).SelectMany(
                line => JsonDocument.Parse(line).RootElement.GetProperty("Kept").EnumerateArray().Select(tokens => tokens.GetArrayLength())).ToArray();
            Assert.NotEmpty(kept);
            Assert.All(kept, length => Assert.Equal(1, length));
        }

        // And the model that was learned says so too.
        var evaluated = Cli.Run(["eval", "--model", folder.File("run"), "--problems", "3", "--json"]);
        Assert.Contains("\"mean_tokens\":1}", evaluated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_with_what_it_began_with_only()
    {
        var answers = Answers(test: 6);
        var reference = folder.File("reference");
        Directory.CreateDirectory(reference);
        foreach (var file in Directory.GetFiles(Checkpoint("base")))
        {
            File.Copy(file, Path.Combine(reference, Path.GetFileName(file)));
        }

        string[] words = ["--task", "answers", "--set", $"task.file={answers}", "--set", $"reference={reference}", "--set", "rl.steps=1", "--json"];
        var first = Rl("run", words);
        Assert.Equal((0, ""), (first.ExitCode, first.Error));
        var before = folder.File("run/evaluations/before.jsonl");
        File.SetLastWriteTimeUtc(before, DateTime.UnixEpoch);
        var again = Rl("run", words);
        Assert.Equal((0, first.Output), (again.ExitCode, again.Output));
        // What is there of the model as it began is not asked again.
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(before));

        var metrics = Text("run", "metrics.jsonl");
        foreach (var (setting, file) in new[]
        {
            ("model", Path.Combine(Checkpoint("base"), "model.safetensors")),
            ("reference", Path.Combine(reference, "model.safetensors")),
            ("task.file", answers),
        })
        {
            var bytes = File.ReadAllBytes(file);
            // The sign of the last weight; a last line's end.
            byte[] changed = setting == "task.file" ? [.. bytes, (byte)'\n'] : [.. bytes[..^1], (byte)(bytes[^1] ^ 0x80)];
            File.WriteAllBytes(file, changed);
            var outcome = Rl("run", [.. words, "--resume"]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains($"retort: {setting}: ", outcome.Error, StringComparison.Ordinal);
            Assert.Contains($" has changed since the run in {folder.File("run")} began; expected what it was then, or another --out", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(metrics, Text("run", "metrics.jsonl"));
            File.WriteAllBytes(file, bytes);
        }
    }

    [Fact]
    public void Expert_iteration_is_tried_at_its_own_length()
    {
        Assert.Equal(0, Rl("run", "--json", "--set", "method=expertIteration", "--set", "expertIteration.maxNewTokens=3", "--set", "expertIteration.rounds=1").ExitCode);
        var lengths = File.ReadAllLines(folder.File("run/evaluations/before.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("tokens").GetArrayLength());
        Assert.Equal(3, lengths.Max());
    }

    [Fact]
    public void A_model_is_needed() =>
        Assert.Contains("rl: --model is missing", Cli.Run(["rl"]).Error, StringComparison.Ordinal);

    [Fact]
    public void A_reference_of_another_shape_is_refused()
    {
        var path = folder.Write("other.yaml", Base.Replace("hiddenSize: 16", "hiddenSize: 24", StringComparison.Ordinal));
        Assert.Equal(0, Cli.Run(["train", "--config", path, "--out", folder.File("other"), "--set", "training.steps=5", "--json"]).ExitCode);
        foreach (var more in (string[][])[[], ["--dry-run"]])
        {
            var outcome = Rl("run", ["--set", $"reference={folder.File("other")}", .. more]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains($"reference: {folder.File("other")} has another shape (llama, 1 x 24, ", outcome.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder.File("run")));
        }
    }

    [Fact]
    public void A_dry_run_prices_and_its_configuration_can_be_fed_back()
    {
        var outcome = Rl("none", "--dry-run", "--json");
        Assert.Equal(0, outcome.ExitCode);
        using var plan = JsonDocument.Parse(outcome.Output);
        Assert.StartsWith("4 prompts x 4 samples = 16 completions", plan.RootElement.GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("none")));
        Assert.Contains(
            "completions, 1 micro-batch a step;",
            Rl("none", "--dry-run", "--json", "--threads", "1", "--set", "rl.promptsPerStep=1", "--set", "rl.passes=1", "--set", "rl.updatesPerPass=1").Output, StringComparison.Ordinal);
        var again = Cli.Run(["rl", "--config", folder.Write("again.yaml", plan.RootElement.GetProperty("config").GetString()!), "--dry-run", "--json"]);
        Assert.Equal(plan.RootElement.GetProperty("config").GetString(), JsonDocument.Parse(again.Output).RootElement.GetProperty("config").GetString());
    }
}
