using CsCheck;
using Retort.Core;
using Retort.Tasks.CountDown;

namespace Retort.Tasks.Tests.CountDown;

public class CountDownGeneratorTests
{
    [Fact]
    public void Every_item_is_a_pure_function_of_settings_split_and_index() =>
        CountDownCases.Items(CountDownCases.All).Sample(
            x =>
            {
                var again = new CountDownTask(x.Task.Settings).Create(x.Item.Split!.Value, IndexOf(x.Item));
                Assert.Equal((x.Item.Prompt, x.Item.Answer, x.Item.Tokens), (again.Prompt, again.Answer, again.Tokens));
            },
            iter: 300);

    [Fact]
    public void Every_problem_keeps_to_its_ranges_and_its_solution_solves_it() =>
        CountDownCases.Items(CountDownCases.All).Sample(
            x =>
            {
                var settings = x.Task.Settings;
                Assert.All(x.Item.Numbers, number => Assert.True(settings.Numbers.Contains(number)));
                Assert.True(settings.Target.Contains(x.Item.Target));
                Assert.True(CountDownCases.Makes(x.Item, string.Join(',', x.Item.Solution), settings));
            },
            iter: 1000);

    [Fact]
    public void Variants_and_formats_of_equal_ranges_show_the_same_problems()
    {
        var tasks = CountDownCases.All.Where(s => s.NumbersPerProblem == 4)
            .Select(s => new CountDownTask(CountDownSettings.Paper with { Variant = s.Variant })).ToArray();
        for (var index = 0; index < 50; index++)
        {
            var first = tasks[0].Create(Split.Train, index);
            Assert.All(tasks, task => Assert.Equal(first.Numbers, task.Create(Split.Train, index).Numbers));
        }
    }

    [Fact]
    public void Splits_share_no_problem_even_across_seeds()
    {
        var seen = new Dictionary<string, Split>();
        foreach (var split in Enum.GetValues<Split>())
        {
            foreach (var seed in new ulong[] { 1, 2 })
            {
                var task = new CountDownTask(CountDownCases.Compact with { Seed = seed, Variant = CountDownVariant.Direct, Numbers = new(1, 9) });
                for (var index = 0; index < 3000; index++)
                {
                    var item = task.Create(split, index);
                    var key = $"{item.Target}:{string.Join(' ', item.Numbers.Order())}";
                    Assert.Equal(split, seen.GetValueOrDefault(key, split));
                    seen[key] = split;
                }
            }
        }
    }

    [Fact]
    public void Neighbouring_seeds_are_not_each_other_shifted()
    {
        var (one, two) = (new CountDownTask(CountDownCases.Compact with { Seed = 42 }), new CountDownTask(CountDownCases.Compact with { Seed = 43 }));
        var ones = Enumerable.Range(0, 200).Select(i => one.Create(Split.Train, i).Prompt).ToHashSet();
        Assert.True(Enumerable.Range(0, 200).Count(i => ones.Contains(two.Create(Split.Train, i).Prompt)) < 5);
    }

    [Fact]
    public void Held_out_targets_are_met_in_the_held_out_test_set_only()
    {
        var settings = CountDownSettings.Paper with { Variant = CountDownVariant.Direct };
        int[] heldOut = [14, 39, 41, 57, 62, 81, 87, 89, 96];
        Assert.Empty(TargetsOf(settings, Split.Train).Intersect(heldOut));
        Assert.Empty(TargetsOf(settings, Split.Test).Intersect(heldOut));
        Assert.Equal(heldOut, TargetsOf(settings with { TestOnHeldOutTargets = true }, Split.Test).Order());
        var compact = CountDownCases.Compact with { HeldOutTargetShare = 0.1 };
        var compactHeldOut = TargetsOf(compact with { TestOnHeldOutTargets = true }, Split.Test);
        Assert.Equal(4, compactHeldOut.Count);
        Assert.Empty(TargetsOf(compact, Split.Train).Intersect(compactHeldOut));
    }

    [Fact]
    public void The_solver_finds_a_solution_exactly_where_subsets_reach_the_target()
    {
        (from paper in Gen.Bool from numbers in Gen.Int[1, 20].Array[2, 4] from target in Gen.Int[2, 60] select (paper, numbers, target)).Sample(
            x =>
            {
                var settings = x.paper ? CountDownSettings.Paper : CountDownCases.Compact;
                var found = new Solver().FirstSolution(x.numbers, x.target, Rules.Of(settings));
                Assert.Equal(CountDownCases.Reachable(x.numbers, settings).Contains(x.target), found.Length > 0);
            },
            iter: 3000);
    }

    [Fact]
    public void All_solutions_are_solutions_and_the_first_found_leads_them() =>
        CountDownCases.Items(CountDownCases.Compact, CountDownSettings.Paper with { Variant = CountDownVariant.Direct }).Sample(
            x =>
            {
                var (solver, rules) = (new Solver(), Rules.Of(x.Task.Settings));
                var all = solver.AllSolutions([.. x.Item.Numbers], x.Item.Target, rules);
                Assert.Equal(x.Item.Solution, all[0]);
                Assert.All(all, s => Assert.True(CountDownCases.Makes(x.Item, string.Join(',', s), x.Task.Settings)));
                foreach (var (smaller, larger) in solver.GoalStates([.. x.Item.Numbers], x.Item.Target, rules))
                {
                    Assert.True(rules.CanFinish(smaller, larger, x.Item.Target, out _));
                }
            },
            iter: 200);

    [Theory]
    [InlineData("task.numbers", 0, 20)]
    [InlineData("task.numbers", 20, 1)]
    [InlineData("task.numbers", 1, 1000)]
    [InlineData("task.target", 1, 50)]
    [InlineData("task.beamWidth", 0, 5)]
    public void A_setting_out_of_range_is_named(string where, int low, int high)
    {
        var range = new IntRange(low, high);
        var settings = where switch
        {
            "task.numbers" => CountDownCases.Compact with { Numbers = range },
            "task.target" => CountDownCases.Compact with { Target = range },
            _ => CountDownCases.Compact with { BeamWidth = range },
        };
        var error = Assert.Throws<UserError>(() => new CountDownTask(settings));
        Assert.StartsWith(where, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }

    [Fact]
    public void Settings_that_contradict_each_other_are_refused()
    {
        CountDownSettings[] wrong =
        [
            CountDownCases.Compact with { MaxIntermediate = null },
            CountDownCases.Compact with { MaxIntermediate = 0 },
            CountDownCases.Compact with { MaxIntermediate = 1000 },
            CountDownCases.Compact with { NumberCount = 7 },
            CountDownCases.Compact with { TestOnHeldOutTargets = true },
            CountDownCases.Compact with { HeldOutTargetShare = double.NaN },
            CountDownCases.Compact with { MaxTraceTokens = 0 },
            CountDownCases.Compact with { Variant = (CountDownVariant)99 },
            CountDownSettings.Paper with { NumberCount = 6 },
        ];
        Assert.All(wrong, settings => Assert.Throws<UserError>(() => new CountDownTask(settings)));
    }

    [Fact]
    public void Targets_above_99_have_tokens_and_may_be_reached()
    {
        // The published ranges in compact tokens: "100" is one token more, at the end of the vocabulary.
        var task = new CountDownTask(CountDownCases.Compact with { Numbers = new(1, 99), Target = new(10, 100) });
        Assert.Equal([.. CompactTokens.All, "100"], task.Vocabulary);
        var item = task.FromProblem([4, 25, 1, 1], 100, "hundred");
        Assert.True(task.Verify(item, item.Answer).Correct);
        Assert.Contains("100 G", item.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranges_without_solvable_problems_end_in_one_message()
    {
        var task = new CountDownTask(CountDownCases.Compact with { Numbers = new(1, 1), NumberCount = 2, Target = new(50, 50) });
        Assert.Equal(2, Assert.Throws<UserError>(() => task.Create(Split.Train, 0)).ExitCode);
    }

    [Theory]
    [InlineData("1..99", 1, 99)]
    [InlineData(" 10 .. 100 ", 10, 100)]
    [InlineData("-3..-1", -3, -1)]
    public void A_range_reads_what_it_writes(string text, int low, int high)
    {
        var range = IntRange.Parse("task.numbers", text);
        Assert.Equal(new IntRange(low, high), range);
        Assert.Equal(range, IntRange.Parse("task.numbers", range.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("9..1")]
    [InlineData("1...9")]
    [InlineData("1..99999999999")]
    [InlineData("a..b")]
    public void A_malformed_range_is_the_users_error(string text)
    {
        Assert.Contains("task.numbers", Assert.Throws<UserError>(() => IntRange.Parse("task.numbers", text)).Message, StringComparison.Ordinal);
        Assert.False(IntRange.TryParse(text, null, out _));
    }

    private static HashSet<int> TargetsOf(CountDownSettings settings, Split split)
    {
        var task = new CountDownTask(settings);
        return [.. Enumerable.Range(0, 150).Select(index => task.Create(split, index).Target)];
    }

    private static long IndexOf(CountDownItem item) => long.Parse(item.Id[(item.Id.LastIndexOf('-') + 1)..]);
}
