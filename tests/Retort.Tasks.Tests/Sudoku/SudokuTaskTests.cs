using CsCheck;
using Retort.Core;
using Retort.Tasks.Sudoku;

namespace Retort.Tasks.Tests.Sudoku;

public class SudokuTaskTests
{
    private static readonly SudokuSettings Small = SudokuSettings.Shallow4x4;
    private static readonly SudokuSettings Hard = SudokuSettings.Hard6x6;
    private static readonly SudokuSettings Large = SudokuSettings.Paper with { Givens = new(24, 30) };

    private static readonly Gen<SudokuSettings> GenSettings = Gen.Select(
        AnyOf(Small, Small, Hard, Hard, Hard, Large), Gen.Enum<SudokuVariant>(), Gen.Enum<SudokuFormat>(), Gen.ULong, Gen.Int[0, 3],
        (settings, variant, format, seed, easy) =>
            settings with { Variant = variant, Format = format, Seed = seed, EasyFills = easy });

    private static readonly Gen<(SudokuTask Task, SudokuItem Item)> GenItem = Gen.Select(
        GenSettings, Gen.Enum<Split>(), Gen.Long[0, 1_000_000], (settings, split, index) =>
        {
            var task = new SudokuTask(settings);
            return (task, task.CreateItem(split, index));
        });

    [Fact]
    public void Every_demonstration_solves_its_own_puzzle() => GenItem.Sample((task, item) =>
    {
        Assert.Equal(new Verdict(true, item.Solution), task.Verify(item, item.Answer));
        Assert.True(task.VerifyLeniently(item, item.Answer));
    }, iter: 200);

    [Fact]
    public void A_demonstration_with_one_digit_changed_does_not_verify() =>
        Gen.Select(GenItem, Gen.Int[0, 10_000], Gen.Int[1, 8]).Sample((made, where, shift) =>
        {
            var (task, item) = made;
            var task2 = new SudokuTask(task.Settings with { Variant = SudokuVariant.Direct });
            var direct = task2.FromPuzzle(item.Puzzle, "x");
            if (task.Settings.EasyFills > 0)
                return;
            Assert.True(task2.Grammar.TryParse(direct.Answer, out var steps));
            var size = task.Shape.Size;
            ref var step = ref steps[where % steps.Length];
            step = step with { Digit = (step.Digit - 1 + 1 + shift % (size - 1)) % size + 1 };
            var verdict = task2.Verify(direct, task2.Grammar.Write(steps));
            Assert.False(verdict.Correct);
            Assert.NotNull(verdict.Answer);
            Assert.False(task2.VerifyLeniently(direct, task2.Grammar.Write(steps)));
        }, iter: 200);

    [Fact]
    public void A_demonstration_with_one_token_dropped_does_not_verify() =>
        Gen.Select(GenItem, Gen.Int[0, 10_000]).Sample((made, where) =>
        {
            var (task, item) = made;
            var tokens = item.Answer.Split(' ').ToList();
            var dropped = where % tokens.Count;
            // A candidate in a guess's list, or the closing token, can be missed without harm.
            if (tokens[dropped] == "SOL_E" || item.Answer.Contains("guess", StringComparison.Ordinal))
                return;
            tokens.RemoveAt(dropped);
            Assert.False(task.Verify(item, string.Join(' ', tokens)).Correct);
        }, iter: 200);

    [Fact]
    public void Garbage_is_judged_wrong_and_never_throws()
    {
        var tasks = Array.ConvertAll(Enum.GetValues<SudokuFormat>(), format => new SudokuTask(Hard with { Format = format }));
        var items = Array.ConvertAll(tasks, task => task.CreateItem(Split.Test, 0));
        var words = AnyOf<string>([.. tasks[1].Vocabulary, "0", "7", "r9c9", "SOL_E", "\u0000", "\ud800", "é", ""]);
        Gen.Select(Gen.Int[0, 1], words.Array[0, 60], Gen.String).Sample((format, tokens, noise) =>
        {
            var (task, item) = (tasks[format], items[format]);
            foreach (var text in new[] { string.Join(' ', tokens), noise })
            {
                Assert.False(task.Verify(item, text).Correct);
                Assert.False(task.VerifyLeniently(item, text));
                Assert.True(task.CountMistakes(text) >= 1);
                Assert.False(task.Verify(new TaskItem("x", text, ""), item.Answer).Correct);
            }
        }, iter: 2000);
    }

    [Fact]
    public void A_grid_that_breaks_a_given_is_wrong_however_valid()
    {
        var task = new SudokuTask(Small);
        var item = task.CreateItem(Split.Test, 3);
        // Digits 1 and 2 exchanged everywhere: a valid grid, of another puzzle.
        var swapped = item.Solution.Select(c => c switch { '1' => '2', '2' => '1', _ => c }).ToArray();
        var text = string.Join(' ', swapped.Select((digit, cell) => $"r{cell / 4 + 1}c{cell % 4 + 1} {digit}"));
        Assert.Equal(new Verdict(false, new string(swapped)), task.Verify(item, text));
    }

    [Fact]
    public void A_later_write_wins_and_a_revert_restores()
    {
        var task = new SudokuTask(Small);
        var item = task.CreateItem(Split.Test, 3);
        var cell = item.Puzzle.IndexOf('.', StringComparison.Ordinal);
        var (name, right) = ($"r{cell / 4 + 1}c{cell % 4 + 1}", item.Solution[cell]);
        var wrong = right == '1' ? '2' : '1';
        Assert.True(task.Verify(item, $"{name} {wrong} {item.Answer}").Correct);
        Assert.False(task.Verify(item, $"{item.Answer} {name} {wrong}").Correct);
        Assert.True(task.Verify(item, $"{item.Answer} {name} guess 1 2 = {wrong} revert {name}").Correct);
        Assert.False(task.VerifyLeniently(item, $"{item.Answer} {name} guess 1 2 = {wrong} revert {name}"));
        Assert.False(task.Verify(item, $"{name} guess 1 2 = {wrong} {item.Answer} revert {name}").Correct);
        Assert.True(task.VerifyLeniently(item, $"{name} guess 1 2 = {wrong} {item.Answer} revert {name}"));
        Assert.False(task.Verify(item, $"{item.Answer} revert {name}").Correct);
        Assert.Equal(2, task.CountMistakes($"{name} guess 1 2 = {wrong} revert {name}"));
    }

    [Fact]
    public void Puzzles_stay_within_the_ranges_asked_for() => GenItem.Sample((task, item) =>
    {
        var s = task.Settings;
        Assert.InRange(item.Puzzle.Count(c => c != '.') - s.EasyFills, s.Givens.Low, s.Givens.High);
        if (s.EasyFills == 0)
            Assert.InRange(item.NumReverts, s.Reverts.Low, s.Reverts.High);
        Assert.Equal(1 + item.NumReverts, item.Mistakes);
        Assert.Equal(s.Variant == SudokuVariant.Direct ? item.NumDirectTokens : item.NumTraceTokens, item.Answer.Split(' ').Length);
        Assert.Equal(task.Grammar.CountPromptTokens(item.Puzzle.Count(c => c != '.')), item.Prompt.Split(' ').Length);
    }, iter: 100);

    [Fact]
    public void Variant_and_form_change_no_puzzle()
    {
        foreach (var format in Enum.GetValues<SudokuFormat>())
        {
            foreach (var variant in Enum.GetValues<SudokuVariant>())
            {
                var item = new SudokuTask(Hard with { Format = format, Variant = variant }).CreateItem(Split.Train, 5);
                Assert.Equal(new SudokuTask(Hard).CreateItem(Split.Train, 5).Puzzle, item.Puzzle);
            }
        }
    }

    [Theory]
    [InlineData(4, 5, 0)]
    [InlineData(6, 10, 0)]
    [InlineData(6, 9, 4)]
    public void Splits_share_no_puzzle_up_to_renamed_digits_even_across_seeds(int size, int givens, int easy)
    {
        var seen = new Dictionary<string, Split>();
        var total = 0;
        for (var seed = 1UL; seed <= 2; seed++)
        {
            var task = new SudokuTask(new SudokuSettings { Size = size, Givens = new(givens, givens), Reverts = new(0, 99), EasyFills = easy, Seed = seed });
            foreach (var split in Enum.GetValues<Split>())
            {
                for (var i = 0; i < 200; i++, total++)
                {
                    var canonical = Renamed(task.CreateItem(split, i).Puzzle);
                    Assert.Equal(split, seen.GetValueOrDefault(canonical, split));
                    seen[canonical] = split;
                }
            }
        }

        Assert.InRange(seen.Count, size == 4 ? 100 : total - 5, total);
    }

    [Fact]
    public void Items_do_not_depend_on_threads_or_order()
    {
        var task = new SudokuTask(Hard);
        var one = SudokuStatistics.Measure(task, Split.Validation, 60, threads: 1, 64, 256);
        var four = SudokuStatistics.Measure(task, Split.Validation, 60, threads: 4, 64, 256);
        Assert.Equal(one with { ShareWithin = [] }, four with { ShareWithin = [] });
        Assert.Equal(one.ShareWithin, four.ShareWithin);
        Assert.NotEqual(task.CreateItem(Split.Train, 0).Puzzle, task.CreateItem(Split.Train, 1).Puzzle);
        Assert.Equal(task.CreateItem(Split.Train, 1), new SudokuTask(Hard).CreateItem(Split.Train, 1));
    }

    [Fact]
    public void The_easy_variant_has_so_many_more_givens_all_of_them_right()
    {
        var task = new SudokuTask(Hard with { EasyFills = 8 });
        for (var i = 0; i < 50; i++)
        {
            var item = task.CreateItem(Split.Train, i);
            Assert.InRange(item.Puzzle.Count(c => c != '.'), 16, 18);
            Assert.All(item.Puzzle.Zip(item.Solution), pair => Assert.True(pair.First == '.' || pair.First == pair.Second));
        }
    }

    [Fact]
    public void The_easy_variant_makes_deduced_fills_before_it_takes_from_the_solution()
    {
        var plain = new SudokuTask(new SudokuSettings { Givens = new(12, 14), Reverts = new(0, 0), Variant = SudokuVariant.Direct });
        var easy = new SudokuTask(plain.Settings with { EasyFills = 3 });
        for (var i = 0; i < 20; i++)
        {
            var item = plain.CreateItem(Split.Train, i);
            var firstFills = string.Join(' ', item.Answer.Split(' ').Skip(6));
            Assert.Equal(firstFills, easy.FromPuzzle(item.Puzzle, "x").Answer);
        }
    }

    [Fact]
    public void An_outside_puzzle_that_does_not_fit_is_refused_with_the_reason()
    {
        var task = new SudokuTask(Small);
        Expect("cells", "1" + new string('.', 14));
        Expect("16 cells", new string('.', 36));
        Expect("more than one solution", new string('.', 16));
        Expect("no solution", "123....4........");
        Expect("contradictory", "11..............");
        Expect("givens", "1234341221434321");
        var item = task.CreateItem(Split.Test, 0);
        Assert.Equal(item with { Id = "mine" }, task.FromPuzzle(item.Puzzle, "mine"));

        void Expect(string part, string line) =>
            Assert.Contains(part, Assert.Throws<UserError>(() => task.FromPuzzle(line, "here")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_out_of_range_name_the_setting()
    {
        Expect("task.size", Hard with { Size = 5 });
        Expect("task.givens", Hard with { Givens = new(7, 9) });
        Expect("task.givens", Hard with { Givens = new(9, 36) });
        Expect("task.reverts", Hard with { Reverts = new(3, 1) });
        Expect("task.format", Hard with { Format = (SudokuFormat)7 });
        Expect("task.easyFills", Hard with { EasyFills = 26 });

        static void Expect(string part, SudokuSettings settings) =>
            Assert.StartsWith(part, Assert.Throws<UserError>(() => new SudokuTask(settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difficulty_that_does_not_exist_is_refused_not_searched_for_ever()
    {
        var task = new SudokuTask(Small with { Reverts = new(1, 9) });
        Assert.Contains("draws", Assert.Throws<UserError>(() => task.Create(Split.Train, 0)).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => SudokuStatistics.Measure(task, Split.Train, 1, threads: 2));
    }

    private static Gen<T> AnyOf<T>(params T[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    private static string Renamed(string puzzle)
    {
        var names = new Dictionary<char, char> { ['.'] = '.' };
        return string.Concat(puzzle.Select(c => names.TryGetValue(c, out var name) ? name : names[c] = (char)('0' + names.Count)));
    }
}
