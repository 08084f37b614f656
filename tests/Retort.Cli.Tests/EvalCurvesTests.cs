using System.Globalization;
using System.Text.Json;

namespace Retort.Cli.Tests;

public sealed class EvalCurvesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Line(string problem, double temperature, int sample, bool correct, string extra = "") => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"problem": "{{problem}}", "model": "m", "temperature": {{temperature}}, "sample": {{sample}}, "correct": {{(correct ? "true" : "false")}}, "answer": {{(correct ? "\"1\"" : "null")}}{{extra}}}""");

    /// <summary>Problems p0, p1, ...; problem i has the correct samples of its character (a digit) of eight at every temperature.</summary>
    private string Samples(string name, string correctAtLow, string correctAtOne, int samples = 8)
    {
        var lines = new List<string>();
        foreach (var (temperature, row) in ((double, string)[])[(0.2, correctAtLow), (1, correctAtOne)])
        {
            for (var problem = 0; problem < row.Length; problem++)
            {
                for (var sample = 0; sample < samples; sample++)
                {
                    lines.Add(Line($"p{problem}", temperature, sample, sample < row[problem] - '0'));
                }
            }
        }

        return folder.Write(name, string.Join('\n', lines) + "\n");
    }

    private static JsonElement Json(params string[] words)
    {
        var outcome = Cli.Run(["eval", "curves", .. words, "--json"]);
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private static double Value(JsonElement element, params string[] path) =>
        path.Aggregate(element, (inner, name) => inner.GetProperty(name)).GetProperty("value").GetDouble();

    [Fact]
    public void The_four_published_models_solve_what_a_plain_count_says()
    {
        var path = SharedData.Find("gsm8k/example_model_solutions.jsonl");
        var json = Json("--data", path, "--format", "gsm8k");
        var curves = json.GetProperty("curves").EnumerateArray().ToList();

        var lines = File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"], curves.Select(curve => curve.GetProperty("model").GetString()));
        foreach (var curve in curves)
        {
            var right = lines.Count(line => line.GetProperty(curve.GetProperty("model").GetString()!).GetProperty("is_correct").GetBoolean());
            Assert.Equal(right / (double)lines.Count, Value(curve, "pass_at", "1"), 12);
            Assert.Equal(right / (double)lines.Count, Value(curve, "majority_at", "1"), 12);
            Assert.Equal(right / (double)lines.Count, Value(curve, "coverage"), 12);
            var plan = Value(curve, "marks", "plan");
            Assert.InRange(plan, 0.5 * right / lines.Count, right / (double)lines.Count);
            Assert.InRange(Value(curve, "marks", "execute"), 0.95, 1);
            Assert.InRange(Value(curve, "marks", "correct_given_both"), 0.95, 1);
        }

        var pairs = json.GetProperty("verification").EnumerateArray().ToList();
        Assert.Equal(["6b", "175b"], pairs.Select(pair => pair.GetProperty("name").GetString()));
        Assert.Equal((515 - 286) / 1319.0, Value(pairs[0], "pass_at_1", "gain"), 12);
        Assert.Equal((742 - 458) / 1319.0, Value(pairs[1], "pass_at_1", "gain"), 12);
    }

    [Fact]
    public void The_game_of_24_is_counted_by_our_own_checker()
    {
        var path = SharedData.Find("game24/gpt4_cot_100_samples.json");
        var curve = Json("--data", path, "--format", "game24").GetProperty("curves")[0];

        using var published = JsonDocument.Parse(File.ReadAllText(path));
        var right = published.RootElement.EnumerateArray().Select(item => item.GetProperty("infos").EnumerateArray().Sum(info => info.GetProperty("r").GetInt32())).ToList();
        Assert.Equal(right.Average() / 100, Value(curve, "pass_at", "1"), 12);
        Assert.Equal(right.Count(count => count > 0) / 100.0, Value(curve, "pass_at", "100"), 12);
        Assert.Equal(Value(curve, "pass_at", "100"), Value(curve, "coverage"));
        Assert.Equal(right.Count(count => count > 2) / 100.0, Value(curve, "robust_coverage"), 12);
        Assert.Equal(right.Average() / 100, Value(curve, "majority_at", "1"), 12);
        Assert.InRange(Value(curve, "majority_at", "100"), 0.02, 0.2);
    }

    [Fact]
    public void Every_measure_of_graded_samples_has_its_interval()
    {
        var json = Json("--data", Samples("s.jsonl", "8840", "6431"));

        var (low, one) = (json.GetProperty("curves")[0], json.GetProperty("curves")[1]);
        Assert.Equal((0.2, 1.0), (low.GetProperty("temperature").GetDouble(), one.GetProperty("temperature").GetDouble()));
        Assert.Equal(["1", "2", "4", "8"], one.GetProperty("pass_at").EnumerateObject().Select(field => field.Name));
        Assert.Equal((6 + 4 + 3 + 1) / 32.0, Value(one, "pass_at", "1"), 12);
        Assert.Equal(1, Value(one, "pass_at", "8"));
        Assert.Equal(0.75, Value(one, "robust_coverage"));
        Assert.Equal(1, Value(one, "majority_at", "8")); // Only right answers vote.
        Assert.Equal(4, one.GetProperty("coverage").GetProperty("n").GetInt32());
        Assert.Equal([0.75, 0.5, 0.375, 0.125], one.GetProperty("precision_self_sorted").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal(JsonValueKind.Null, one.GetProperty("marks").ValueKind);
        var model = json.GetProperty("models")[0];
        Assert.Equal((2 + 4 + 1 + 1) / 32.0, Value(model, "temperature_sensitivity"), 12);
        Assert.Equal((20 - 14) / 32.0, Value(model, "drop_to_temperature_1"), 12);
        Assert.Equal((1.0, 1.0), (Value(model, "best_coverage"), model.GetProperty("best_coverage").GetProperty("temperature").GetDouble()));
    }

    [Fact]
    public void Before_and_after_are_paired_by_problem()
    {
        // The order of the lines and one more problem after do not matter.
        var (before, after) = (Samples("before.jsonl", "8000", "6010"), Samples("after.jsonl", "88000", "86002"));
        File.WriteAllLines(after, File.ReadAllLines(after).Reverse());

        var wall = Json("--compare", before, after).GetProperty("comparisons")[0];

        Assert.Equal(4, wall.GetProperty("problems").GetInt32());
        var newly = wall.GetProperty("newly_solved");
        Assert.Equal((2, 1, 1), (newly.GetProperty("unsolved").GetInt32(), newly.GetProperty("gained").GetInt32(), newly.GetProperty("lost").GetInt32()));
        Assert.Equal(0.75, newly.GetProperty("sign_test").GetDouble(), 12);
        var one = wall.GetProperty("temperatures")[1];
        Assert.Equal((7.0 / 32, 14.0 / 32, 7.0 / 32), (
            Value(one, "pass_at_1", "before"), Value(one, "pass_at_1", "after"), Value(one, "pass_at_1", "gain")));
        Assert.Equal(0, Value(one, "coverage", "gain"));
        Assert.Equal([2, 1, 0, 0, 1, 0, 0], wall.GetProperty("gain_by_precision_before").EnumerateArray().Select(bin => bin.GetProperty("problems").GetInt32()));
        Assert.Equal([0.75, 0.125, 0, 0], wall.GetProperty("same_order").GetProperty("before").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal([1, 0, 0.75, 0], wall.GetProperty("same_order").GetProperty("after").EnumerateArray().Select(value => value.GetDouble()));
    }

    [Fact]
    public void A_crossing_of_pass_at_k_is_found()
    {
        var wall = Json("--compare", Samples("before.jsonl", "11118", "11118"), Samples("after.jsonl", "00888", "00888")).GetProperty("comparisons")[0];

        Assert.True(Value(wall, "pass_at", "1", "gain") > 0);
        Assert.Equal(-0.4, Value(wall, "pass_at", "8", "gain"), 12);
        Assert.Equal(8, wall.GetProperty("crossing").GetInt32());
    }

    [Fact]
    public void Tables_fit_into_80_columns_and_the_folder_holds_the_report()
    {
        var (before, after) = (Samples("a-model-with-a-name-that-is-long.jsonl", "80004", "60102"), Samples("after.jsonl", "88000", "86000"));
        foreach (string[] words in (string[][])[["--data", before], ["--compare", before, after]])
        {
            var output = folder.File("out" + words.Length);
            var outcome = Cli.Run(["eval", "curves", .. words, "--out", output]);

            Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
            Assert.All(outcome.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
            Assert.Contains("pass@k", outcome.Output, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "report.json")));
            Assert.Equal(Json(words).ToString(), json.RootElement.ToString());
            var html = File.ReadAllText(Path.Combine(output, "report.html"));
            foreach (var figure in Directory.GetFiles(Path.Combine(output, "figures"), "*.png").Select(Path.GetFileNameWithoutExtension))
            {
                Assert.Contains($"id=\"figure-{figure}\"", html, StringComparison.Ordinal);
                Assert.True(File.Exists(Path.Combine(output, "figures", figure + ".svg")));
            }

            Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_title_of_two_long_names_fits_into_80_columns_and_small_chances_are_told()
    {
        string Named(string name, string correct)
        {
            var path = Samples(name, correct, correct);
            File.WriteAllText(path, File.ReadAllText(path).Replace("\"m\"", $"\"{name}-of-a-model-whose-name-takes-most-of-a-line\"", StringComparison.Ordinal));
            return path;
        }

        var outcome = Cli.Run(["eval", "curves", "--compare", Named("before", new string('0', 12)), Named("after", new string('8', 12))]);

        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.All(outcome.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("12 problems, by temperature", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("p < 0.001", string.Join(' ', outcome.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_crossing_is_told_by_the_first_k_that_was_asked_for()
    {
        var outcome = Cli.Run(["eval", "curves", "--compare", Samples("before.jsonl", "88", "88"), Samples("after.jsonl", "11", "11"), "--k", "2,4"]);

        Assert.Contains("behind at k = 2", string.Join(' ', outcome.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bin_of_one_problem_has_no_interval()
    {
        var bins = Json("--compare", Samples("before.jsonl", "088", "088"), Samples("after.jsonl", "488", "488")).GetProperty("comparisons")[0].GetProperty("gain_by_precision_before");

        Assert.Equal(0.5, Value(bins[0], "gain"));
        Assert.Equal(JsonValueKind.Null, bins[0].GetProperty("gain").GetProperty("low").ValueKind);
        Assert.Equal(JsonValueKind.Number, bins[6].GetProperty("gain").GetProperty("low").ValueKind);
    }

    [Fact]
    public void A_new_report_leaves_no_figure_of_the_old_one_and_no_file_of_others()
    {
        var output = folder.File("again");
        Cli.Run(["eval", "curves", "--compare", Samples("before.jsonl", "80", "60"), Samples("after.jsonl", "88", "86"), "--out", output]);
        File.WriteAllText(Path.Combine(output, "figures", "mine.png"), "");
        Assert.True(File.Exists(Path.Combine(output, "figures", "gain-bins.svg")));

        Cli.Run(["eval", "curves", "--data", Samples("s.jsonl", "80", "60"), "--out", output]);

        Assert.Equal(
            ["mine", "pass-at-k", "precision", "temperature"],
            Directory.GetFiles(Path.Combine(output, "figures")).Select(Path.GetFileNameWithoutExtension).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Models_that_a_figure_leaves_out_are_named()
    {
        var path = folder.Write("five.jsonl", string.Join('\n', Enumerable.Range(1, 5).SelectMany(model => Enumerable.Range(0, 2).Select(sample =>
            Line("p", 1, sample, sample == 0).Replace("\"m\"", $"\"m{model}\"", StringComparison.Ordinal)))));

        Assert.Contains(
            "The figure of pass@k leaves out m5; tables and JSON have all models.", Json("--data", path).GetProperty("notes").EnumerateArray().Select(note => note.GetString()));
    }

    [Fact]
    public void A_run_of_a_recipe_keeps_its_report()
    {
        Directory.CreateDirectory(folder.File("run"));
        folder.Write("run/config.yaml", "seed: 1\n");

        var outcome = Cli.Run(["eval", "curves", "--data", Samples("s.jsonl", "1", "1"), "--out", folder.File("run")]);

        Assert.Equal((2, $"retort: {folder.File("run")}: holds a run, whose report would be replaced; expected another folder\n"), (outcome.ExitCode, outcome.Error));
    }

    [Fact]
    public void Samples_without_model_temperature_and_number_are_enough()
    {
        var path = folder.Write("mine.jsonl", "{\"problem\": 1, \"correct\": true}\n{\"problem\": 2, \"correct\": false, \"else\": 3}\n\n{\"problem\": 1, \"correct\": false}\n");

        var json = Json("--data", path);

        var curve = json.GetProperty("curves")[0];
        Assert.Equal(("mine", JsonValueKind.Null), (curve.GetProperty("model").GetString(), curve.GetProperty("temperature").ValueKind));
        Assert.Equal(0.25, Value(curve, "pass_at", "1"));
        Assert.Equal(JsonValueKind.Null, curve.GetProperty("majority_at").ValueKind);
        Assert.Contains("problems have 1 to 2 samples", json.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Marks_become_shares()
    {
        string Marked(int sample, string plan, string execute) => Line("p", 1, sample, sample == 0, $", \"plan\": {plan}, \"execute\": {execute}");
        var path = folder.Write("marks.jsonl", string.Join('\n', Marked(0, "true", "true"), Marked(1, "true", "false"), Marked(2, "false", "null"), Marked(3, "null", "null")));

        var marks = Json("--data", path).GetProperty("curves")[0].GetProperty("marks");

        Assert.Equal((2 / 3.0, 0.5, 0.5, 1.0), (Value(marks, "plan"), Value(marks, "execute"), Value(marks, "execute_given_plan"), Value(marks, "correct_given_both")));
    }

    [Fact]
    public void Small_files_of_the_published_formats_are_read()
    {
        var gsm8k = folder.Write("g.jsonl", """
            {"question": "a", "ground_truth": "<<2*3=6>>\nA: 6", "x_finetuning": {"solution": "<<3*2=6>> A: 6", "is_correct": true}, "x_verification": {"solution": "<<2+3=6>> A: 6", "is_correct": true}}
            {"question": "b", "ground_truth": "A: 7", "x_finetuning": {"solution": "A: 8", "is_correct": false}, "x_verification": {"solution": "A: 7", "is_correct": true}}
            """);
        var json = Json("--data", gsm8k, "--format", "gsm8k");
        var own = json.GetProperty("curves")[0];
        Assert.Equal((0.5, 1.0, 1.0), (Value(own, "pass_at", "1"), Value(own, "marks", "plan"), Value(own, "marks", "execute")));
        Assert.Equal((0.0, 0.0), (Value(json.GetProperty("curves")[1], "marks", "plan"), Value(json.GetProperty("curves")[1], "marks", "execute")));
        Assert.Equal(0.5, Value(json.GetProperty("verification")[0], "pass_at_1", "gain"));

        folder.Write("24.csv", "Rank,Puzzles\n1,1 1 4 6\n2,4 5 6 10\n");
        var game = folder.Write("game.json", """[{"idx": 1, "ys": ["Steps:\n10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 6 30)\n30 - 6 = 24 (left: 24)\nAnswer: 5 * (10 - 4) - 6 = 24", "Answer: none"]}]""");
        var curve = Json("--data", game, "--format", "game24").GetProperty("curves")[0];
        Assert.Equal((0.5, 1.0, 0.5), (Value(curve, "pass_at", "1"), Value(curve, "pass_at", "2"), Value(curve, "marks", "plan")));
    }

    [Fact]
    public void Threads_and_repetition_change_no_bit()
    {
        var path = Samples("s.jsonl", "8840", "6431");

        var first = Cli.Run(["eval", "curves", "--data", path, "--json", "--threads", "1"]).Output;

        Assert.Equal(first, Cli.Run(["eval", "curves", "--data", path, "--json", "--threads", "3"]).Output);
        Assert.NotEqual(first, Cli.Run(["eval", "curves", "--data", path, "--json", "--seed", "2"]).Output);
    }

    private const string Good = """{"problem": "p", "model": "m", "temperature": 1, "sample": 0, "correct": true, "answer": "1"}""";
    private const string Schema = "objects with \"problem\" and \"correct\", and if known model, temperature, sample, answer, plan, execute, one a line";

    public static TheoryData<string, string> BadLines => new()
    {
        { "", $"F: holds nothing; expected {Schema}" },
        { "{\"problem\": 1}", $"F:1: has no \"correct\"; expected {Schema}" },
        { "{\"problem\": 1, \"is_correct\": true}", $"F:1: has no \"correct\"; expected {Schema}; did you mean 'is_correct'?" },
        { "{\"correct\": true}", $"F:1: has no \"problem\"; expected {Schema}" },
        { Good + "\n" + Good, "F:2: problem p, temperature 1, sample 0 of m is there already; expected each sample once; F:1 has it" },
        { Good + "\n{\"problem\": \"p\", \"correct\": true}", "F:2: has no \"model\"; expected it on every line or on none; F:1 has it" },
        { "{\"problem\": 1, \"correct\": true}\n{\"problem\": 1, \"correct\": true, \"plan\": true}", "F:2: has a \"plan\"; expected it on every line or on none; F:1 has none" },
        { Good.Replace("\"temperature\": 1", "\"temperature\": NaN", StringComparison.Ordinal), "F:1: is not JSON ('N' is an invalid start of a value" },
        { Good.Replace("\"temperature\": 1", "\"temperature\": \"NaN\"", StringComparison.Ordinal), "F:1: \"temperature\" is \"NaN\"; expected a number of 0 or above" },
        { Good.Replace("\"temperature\": 1", "\"temperature\": -1", StringComparison.Ordinal), "F:1: \"temperature\" is -1; expected a number of 0 or above" },
        { Good.Replace("true", "1", StringComparison.Ordinal), "F:1: \"correct\" is 1; expected true or false" },
        { Good.Replace("\"sample\": 0", "\"sample\": 0.5", StringComparison.Ordinal), "F:1: \"sample\" is 0.5; expected a whole number of 0 or above" },
        { Good.Replace("\"1\"", "[]", StringComparison.Ordinal), "F:1: \"answer\" is []; expected a text, a number or null" },
        { Good + "\n" + Good.Replace("\"p\"", "\"q\"", StringComparison.Ordinal).Replace("\"temperature\": 1", "\"temperature\": 2", StringComparison.Ordinal),
            "F: m has no sample of problem q at temperature 1; expected the same problems at every temperature of a model" },
        { "[1]", $"F:1: is a JSON array; expected {Schema}" },
    };

    [Theory]
    [MemberData(nameof(BadLines))]
    public void A_wrong_sample_is_one_line_and_exit_code_2(string text, string message)
    {
        var path = folder.Write("f.jsonl", text);

        var outcome = Cli.Run(["eval", "curves", "--data", path]);

        Assert.StartsWith("retort: " + message.Replace("F:", path + ":", StringComparison.Ordinal), outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
    }

    [Theory]
    [InlineData("", "eval curves: no samples are given; expected --data FILE, or --compare BEFORE AFTER")]
    [InlineData("--data A --compare A B", "eval curves: --data with --compare; expected --data FILE, or --compare BEFORE AFTER")]
    [InlineData("--compare A", "eval curves: --compare has 1 of 2 values; expected --compare BEFORE AFTER")]
    [InlineData("--data A --format gms8k", "--format: is 'gms8k'; expected one of samples, gsm8k, game24; did you mean 'gsm8k'?")]
    [InlineData("--data A --puzzles B", "eval curves: --puzzles with --format samples; expected --puzzles with --format game24 only")]
    [InlineData("--data A --k 9", "--k: is 9; expected at most 8, the fewest samples m has of a problem at temperature 0.2")]
    [InlineData("--data A --k 0", "--k: is '0'; expected a number whole, of 1 or above, or several separated by commas")]
    [InlineData("--data A --at 0.5", "--at: is 0.5, which m has no samples at; expected one of 0.2, 1")]
    [InlineData("--data none.jsonl", "none.jsonl: no such file; expected objects with")]
    [InlineData("--compare A C", "--compare: m of A and other of C have no problem in common; expected samples of the same problems; the first has 'p0', the second 'x'")]
    [InlineData("--compare A D", "--compare: m of A and m of D have no temperature in common; expected samples at the same temperatures; the first has 0.2, 1, the second 3")]
    [InlineData("--compare A E", "--compare: A and E hold several models and none in common; expected one model in each, or models of the same names")]
    [InlineData("--data A --format gsm8k", "A:1: has no \"question\"; expected objects with question, ground_truth and, for every model")]
    [InlineData("--data A --format game24", "A: is not JSON (")]
    [InlineData("--data G --format game24", "24.csv: no such file; expected the list of puzzles")]
    [InlineData("--data G --format game24 --puzzles H", "G, item 1: \"idx\" is 5; expected 0..0, a puzzle of H")]
    [InlineData("--data G --format game24 --puzzles A", "A: has no column Puzzles; expected the list of puzzles")]
    [InlineData("--data I --format gsm8k", "I:2: has no solution of x; expected the models of the first line on every line")]
    [InlineData("--data J --format gsm8k", "J:1: \"x\" has no \"solution\" and \"is_correct\"; expected objects with")]
    [InlineData("--data J --out A", "A: cannot be created (it is a file); expected a writable folder")]
    [InlineData("--data none.jsonl --out /proc/curves", "/proc/curves: cannot be created (")]
    [InlineData("--data K --format gsm8k", "K:1: \"ground_truth\" is a JSON number; expected a text")]
    [InlineData("--data M", "M:1: \"model\" has a control character; expected a name of one line")]
    [InlineData("--data N", "N:1: \"problem\" has a control character; expected a name of one line")]
    [InlineData("--data O --format gsm8k", "O:1: \"a model's name\" has a control character; expected a name of one line")]
    [InlineData("--data L --format gsm8k", "L:1: \"is_correct\" of \"x\" is a text; expected true or false")]
    public void A_wrong_request_is_one_line_and_exit_code_2(string line, string message)
    {
        const string gsm8k = "{\"question\": \"a\", \"ground_truth\": \"b\", \"x\": {\"solution\": \"s\", \"is_correct\": true}}\n";
        var places = new Dictionary<string, string>
        {
            ["A"] = Samples("a.jsonl", "12", "34"),
            ["B"] = Samples("b.jsonl", "12", "34"),
            ["C"] = folder.Write("c.jsonl", Good.Replace("\"p\"", "\"x\"", StringComparison.Ordinal).Replace("\"m\"", "\"other\"", StringComparison.Ordinal)),
            ["D"] = folder.Write("d.jsonl", Good.Replace("\"p\"", "\"p0\"", StringComparison.Ordinal).Replace("\"temperature\": 1", "\"temperature\": 3", StringComparison.Ordinal)),
            ["E"] = folder.Write("e.jsonl", Good.Replace("\"m\"", "\"n\"", StringComparison.Ordinal) + "\n" + Good.Replace("\"m\"", "\"o\"", StringComparison.Ordinal)),
            ["G"] = folder.Write("g.json", "[{\"idx\": 5, \"ys\": [\"Answer: 1\"]}]"),
            ["H"] = folder.Write("h.csv", "Rank,Puzzles\n1,1 2 3 4\n"),
            ["I"] = folder.Write("i.jsonl", gsm8k + gsm8k.Replace("\"a\"", "\"c\"", StringComparison.Ordinal).Replace("\"x\"", "\"y\"", StringComparison.Ordinal)),
            ["K"] = folder.Write("k.jsonl", gsm8k.Replace("\"b\"", "3", StringComparison.Ordinal)),
            ["L"] = folder.Write("l.jsonl", gsm8k.Replace("true", "\"yes\"", StringComparison.Ordinal)),
            ["M"] = folder.Write("mm.jsonl", Good.Replace("\"m\"", "\"m\\u001b[2J\"", StringComparison.Ordinal)),
            ["N"] = folder.Write("nn.jsonl", Good.Replace("\"p\"", "\"p\\n\"", StringComparison.Ordinal)),
            ["O"] = folder.Write("oo.jsonl", gsm8k.Replace("\"x\"", "\"x\\u009b\"", StringComparison.Ordinal)),
            ["J"] = folder.Write("j.jsonl", gsm8k.Replace("is_correct", "right", StringComparison.Ordinal)),
        };
        var outcome = Cli.Run(["eval", "curves", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => places.GetValueOrDefault(word, word))]);
        var expected = string.Join(' ', message.Split(' ').Select(word => word.TrimEnd(':', ',', ';') is var bare && places.TryGetValue(bare.Split(':')[0], out var path)
            ? path + word[bare.Split(':')[0].Length..] : word));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.Equal((2, "", 1), (outcome.ExitCode, outcome.Output, outcome.Error.TrimEnd().Split('\n').Length));
    }
}
