using CsCheck;
using Retort.Core;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Tasks.Tests.ScrambledArithmetic;

public class ScrambledArithmeticTaskTests
{
    private const string Prompt = "Q 2 : + 7 ; 1 : 5 ; 3 : x 2 =";

    private static readonly ScrambledArithmeticTask Task = new();
    private static readonly ArithmeticFormat[] Formats = Enum.GetValues<ArithmeticFormat>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly Gen<ScrambledArithmeticSettings> GenSettings = Gen.Select(
        Gen.ULong, Gen.Int[1, 8], Gen.Int[1, 8], Gen.Bool, Gen.Double[0, 0.9], Gen.Int[1, 8],
        (seed, a, b, repeats, background, copies) => new ScrambledArithmeticSettings
        {
            Seed = seed,
            Steps = new(Math.Min(a, b), Math.Max(a, b)),
            ProgramRepeatsPrompt = repeats,
            Background = background,
            ProgramCopies = copies,
        });

    private static readonly Gen<ArithmeticItem> GenItem = Gen.Select(
        GenSettings, Gen.Enum<Split>(), Gen.Long[0, 1_000_000], (settings, split, index) => new ScrambledArithmeticTask(settings).Create(split, index));

    [Fact]
    public void Every_demonstration_verifies_with_the_same_value_in_every_format_and_fits() =>
        Gen.Select(GenSettings, Gen.Enum<Split>(), Gen.Long[0, 1_000_000]).Sample((settings, split, index) =>
        {
            var task = new ScrambledArithmeticTask(settings);
            var item = task.Create(split, index);
            var verdict = task.Verify(item, item.Answer);
            Assert.True(verdict.Correct);
            Assert.False(item.IsCorrupted);
            Assert.InRange(int.Parse(verdict.Answer!, System.Globalization.CultureInfo.InvariantCulture), 0, 99);
            Assert.Equal(item.Format, ScrambledArithmeticTask.FormatOf(item.Answer));
            Assert.True($"{item.Prompt} {item.Answer}".Split(' ').Length + 2 <= settings.MaxSequenceTokens);
            Assert.All($"{item.Prompt} {item.Answer}".Split(' '), word => Assert.Contains(word, task.Vocabulary));
            foreach (var format in Formats)
            {
                var solution = task.Solution(item, format);
                Assert.Equal(item.Format is null, solution is null);
                Assert.Equal(item.Format == format, solution == item.Answer);
                if (solution is not null)
                {
                    Assert.Equal(verdict, task.Verify(item, " " + solution.Replace(" ", "\n ", StringComparison.Ordinal) + "\t"));
                }
            }
        }, iter: 400);

    [Fact]
    public void A_corrupted_demonstration_is_of_its_format_and_wrong() =>
        Gen.Select(GenSettings, Gen.Int[0, 2], Gen.Long[0, 100_000]).Sample((settings, kind, index) =>
        {
            settings = settings with
            {
                Background = 0,
                Shares = new() { Program = kind == 0 ? 1 : 0, Tagged = kind == 1 ? 1 : 0, Natural = kind == 2 ? 1 : 0 },
                Corruption = new() { Program = 1, Tagged = 1, Natural = 1 },
            };
            var task = new ScrambledArithmeticTask(settings);
            var item = task.Create(Split.Train, index);
            var verdict = task.Verify(item, item.Answer);
            Assert.Equal(((ArithmeticFormat?)Formats[kind], true, false), (item.Format, item.IsCorrupted, verdict.Correct));
            Assert.NotNull(verdict.Answer);
            Assert.Equal(item.Format, ScrambledArithmeticTask.FormatOf(item.Answer));
            Assert.All(item.Answer.Split(' '), word => Assert.Contains(word, task.Vocabulary));
            // One number differs from the right solution; in natural text also the values that follow from it.
            var (right, wrong) = (task.Solution(item, Formats[kind])!.Split(' '), item.Answer.Split(' '));
            Assert.Equal(right.Length, wrong.Length);
            if (kind == 0)
            {
                Assert.Single(right.Where((word, i) => word != wrong[i]));
            }
        }, iter: 200);

    [Theory]
    [InlineData("F v1 = 5 ; v2 = v1 + 7 ; v3 = v2 x 2 ; ret v3", true, "24")]
    [InlineData("F \" 2 : + 7 ; 1 : 5 ; 3 : x 2 \" v1 = 5 ; v2 = v1 + 7 ; v3 = v2 x 2 ; ret v3", true, "24")]
    [InlineData("F v1 = 5 + 7 x 2 ; ret v1", true, "24")]
    [InlineData("F ret 24", true, "24")]
    [InlineData("F v1 = 5 ; v2 = v1 + 7 ; v3 = v2 x 2 ; ret v2", false, "12")]
    [InlineData("F v1 = 5 ; v2 = v1 - 20 ; ret v2", false, "-15")]
    [InlineData("F v1 = 5 ; v2 = v3 + 7 ; ret v2", false, null)] // An unknown variable.
    [InlineData("F v1 = 24 ; ret v1 ;", false, null)] // Something after the return.
    [InlineData("F v1 = 24 ; ret", false, null)]
    [InlineData("F v1 = 24", false, null)]
    [InlineData("F \" v1 = 24 ; ret v1", true, "24")] // Quotes that do not close are passed.
    [InlineData("F", false, null)]
    [InlineData("<c> 5 + 7 x 2 </c> <o> 24 </o>", true, "24")]
    [InlineData("<c> 5 + 7 x 2 </c> <o> 3 </o>", true, "24")] // The expression counts,
    [InlineData("<c> 5 + 7 x 3 </c> <o> 24 </o>", false, "36")]
    [InlineData("<c> 5 + + 7 </c> <o> 24 </o>", true, "24")] // unless it cannot be computed.
    [InlineData("<c> 5 + 7 <o> 24", true, "24")]
    [InlineData("<c> </c> <o> </o>", false, null)]
    [InlineData("<c>", false, null)]
    [InlineData("step 5 + 7 = 12 , step 12 x 2 = 24 , ans 24", true, "24")]
    [InlineData("step 5 + 7 = 12 , step 12 x 2 = 24 , ans", true, "24")]
    [InlineData("step 5 + 7 = 12 , step 12 x 2 = 24 , ans 25", false, "25")]
    [InlineData("step ans", false, null)]
    [InlineData("ans 24", false, null)] // Of no format.
    [InlineData("24", false, null)]
    [InlineData("", false, null)]
    public void Formats_are_judged_as_the_study_says(string completion, bool correct, string? answer) =>
        Assert.Equal(new Verdict(correct, answer), Task.Verify(new TaskItem("x", Prompt, ""), completion));

    [Theory]
    [InlineData("F nonsense", ArithmeticFormat.Program)]
    [InlineData(" <c>", ArithmeticFormat.Tagged)]
    [InlineData("step\tF", ArithmeticFormat.Natural)]
    [InlineData("steps 1", null)]
    [InlineData("v1 = 5 F", null)]
    [InlineData("", null)]
    public void The_first_token_alone_names_the_format(string completion, ArithmeticFormat? format) =>
        Assert.Equal(format, ScrambledArithmeticTask.FormatOf(completion));

    [Theory]
    [InlineData("12 + 7 =", "19", true)]
    [InlineData("3 x 8 = 24 , 12 - 7 =", "5 , 1 + 1 = 2", true)]
    [InlineData("12 + 7 =", "20", false)]
    [InlineData("12 + 7 =", "", false)]
    [InlineData("+ 7 =", "7", false)]
    public void Facts_are_right_if_their_value_comes_first(string prompt, string completion, bool correct) =>
        Assert.Equal(correct, Task.Verify(new TaskItem("x", prompt, ""), completion).Correct);

    [Theory]
    [InlineData("Q 1 : 5 =")]
    [InlineData("Q 1 : 5 ; 3 : x 2 =")]
    [InlineData("Q 1 : 5 ; 2 : x 2 ; 2 : x 2 =")]
    [InlineData("Q 1 : 5 ; 1 : 5 ; 2 : x 2 =")]
    [InlineData("Q 1 : 5 ; 2 : x 21 =")]
    [InlineData("Q 1 : 5 ; 2 : - 6 =")]
    [InlineData("Q 1 : 0 ; 2 : + 6 =")]
    [InlineData("Q 1 : 5 ; 2 : x 2 ; =")]
    [InlineData("Q =")]
    [InlineData("")]
    public void A_prompt_that_is_no_problem_has_no_solution(string prompt)
    {
        Assert.Null(Task.Solution(new TaskItem("x", prompt, ""), ArithmeticFormat.Program));
        Assert.Contains("is no problem", Assert.Throws<UserError>(() => Task.FromPrompt(prompt, "x")).Message, StringComparison.Ordinal);
        Assert.False(Task.Verify(new TaskItem("x", prompt, ""), "F ret 5").Correct);
    }

    [Fact]
    public void Garbage_is_judged_and_never_throws()
    {
        var words = Gen.Int[0, Task.Vocabulary.Count + 2].Select(i => i < Task.Vocabulary.Count ? Task.Vocabulary[i] : "99999999999999999999").Array[0, 60];
        Gen.Select(GenItem, words, Gen.String, Gen.Int[0, 3]).Sample((item, random, noise, first) =>
        {
            foreach (var text in new[] { string.Join(' ', random), noise, string.Join(' ', random.Prepend(new[] { "F", "<c>", "step", "<c> 5 </c>" }[first])) })
            {
                var verdict = Task.Verify(item, text);
                Assert.True(verdict.Answer is not null || !verdict.Correct);
                Assert.True(ScrambledArithmeticTask.FormatOf(text) is not null || verdict.Answer is null || item.Format is null);
                Task.Verify(new TaskItem("x", text, ""), item.Answer);
                Task.Solution(new TaskItem("x", text, ""), ArithmeticFormat.Natural);
            }
        }, iter: 500);
    }

    [Fact]
    public void The_sandbox_stops_at_its_limits()
    {
        string Chain(int operations) => $"v1 = 1{string.Concat(Enumerable.Repeat(" + 1", operations))} ; ret v1";
        string Variables(int count) => string.Concat(Enumerable.Range(1, count).Select(i => $"v{i} = {i} ; ")) + "ret v1";
        Assert.Equal(64, ArithmeticSandbox.Run(Chain(63)));
        Assert.Null(ArithmeticSandbox.Run(Chain(64)));
        Assert.Equal(1, ArithmeticSandbox.Run(Variables(16)));
        Assert.Null(ArithmeticSandbox.Run(Variables(17)));
        Assert.Equal(1, ArithmeticSandbox.Run(Variables(17), new SandboxLimits(64, 17, 100)));
        Assert.Equal(1_000_000, ArithmeticSandbox.Evaluate("1000 x 1000"));
        Assert.Null(ArithmeticSandbox.Evaluate("1000 x 1001"));
        Assert.Null(ArithmeticSandbox.Evaluate("0 - 1000 x 1001"));
        Assert.Null(ArithmeticSandbox.Evaluate("4000000000 x 4000000000", new SandboxLimits(9, 9, long.MaxValue)));
        Assert.Null(ArithmeticSandbox.Evaluate(string.Join(' ', Enumerable.Repeat("1 +", 100_000)) + " 1"));
        Assert.Null(ArithmeticSandbox.Evaluate("v1"));
    }

    [Fact]
    public void The_mixture_is_what_the_settings_say()
    {
        var settings = ScrambledArithmeticSettings.Normal with { Background = 0.4, ProgramCopies = 4 };
        var items = ParallelItems.Make(20_000, 2, i => new ScrambledArithmeticTask(settings).Create(Split.Train, i), Cancellation);
        // Four copies of 0.28 programs and 0.72 tagged, all times 0.6, and 0.4 facts: 1.504 in all.
        double Share(ArithmeticFormat? format) => items.Count(item => item.Format == format) / 20_000.0;
        Assert.Equal(4 * 0.28 * 0.6 / 1.504, Share(ArithmeticFormat.Program), 4);
        Assert.Equal(0.72 * 0.6 / 1.504, Share(ArithmeticFormat.Tagged), 0.01);
        Assert.Equal(0.4 / 1.504, Share(null), 0.01);
        Assert.Equal(0, Share(ArithmeticFormat.Natural));
        Assert.Equal(0.25, items.Where(item => item.Format == ArithmeticFormat.Tagged).Average(item => item.IsCorrupted ? 1 : 0), 0.02);
        Assert.DoesNotContain(items, item => item.Format == ArithmeticFormat.Program && item.IsCorrupted);

        var programs = items.Where(item => item.Format == ArithmeticFormat.Program).Select(item => $"{item.Prompt} {item.Answer}").ToArray();
        Assert.All(programs.Chunk(4).SkipLast(1), copies => Assert.Single(copies.Distinct()));
        Assert.InRange(programs.Distinct().Count(), programs.Length / 4 - 5, programs.Length / 4 + 1);

        var measured = ScrambledArithmeticStatistics.Measure(new(settings), Split.Train, 20_000, 2, Cancellation);
        Assert.Equal(["program", "tagged", "facts"], measured.Select(format => format.Name));
        Assert.Equal(Share(null), measured[2].Share);
        Assert.True(measured.Max(format => format.LongestSequence) == settings.MaxSequenceTokens);
    }

    [Fact]
    public void Only_training_has_facts_copies_and_wrong_demonstrations()
    {
        var settings = ScrambledArithmeticSettings.Normal with { Background = 0.9, ProgramCopies = 8 };
        var items = ParallelItems.Make(2000, 2, i => new ScrambledArithmeticTask(settings).Create(Split.Test, i), Cancellation);
        Assert.DoesNotContain(items, item => item.Format is null || item.IsCorrupted);
        Assert.Equal(0.28, items.Average(item => item.Format == ArithmeticFormat.Program ? 1 : 0), 3);
        Assert.InRange(items.Select(item => item.Prompt).Distinct().Count(), 1950, 2000);
    }

    [Fact]
    public void A_format_of_share_zero_never_comes()
    {
        foreach (var (program, tagged, natural) in new[] { (1.0, 0.0, 0.0), (0, 0.3, 0), (0, 0, 0.1), (0, 0.5, 0.5), (0.5, 0, 0.5) })
        {
            var task = new ScrambledArithmeticTask(new() { Background = 0, Shares = new() { Program = program, Tagged = tagged, Natural = natural } });
            for (var i = 0; i < 500; i++)
            {
                Assert.True(task.Settings.Shares[task.Create(Split.Train, i).Format!.Value] > 0);
            }
        }
    }

    [Fact]
    public void Splits_share_no_problem_in_any_order_even_across_seeds()
    {
        var seen = new Dictionary<string, Split>();
        for (var seed = 1UL; seed <= 2; seed++)
        {
            var task = new ScrambledArithmeticTask(new() { Seed = seed, Steps = new(1, 2), Background = 0 });
            foreach (var split in Enum.GetValues<Split>())
            {
                for (var i = 0; i < 3000; i++)
                {
                    var problem = task.Solution(task.Create(split, i), ArithmeticFormat.Tagged)!;
                    Assert.Equal(split, seen.GetValueOrDefault(problem, split));
                    seen[problem] = split;
                }
            }
        }
    }

    [Fact]
    public void Items_do_not_depend_on_threads_or_order()
    {
        var one = ParallelItems.Make(500, 1, i => Task.Create(Split.Train, i), Cancellation);
        Assert.Equal(one, ParallelItems.Make(500, 4, i => new ScrambledArithmeticTask().Create(Split.Train, i), Cancellation));
        Assert.Equal(one[77], new ScrambledArithmeticTask().Create(Split.Train, 77));
        Assert.NotEqual(one[0].Prompt, new ScrambledArithmeticTask(new() { Seed = 2 }).Create(Split.Train, 0).Prompt);
        Assert.Contains(one, item => item.NumSteps == 4 && !item.Prompt.StartsWith("Q 1 :", StringComparison.Ordinal));
    }

    [Fact]
    public void The_vocabulary_is_numbers_and_few_symbols_each_once()
    {
        Assert.Equal(126, Task.Vocabulary.Count);
        Assert.Equal(126, Task.Vocabulary.Distinct().Count());
    }

    [Fact]
    public void Settings_out_of_range_name_the_setting()
    {
        Expect("task.steps", new() { Steps = new(0, 4) });
        Expect("task.steps", new() { Steps = new(2, 9) });
        Expect("task.shares", new() { Shares = new() });
        Expect("task.shares", new() { Shares = new() { Program = double.NaN } });
        Expect("task.corruption", new() { Corruption = new() { Natural = 1.5 } });
        Expect("task.background", new() { Background = -0.1 });
        Expect("task.factsPerSequence", new() { FactsPerSequence = 0 });
        Expect("task.programCopies", new() { ProgramCopies = 65 });

        static void Expect(string name, ScrambledArithmeticSettings settings) =>
            Assert.StartsWith(name + ":", Assert.Throws<UserError>(() => new ScrambledArithmeticTask(settings)).Message, StringComparison.Ordinal);
    }
}
