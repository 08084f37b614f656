using System.Text.Json;
using Retort.Core;
using Retort.Recipes;

namespace Retort.Cli.Tests;

public class CommandTests
{
    private static Outcome RunWith(FakeRecipe recipe, params string[] words) => Cli.Run(words, host => host with { Recipes = [recipe] });

    [Theory]
    [InlineData("lst", "retort: unknown command 'lst'; expected one of {commands}; did you mean 'list'?")]
    [InlineData("--versoin", "retort: unknown option '--versoin'; expected one of --help, --version; did you mean '--version'?")]
    [InlineData("list --jsn", "retort: list: unknown option '--jsn'; expected one of --preset, --json; did you mean '--json'?")]
    [InlineData("list fke", "retort: list: unknown recipe 'fke'; expected one of fake; did you mean 'fake'?")]
    [InlineData("list fake --preset smok", "retort: list fake: unknown preset 'smok'; expected one of smoke, quick; did you mean 'smoke'?")]
    [InlineData("list --preset smoke", "retort: list: --preset without a recipe; expected retort list RECIPE --preset NAME")]
    [InlineData("run", "retort: run: RECIPE is missing; expected retort run RECIPE [options]")]
    [InlineData("run fake more", "retort: run: 'more' is one word too many; expected retort run RECIPE [options]")]
    [InlineData("run fake --set", "retort: run: --set has no value; expected --set PATH=VALUE")]
    [InlineData("run fake --threads 0", "retort: run: --threads is '0'; expected a whole number in 1..1024")]
    [InlineData("run fake --seed -1", "retort: run: --seed is '-1'; expected a whole number of 0 or above")]
    [InlineData("run fake --seeds 3..1", "retort: run: --seeds is '3..1'; expected whole numbers and ranges, e.g. 2 or 1,3 or 1..3")]
    [InlineData("run fake --seeds 1,1..2", "retort: run: --seeds is '1,1..2'; expected each seed once")]
    [InlineData("run fake --seeds 1 --seed 2", "retort: run: --seed and --seeds together; expected one of them")]
    public void A_wrong_request_is_one_line_with_the_nearest_choice_and_exit_code_2(string line, string message)
    {
        var outcome = Cli.Run(line.Split(' '));
        message = message.Replace("{commands}", Cli.CommandNames, StringComparison.Ordinal);
        Assert.Equal((2, "", message + Environment.NewLine), (outcome.ExitCode, outcome.Output, outcome.Error));
    }

    [Fact]
    public void Everything_asked_reaches_the_recipe()
    {
        var recipe = new FakeRecipe();
        var outcome = RunWith(recipe, "run", "fake", "--preset", "smoke", "--threads", "3", "--config", "a b.yaml", "--set", "steps=1", "--set", "x.y=@z",
            "--claims", "C1, C3", "--seeds", "2,4..5", "--out", "o", "--resume", "--dry-run");
        Assert.Equal((0, "all hold" + Environment.NewLine, ""), (outcome.ExitCode, outcome.Output, outcome.Error));
        var asked = recipe.Asked!;
        Assert.Equal(("smoke", 3, "a b.yaml", Path.GetFullPath("o")), (asked.Preset, asked.Threads, asked.ConfigPath, asked.OutputFolder));
        Assert.Equal(["steps=1", "x.y=@z"], asked.Overrides);
        Assert.Equal(["C1", "C3"], asked.Claims!);
        Assert.Equal([2UL, 4, 5], asked.Seeds!);
        Assert.Equal((true, true, false), (asked.Resume, asked.DryRun, asked.Json));
    }

    [Fact]
    public void What_is_not_asked_has_the_documented_defaults()
    {
        var recipe = new FakeRecipe();
        RunWith(recipe, "run", "fake");
        var asked = recipe.Asked!;
        Assert.Equal(("quick", Environment.ProcessorCount, null), (asked.Preset, asked.Threads, asked.ConfigPath));
        Assert.Equal(Path.GetFullPath("runs/fake-quick"), asked.OutputFolder);
        Assert.Null(asked.Seeds);
        Assert.Null(asked.Claims);
        Assert.Empty(asked.Overrides);
    }

    [Theory]
    [InlineData("rl --model _", "--model")]
    [InlineData("rl --model m --out _", "--out")]
    [InlineData("eval --model _", "--model")]
    [InlineData("eval --model m --data _", "--data")]
    [InlineData("eval --model m --out _", "--out")]
    [InlineData("eval curves --compare a _", "--compare")]
    [InlineData("sample --model _", "--model")]
    [InlineData("serve --model _", "--model")]
    [InlineData("train --config _", "--config")]
    [InlineData("train --task countdown --out _", "--out")]
    [InlineData("train predictor --model m --data _", "--data")]
    [InlineData("run fake --out _", "--out")]
    [InlineData("run fake --merge _", "--merge")]
    [InlineData("data convert --model _", "--model")]
    [InlineData("bench serve http://x --out _", "--out")]
    [InlineData("doctor --out _", "--out")]
    [InlineData("compare a _", "RUN")]
    public void An_empty_path_is_told(string line, string name)
    {
        var outcome = Cli.Run([.. line.Split(' ').Select(word => word == "_" ? "" : word)]);
        Assert.Equal((2, "", $"retort: {name}: is empty; expected a path{Environment.NewLine}"), (outcome.ExitCode, outcome.Output, outcome.Error));
    }

    [Theory]
    [InlineData("run fake")]
    [InlineData("run fake --dry-run")]
    [InlineData("train --task countdown --preset compact")]
    [InlineData("train --task countdown --preset compact --dry-run")]
    public void A_folder_that_cannot_be_is_told_before_any_work(string line)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("s.jsonl", "");
        foreach (var path in new[] { file, Path.Combine(file, "run") })
        {
            var outcome = Cli.Run([.. line.Split(' '), "--out", path]);
            Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
            Assert.StartsWith($"retort: {path}: cannot be created (", outcome.Error, StringComparison.Ordinal);
            Assert.EndsWith("); expected a writable folder" + Environment.NewLine, outcome.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 3)]
    public void A_failing_claim_is_exit_code_3(bool fails, int exitCode) =>
        Assert.Equal(exitCode, RunWith(new FakeRecipe(_ => new RecipeOutcome(fails, "", "{}")), "run", "fake").ExitCode);

    [Fact]
    public void With_json_standard_output_holds_the_JSON_and_standard_error_nothing()
    {
        var recipe = new FakeRecipe(context =>
        {
            using var phase = context.Progress.Begin("train", 10, "steps");
            context.Progress.Note("noted");
            phase.Report(10);
            return new RecipeOutcome(false, "text", "{\"recipe\":\"fake\"}");
        });
        var outcome = RunWith(recipe, "run", "fake", "--json");
        Assert.Equal(("{\"recipe\":\"fake\"}" + Environment.NewLine, ""), (outcome.Output, outcome.Error));
        Assert.Contains("train: 10 steps in", RunWith(recipe, "run", "fake").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void A_UserError_is_one_line_with_its_own_exit_code(bool request, int exitCode)
    {
        var recipe = new FakeRecipe(_ => throw (request ? UserError.Request("c.yaml:1:2", "is wrong") : UserError.Environment("/x", "is full")));
        var outcome = RunWith(recipe, "run", "fake");
        Assert.Equal(exitCode, outcome.ExitCode);
        Assert.Equal(request ? "retort: c.yaml:1:2: is wrong" : "retort: /x: is full", outcome.Error.TrimEnd());
    }

    [Fact]
    public void What_the_system_refuses_is_no_fault_of_ours()
    {
        var recipe = new FakeRecipe(_ => throw new UnauthorizedAccessException("Access to the path '/x' is denied."));
        var outcome = RunWith(recipe, "run", "fake");
        Assert.Equal((1, "retort: run: Access to the path '/x' is denied; expected files and folders this user can read and write"),
            (outcome.ExitCode, outcome.Error.TrimEnd()));
    }

    [Fact]
    public void An_unexpected_fault_is_one_line_and_a_log_with_the_stack_trace()
    {
        var folder = Directory.CreateTempSubdirectory("retort-cli-").FullName;
        try
        {
            var recipe = new FakeRecipe(_ => throw new InvalidOperationException("first\nsecond"));
            var outcome = Cli.Run(["run", "fake"], host => host with { Recipes = [recipe], LogFolder = folder });
            var log = Assert.Single(Directory.GetFiles(folder));
            Assert.Equal((1, $"retort: InvalidOperationException: first second (a fault of ours; the stack trace is in {log})"),
                (outcome.ExitCode, outcome.Error.TrimEnd()));
            Assert.Contains("FakeRecipe.Run", File.ReadAllText(log), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void An_interruption_is_exit_code_130_and_says_how_to_go_on()
    {
        using var source = new CancellationTokenSource();
        var recipe = new FakeRecipe(context =>
        {
            source.Cancel();
            context.Cancellation.ThrowIfCancellationRequested();
            throw new InvalidOperationException("not reached");
        });
        var outcome = Cli.Run(["run", "fake", "--out", "my run"], host => host with { Recipes = [recipe], Cancellation = source.Token });
        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal("retort: interrupted; what was done is saved, go on with:\n  ./retort run fake --out 'my run' --resume", outcome.Error.TrimEnd());
    }

    [Fact]
    public void A_cancellation_nobody_asked_for_is_a_fault()
    {
        var folder = Directory.CreateTempSubdirectory("retort-cli-").FullName;
        var recipe = new FakeRecipe(_ => throw new OperationCanceledException());
        var outcome = Cli.Run(["run", "fake"], host => host with { Recipes = [recipe], LogFolder = folder });
        Directory.Delete(folder, recursive: true);
        Assert.Equal(1, outcome.ExitCode);
    }

    [Fact]
    public void List_shows_recipes_then_presets_and_settings()
    {
        Assert.Equal("fake  smoke quick  Says whatever the test wants." + Environment.NewLine, Cli.Run(["list"]).Output);
        var one = Cli.Run(["list", "fake"]).Output;
        Assert.Contains("  steps  10  steps  Optimizer steps.", one, StringComparison.Ordinal);
        Assert.Contains("  smoke  Seconds.", one, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Cli.Run(["list", "fake", "--json"]).Output);
        Assert.Equal("steps", json.RootElement.GetProperty("settings")[0].GetProperty("path").GetString());
        using var all = JsonDocument.Parse(Cli.Run(["list", "--json"]).Output);
        Assert.Equal("fake", all.RootElement[0].GetProperty("name").GetString());
    }

    [Fact]
    public void Doctor_examines_the_machine_and_refuses_a_folder_that_cannot_be_written()
    {
        using var json = JsonDocument.Parse(Cli.Run(["doctor", "--json", "--out", Path.GetTempPath()]).Output);
        var subjects = json.RootElement.GetProperty("findings").EnumerateArray().Select(item => item.GetProperty("subject").GetString()).ToList();
        Assert.Equal(["retort", "runtime", "sdk", "system", "processor", "cores", "vectors", "memory", "disk", "output", "font", "shared data"], subjects);
        Assert.True(json.RootElement.GetProperty("ok").GetBoolean());
        var refused = Cli.Run(["doctor", "--out", "/proc/retort"]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("cannot be written", refused.Output, StringComparison.Ordinal);
        Assert.All(refused.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("list")]
    [InlineData("run")]
    [InlineData("doctor")]
    [InlineData("train")]
    [InlineData("sample")]
    [InlineData("eval")]
    [InlineData("eval curves")]
    [InlineData("data")]
    [InlineData("data countdown")]
    [InlineData("data sudoku")]
    [InlineData("data instructions")]
    [InlineData("data scrambled-arithmetic")]
    [InlineData("data answers")]
    [InlineData("data convert")]
    [InlineData("compare")]
    public void Help_fits_80_columns_and_is_data(string command)
    {
        var outcome = Cli.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Contains("Usage:", outcome.Output, StringComparison.Ordinal);
        Assert.All(outcome.Output.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
    }
}
