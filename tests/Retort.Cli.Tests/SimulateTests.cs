using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class SimulateTests
{
    private static Outcome Simulate(string line) => Cli.Run(["simulate", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

    private static JsonElement Json(string line)
    {
        var outcome = Simulate(line + " --json");
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    [Fact]
    public void A_queue_is_one_object_with_both_sides_and_its_inputs()
    {
        var row = Json("--lambda 0.8 --sizes exp --predictions perfect --c 0.8 --jobs 640000");
        Assert.Equal(
            (0.8, "exp", "perfect", 0.8, "trail", 1, 640000, 1),
            (row.GetProperty("lambda").GetDouble(), row.GetProperty("sizes").GetString(), row.GetProperty("predictions").GetString(),
                row.GetProperty("c").GetDouble(), row.GetProperty("policy").GetString(), row.GetProperty("servers").GetInt32(),
                row.GetProperty("jobs").GetInt32(), row.GetProperty("seed").GetInt32()));
        var (formula, simulation) = (row.GetProperty("formula"), row.GetProperty("simulation"));
        Assert.Equal(2.35830, formula.GetProperty("mean_response").GetDouble(), 5);
        Assert.Equal(JsonValueKind.Null, formula.GetProperty("reason").ValueKind);
        Assert.Equal(simulation.GetProperty("standard_error").GetDouble(), simulation.GetProperty("standard_errors").GetProperty("mean_response").GetDouble());
        foreach (var name in (string[])["mean_response", "mean_kv", "preemptions_per_job"])
        {
            var error = simulation.GetProperty("standard_errors").GetProperty(name).GetDouble();
            Assert.InRange(simulation.GetProperty(name).GetDouble() - formula.GetProperty(name).GetDouble(), -3 * error, 3 * error);
        }

        Assert.Empty(row.GetProperty("notes").EnumerateArray());
    }

    [Fact]
    public void By_default_the_standard_error_is_at_most_0_3_percent_of_the_mean()
    {
        var simulation = Json("--lambda 0.5 --c 0.8").GetProperty("simulation");
        Assert.True(simulation.GetProperty("standard_error").GetDouble() <= 0.003 * simulation.GetProperty("mean_response").GetDouble());
    }

    [Fact]
    public void What_theory_does_not_know_is_null_with_its_reason()
    {
        var formula = Json("--policy srpt --servers 2 --jobs 6400").GetProperty("formula");
        Assert.Equal(JsonValueKind.Null, formula.GetProperty("mean_response").ValueKind);
        Assert.Contains("several servers", formula.GetProperty("reason").GetString());
        Assert.Contains("note: with several servers", Simulate("--policy srpt --servers 2 --jobs 6400").Output);
    }

    [Fact]
    public void An_option_that_does_nothing_is_told_beside_the_result_which_is_the_same_without_it()
    {
        using var folder = new TemporaryFolder();
        var trace = $"--trace {folder.Write("t.txt", "5\n20\n7\n")} --requests 100 --seeds 2";
        foreach (var (line, idle, note) in ((string, string, string)[])
        [
            ("--policy ps --jobs 6400", "--c 0.5", "ps has no C: --c changes nothing"),
            ("--policy fcfs --jobs 6400", "--predictions exp", "fcfs is given no predictions: --predictions changes nothing"),
            (trace + " --policies fcfs,sprpt", "--c 0.5", "--c changes nothing under fcfs, sprpt"),
            (trace + " --policies fcfs,srpt", "--predictions exp", "--predictions changes nothing under fcfs, srpt"),
            (trace + " --policies fcfs,sprpt", "--refined 1", "--refined changes nothing under fcfs, sprpt"),
            (trace + " --policies fcfs,sjf", "--margin 3", "--margin changes nothing under fcfs, sjf"),
        ])
        {
            var outcome = Simulate($"{line} {idle} --json");
            Assert.Equal((0, $"retort: simulate: {note}{Environment.NewLine}"), (outcome.ExitCode, outcome.Error));
            var key = line.StartsWith("--trace", StringComparison.Ordinal) ? "outcomes" : "simulation";
            var (with, without) = (JsonDocument.Parse(outcome.Output).RootElement, Json(line));
            Assert.Equal(Numbers(without), Numbers(with));
            if (key == "simulation")
            {
                Assert.Equal(note, with.GetProperty("notes")[0].GetString());
            }

            string Numbers(JsonElement root) => key == "outcomes" ? root.GetProperty(key).ToString()
                : root.GetProperty(key).ToString() + root.GetProperty("formula");
        }

        Assert.Equal("", Simulate($"{trace} --policies fcfs,trail --c 0.5 --predictions exp --refined 1 --margin 3 --json").Error);
    }

    [Fact]
    public void Equal_sizes_leave_nothing_to_gain_and_the_table_says_so_in_short_numbers()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("t.txt", string.Concat(Enumerable.Repeat("1\n", 30)));
        var outcome = Simulate($"--trace {path} --policies fcfs,sjf --requests 300 --load 0.5 --places 2");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("  1.00+-0   1.00+-0  ", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_loads_and_limits_give_rows_a_figure_and_a_table_of_80_columns()
    {
        using var folder = new TemporaryFolder();
        var outcome = Simulate($"--lambda 0.5,0.8 --c 0.2,1 --predictions exp --jobs 6400 --out {folder.File("out")}");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(4, outcome.Output.Split("mean response").Length - 1);
        var table = File.ReadAllText(folder.File("out/table.txt"));
        Assert.All(table.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.StartsWith(table, outcome.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(4, JsonDocument.Parse(File.ReadAllText(folder.File("out/simulate.json"))).RootElement.GetProperty("rows").GetArrayLength());
        foreach (var figure in (string[])["mean-response", "mean-kv", "preemptions"])
        {
            Assert.True(File.Exists(folder.File($"out/figures/{figure}.svg")) && File.Exists(folder.File($"out/figures/{figure}.png")));
        }
    }

    [Fact]
    public void Sizes_of_a_file_are_a_law_like_others()
    {
        using var folder = new TemporaryFolder();
        var plain = folder.Write("sizes.txt", "1\n2.5\n\n4\r\n");
        var columns = folder.Write("sizes.csv", "name,output_tokens\na,1\nb,2.5\nc,4\n");
        var objects = folder.Write("sizes.jsonl", "{\"output_tokens\":1}\n{\"output_tokens\":2.5,\"x\":[]}\n{\"output_tokens\":4}\n");
        var answers = new[] { plain, columns, objects }.Select(path => Json($"--policy srpt --jobs 6400 --sizes trace:{path}").GetProperty("simulation").ToString());
        Assert.Single(answers.Distinct());
    }

    [Fact]
    public void A_trace_answers_what_the_policies_would_do()
    {
        using var folder = new TemporaryFolder();
        var lengths = string.Join('\n', Enumerable.Range(0, 400).Select(i => 1 + i * 7919 % 97 * (i % 5 == 0 ? 3 : 1)));
        var line = $"--trace {folder.Write("t.txt", lengths)} --requests 1500 --seeds 3 --load 0.9";
        var outcome = Simulate(line + $" --out {folder.File("out")}");
        Assert.Equal(0, outcome.ExitCode);
        Assert.All(File.ReadAllLines(folder.File("out/table.txt")), row => Assert.True(row.Length <= 80, row));
        Assert.True(File.Exists(folder.File("out/figures/time-to-first-token.png")));
        var answer = Json(line);
        Assert.Equal(1500, answer.GetProperty("inputs").GetProperty("requests").GetInt32());
        var policies = answer.GetProperty("outcomes")[0].GetProperty("policies").EnumerateArray().ToArray();
        Assert.Equal(["fcfs", "sjf", "trail", "srpt"], policies.Select(policy => policy.GetProperty("policy").GetString()!));
        Assert.Equal(1, policies[0].GetProperty("end_to_end_gain").GetProperty("value").GetDouble());
        Assert.True(policies[2].GetProperty("first_token_gain").GetProperty("low").GetDouble() > 1);
        // One thread or three: the same bytes.
        Assert.Equal(Simulate(line + " --json --threads 1").Output, Simulate(line + " --json --threads 3").Output);
        // Every C is a row of each policy that it limits.
        var rows = Json(line + " --policies fcfs,trail --c 0.2,1 --kv-tokens 640 --kv-mode discard").GetProperty("outcomes")[0].GetProperty("policies");
        Assert.Equal(["fcfs", "trail 0.2", "trail 1"], rows.EnumerateArray().Select(policy => policy.GetProperty("policy").GetString()!));
        Assert.True(rows[2].GetProperty("recomputed_per_request").GetDouble() > rows[1].GetProperty("recomputed_per_request").GetDouble());
    }

    [Fact]
    public void Recorded_arrivals_prompts_and_predictions_are_used_where_the_trace_has_them()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("t.jsonl", string.Join('\n', Enumerable.Range(0, 200).Select(i =>
            $$"""{"arrival_seconds":{{i}},"prompt_tokens":{{5 + i % 7}},"output_tokens":{{1 + i * 31 % 50}},"predicted":{{1 + i * 31 % 50}}}""")));
        var inputs = Json($"--trace {path} --rate 2 --policies fcfs,sjf --seeds 2").GetProperty("inputs");
        Assert.Equal(("recorded", "trace", 200), (inputs.GetProperty("arrivals").GetString(), inputs.GetProperty("predictions").GetString(), inputs.GetProperty("requests").GetInt32()));
        Assert.Equal("poisson", Json($"--trace {path} --arrivals poisson --requests 100 --seeds 2").GetProperty("inputs").GetProperty("arrivals").GetString());
    }

    [Theory]
    [InlineData("--lambda 1", "--lambda: is '1'; expected a number above 0 and below 1, or several separated by commas")]
    [InlineData("--lambda 0.5,0.5", "--lambda: is '0.5,0.5'; expected each number once")]
    [InlineData("--c 1.5", "--c: is '1.5'; expected a number from 0 to 1, or several separated by commas")]
    [InlineData("--policy trial", "--policy: 'trial' is not a policy; expected one of fcfs, ps, sjf, srpt, sprpt, trail; did you mean 'trail'?")]
    [InlineData("--sizes gamma:2", "--sizes (a law or trace:FILE): 'gamma:2' is no law known here; expected exp, erlang:k, hyperexp:p,m1,m2, weibull:k, lognormal:s")]
    [InlineData("--predictions trace", "--predictions: 'trace' is no law known here; expected perfect, exp, lognormal:s")]
    [InlineData("--jobs 10", "simulate: --jobs is '10'; expected a whole number in 6400..1000000000000")]
    [InlineData("--load 0.9", "simulate: --load without --trace FILE; expected --load with it")]
    [InlineData("--trace {0} --policy fcfs", "simulate: --policy with --trace FILE; expected --policy without it")]
    [InlineData("--trace {0} --policies fcfs,sfj", "--policies: 'sfj' is not a scheduler; expected one of fcfs, sjf, sprpt, l-sprpt, rp-sprpt, trail, srpt, trail+, priority; did you mean 'sjf'?")]
    [InlineData("--trace {0} --policies fcfs,fcfs", "--policies: has 'fcfs' twice; expected each policy once, without priority")]
    [InlineData("--trace {0} --load 0.9 --rate 3", "simulate: --load and --rate together; expected one of them")]
    [InlineData("--trace {0} --kv-mode swop", "--kv-mode: is 'swop'; expected one of resident, discard, swap; did you mean 'swap'?")]
    [InlineData("--trace {0} --swap-ms 1", "simulate: --host-kv-tokens or --swap-ms without swapping; expected them with --kv-mode swap only")]
    [InlineData("--trace {0} --step-ms 0 --row-ms 0", "simulate: a decode step costs nothing; expected --step-ms or --row-ms above 0")]
    [InlineData("--trace {0} --arrivals recorded", "--arrivals: is 'recorded', and {0} spans no time; expected a trace with arrival_seconds, or poisson")]
    [InlineData("--trace {0} --predictions trace", "--predictions: is 'trace', and {0} has no field 'predicted'; expected perfect, exp or lognormal:s")]
    [InlineData("--trace {0} --kv-tokens 32", "{0}: request 2 has 36 tokens with its prompt; expected at most the 32 of --kv-tokens")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("t.txt", "10\n20\n");
        var outcome = Simulate(line.Replace("{0}", path, StringComparison.Ordinal));
        Assert.Equal((2, "", $"retort: {message.Replace("{0}", path, StringComparison.Ordinal)}{Environment.NewLine}"), (outcome.ExitCode, outcome.Output, outcome.Error));
    }

    [Theory]
    [InlineData("", ": holds nothing")]
    [InlineData("5\nx\n", ":2: output_tokens is 'x'; expected a number above 0")]
    [InlineData("5\n-1\n", ":2: output_tokens is '-1'")]
    [InlineData("5\n1,2\n", ":2: has 2 columns")]
    [InlineData("5\nNaN\n", ":2: output_tokens is 'NaN'")]
    [InlineData("output_token\n5\n", ":1: 'output_token' names no output_tokens")]
    [InlineData("output_tokens\n", ": holds no requests")]
    [InlineData("a,output_tokens\n1,2\n3\n", ":3: has 1 columns; expected the header's 2")]
    [InlineData("{\"output_tokens\":1}\n{\"tokens\":1}\n", ":2: has no output_tokens")]
    [InlineData("{\"output_tokens\":\"1\"}\n", ":1: output_tokens is '\"1\"'")]
    [InlineData("{\"output_tokens\":1,\"prompt_tokens\":2.5}\n", ":1: prompt_tokens is '2.5'; expected a whole number")]
    [InlineData("{\"output_tokens\":1,\"predicted\":2}\n{\"output_tokens\":1}\n", ": has predicted in some requests only")]
    [InlineData("{\"output_tokens\":1\n", ":1: is not JSON")]
    [InlineData("1.5\n", ": request 1 has 1.5 output_tokens")]
    [InlineData("{\"output_tokens\":1,\"arrival_seconds\":2}\n{\"output_tokens\":1,\"arrival_seconds\":1}\n", ": request 2 arrives before request 1")]
    public void A_trace_that_is_none_is_told_with_its_line(string text, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("trace", text);
        var outcome = Simulate($"--trace {path}");
        Assert.Equal((2, ""), (outcome.ExitCode, outcome.Output));
        Assert.StartsWith($"retort: {path}{message}", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }
}
