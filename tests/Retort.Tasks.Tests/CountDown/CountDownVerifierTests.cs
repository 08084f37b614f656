using CsCheck;
using Retort.Core;
using Retort.Tasks.CountDown;

namespace Retort.Tasks.Tests.CountDown;

public class CountDownVerifierTests
{
    private static readonly CountDownTask Direct = new(CountDownCases.Compact with { Variant = CountDownVariant.Direct });
    private static readonly CountDownItem Example = Direct.FromProblem([3, 5, 7, 8], 24, "example");

    [Theory]
    [MemberData(nameof(CountDownCases.FormatsAndVariants), MemberType = typeof(CountDownCases))]
    public void A_demonstration_is_correct_exactly_when_its_search_succeeds(CountDownFormat format, CountDownVariant variant) =>
        CountDownCases.Items(CountDownCases.Of(format, variant)).Sample(
            x =>
            {
                var judgement = x.Task.Judge(x.Item, x.Item.Answer);
                Assert.True(judgement.WellFormed);
                Assert.Equal(x.Item.Solved, judgement.Correct);
                Assert.Equal(x.Item.Solved, judgement.LenientScore > 0);
                Assert.True(!x.Item.Solved || CountDownCases.Makes(x.Item, judgement.Answer!, x.Task.Settings));
            },
            iter: 300);

    [Theory]
    [MemberData(nameof(CountDownCases.FormatsAndVariants), MemberType = typeof(CountDownCases))]
    public void A_changed_token_is_rejected_or_leaves_a_path_that_is_really_right(CountDownFormat format, CountDownVariant variant)
    {
        var gen = from x in CountDownCases.Items(CountDownCases.Of(format, variant))
                  from place in Gen.Double[0, 1]
                  from token in TokenOf(x.Task)
                  from kind in Gen.Int[0, 2]
                  select (x.Task, x.Item, place, token, kind);
        gen.Sample(
            x =>
            {
                var tokens = x.Item.Answer.Split(' ').ToList();
                var at = (int)(x.place * (tokens.Count - 1));
                switch (x.kind)
                {
                    case 0: tokens[at] = x.token; break;
                    case 1: tokens.RemoveAt(at); break;
                    default: tokens.Insert(at, x.token); break;
                }

                var judgement = x.Task.Judge(x.Item, string.Join(' ', tokens));
                Assert.True(!judgement.Correct || CountDownCases.Makes(x.Item, judgement.Answer!, x.Task.Settings));
            },
            iter: 2000);
    }

    [Theory]
    [InlineData(CountDownVariant.Backtracking)]
    [InlineData(CountDownVariant.Think)]
    [InlineData(CountDownVariant.Mix)]
    [InlineData(CountDownVariant.Stacked)]
    [InlineData(CountDownVariant.StackedDirect)]
    public void A_restated_target_is_the_number_wanted_and_must_be_right(CountDownVariant variant)
    {
        var plain = new CountDownTask(CountDownCases.Compact with { Variant = variant });
        var restated = new CountDownTask(plain.Settings with { RestateTarget = true });
        var solved = 0;
        for (var index = 0; index < 30; index++)
        {
            var (item, other) = (restated.Create(Split.Test, index), plain.Create(Split.Test, index));
            var tokens = item.Answer.Split(' ');
            var marks = Enumerable.Range(1, tokens.Length - 1).Where(i => tokens[i] is "G" or "X" or "E" && tokens[i - 1] != "]").ToArray();
            Assert.Equal(other.Answer, string.Join(' ', tokens.Where((_, i) => !marks.Contains(i + 1))));
            Assert.Equal(other.Solved, restated.Judge(item, item.Answer).Correct);
            if (item.Solved && tokens[^2] == item.Target.ToString(System.Globalization.CultureInfo.InvariantCulture))
            {
                solved++;
                tokens[^2] = "98";
                Assert.False(restated.Judge(item, string.Join(' ', tokens)).Correct);
                Assert.False(plain.Judge(other, item.Answer).Correct);
            }
        }

        Assert.True(solved > 0);
    }

    [Fact]
    public void Every_change_of_a_direct_solution_is_judged_as_an_independent_reader_judges_it()
    {
        for (var index = 0; index < 15; index++)
        {
            var item = Direct.Create(Split.Test, index);
            var tokens = item.Answer.Split(' ');
            for (var place = 0; place < tokens.Length; place++)
            {
                foreach (var token in Direct.Vocabulary)
                {
                    var changed = (string[])tokens.Clone();
                    changed[place] = token;
                    Assert.Equal(IsRight(item, changed), Direct.Verify(item, string.Join(' ', changed)).Correct);
                }
            }
        }
    }

    [Fact]
    public void Any_correct_solution_counts() =>
        CountDownCases.Items(Direct.Settings, CountDownSettings.Paper with { Variant = CountDownVariant.Direct }).Sample(
            x =>
            {
                foreach (var solution in new Solver().AllSolutions([.. x.Item.Numbers], x.Item.Target, Rules.Of(x.Task.Settings)).Take(50))
                {
                    Assert.True(x.Task.Verify(x.Item, Spell(x.Item, solution, x.Task.Settings.Format)).Correct);
                }
            },
            iter: 100);

    [Theory]
    [InlineData("3 * 8 = 24 G", true)] // leaves 5 and 7 over
    [InlineData("3 * 8 = 24 [ 5 7 24 ] 7 - 5 = 2 [ 24 2 ] 24 - 2 = 22 G", false)] // misses the target
    [InlineData("3 + 5 = 8 [ 7 8 8 ] 8 * 3 = 24 [ 7 24 ] 24 - 7 = 17 X B [ 7 8 8 ] 3 * 8 = 24 G", true)] // uses 3 twice
    [InlineData("8 - 7 = 2 [ 3 5 2 ] 3 + 5 = 8 [ 2 8 ] 2 * 8 = 24 G", false)] // wrong arithmetic
    [InlineData("8 - 7 = 1 [ 3 5 1 ] 3 + 5 = 8 [ 1 24 ] 1 * 24 = 24 G", false)] // a list from nowhere
    public void The_strict_verifier_closes_the_loopholes_of_the_published_checker(string completion, bool lenient)
    {
        var judgement = Direct.Judge(Example, completion);
        Assert.False(judgement.Correct);
        Assert.Equal(lenient, judgement.LenientScore > 0);
    }

    [Fact]
    public void The_lenient_checker_accepts_what_leaves_numbers_over()
    {
        var judgement = Direct.Judge(Example, "3 * 8 = 24 G");
        Assert.False(judgement.Correct);
        Assert.Equal(1 - 2 / 1152.0, judgement.LenientScore, 12);
    }

    [Fact]
    public void Returns_must_go_to_states_that_are_there()
    {
        var task = new CountDownTask(CountDownCases.Compact);
        const string Rest = "7 + 8 = 15 [ 3 5 15 ] 5 * 3 = 15 [ 15 15 ] 15 + 15 = 30 X B [ 3 5 15 ] 15 - 3 = 12 [ 5 12 ] 12 + 5 = 17 G";
        var item = task.FromProblem([3, 5, 7, 8], 17, "returns");
        Assert.True(task.Verify(item, "3 + 5 = 8 [ 7 8 8 ] 8 - 7 = 1 [ 8 1 ] 8 + 1 = 9 X B [ 3 5 7 8 ] " + Rest).Correct);
        Assert.False(task.Verify(item, "3 + 5 = 8 [ 7 8 8 ] 8 - 7 = 1 [ 8 1 ] 8 + 1 = 9 X B [ 3 5 7 9 ] " + Rest).Correct);
        Assert.False(task.Verify(item, "3 + 5 = 8 [ 7 8 8 ] 8 - 7 = 1 [ 8 1 ] 8 + 1 = 9 X " + Rest).Correct);
    }

    [Fact]
    public void Mistakes_count_wrong_single_numbers()
    {
        var task = new CountDownTask(CountDownCases.Compact);
        CountDownCases.Items(CountDownCases.Compact).Sample(
            x => Assert.Equal(1 + x.Item.Answer.Split(' ').Count(token => token == "X"), x.Task.Judge(x.Item, x.Item.Answer).Mistakes), iter: 100);
        CountDownCases.Items(CountDownSettings.Paper).Sample(
            x => Assert.Equal(x.Item.Answer.Split("unequal : No Solution").Length, x.Task.Judge(x.Item, x.Item.Answer).Mistakes), iter: 50);
    }

    [Fact]
    public void Equal_paths_give_equal_answers_whatever_the_order_of_operands()
    {
        var one = Direct.Verify(Example, "3 * 8 = 24 [ 5 7 24 ] 7 - 5 = 2 [ 24 2 ] 24 + 2 = 26 G");
        var two = Direct.Verify(Example, "8 * 3 = 24 [ 5 7 24 ] 7 - 5 = 2 [ 24 2 ] 2 + 24 = 26 X");
        Assert.Equal("8*3=24,7-5=2,24+2=26", one.Answer);
        Assert.Equal(one.Answer, two.Answer);
        Assert.Null(Direct.Verify(Example, "3 * 8 = 24 [ 5 7 24 ] 7 -").Answer);
    }

    [Fact]
    public void Garbage_is_wrong_and_never_throws()
    {
        foreach (var task in CountDownCases.All.Select(settings => new CountDownTask(settings)))
        {
            var item = task.Create(Split.Test, 0);
            Gen.String.Sample(text => Assert.False(task.Verify(item, text).Correct), iter: 100);
            TokenOf(task).Array[0, 80].Sample(
                tokens =>
                {
                    var verdict = task.Verify(item, string.Join(' ', tokens));
                    Assert.True(!verdict.Correct || CountDownCases.Makes(item, verdict.Answer!, task.Settings));
                },
                iter: 500);
            Gen.String.Sample(prompt => task.Verify(new TaskItem("x", prompt, ""), item.Answer + " 99999999999 G"), iter: 100);
        }
    }

    [Fact]
    public void An_item_known_by_its_prompt_alone_is_judged_alike() =>
        CountDownCases.Items(CountDownCases.All).Sample(
            x => Assert.Equal(
                x.Task.Verify(x.Item, x.Item.Answer),
                x.Task.Verify(new TaskItem(x.Item.Id, x.Item.Prompt, ""), x.Item.Answer)),
            iter: 200);

    [Theory]
    [InlineData(new[] { 3, 5, 7 }, 24, "3 numbers")]
    [InlineData(new[] { 3, 5, 7, 21 }, 24, "21")]
    [InlineData(new[] { 3, 5, 7, 8 }, 51, "51")]
    public void A_problem_outside_the_ranges_is_the_users_error(int[] numbers, int target, string what)
    {
        var error = Assert.Throws<UserError>(() => Direct.FromProblem(numbers, target, "line 7"));
        Assert.Equal(2, error.ExitCode);
        Assert.Contains("line 7", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    private static Gen<string> TokenOf(CountDownTask task) =>
        Gen.Int[0, task.Vocabulary.Count - 1].Select(token => task.Vocabulary[token]);

    /// <summary>Reads a direct solution by splitting, and recomputes every list.</summary>
    private static bool IsRight(CountDownItem item, string[] tokens)
    {
        var (left, at) = (item.Numbers.ToList(), 0);
        while (left.Count > 1)
        {
            if (at + 5 > tokens.Length || !int.TryParse(tokens[at], out var a) || !int.TryParse(tokens[at + 2], out var b)
                || tokens[at + 3] != "=" || !int.TryParse(tokens[at + 4], out var r) || !left.Remove(a) || !left.Remove(b)
                || r is 0 or > 99)
            {
                return false;
            }

            var right = tokens[at + 1] switch { "+" => a + b == r, "-" => a - b == r, "*" => a * b == r, "/" => b * r == a, _ => false };
            left.Add(r);
            at += 5;
            if (!right || (left.Count > 1 && !SkipList(tokens, ref at, left)))
            {
                return false;
            }
        }

        return left[0] == item.Target && at < tokens.Length && tokens[at] == "G";
    }

    private static bool SkipList(string[] tokens, ref int at, List<int> left)
    {
        var list = tokens.Skip(at + 1).Take(left.Count).Select(t => int.TryParse(t, out var n) ? n : -1).Order();
        var right = tokens[at] == "[" && list.SequenceEqual(left.Order()) && tokens[at + 1 + left.Count] == "]";
        at += left.Count + 2;
        return right;
    }

    private static string Spell(CountDownItem item, Operation[] solution, CountDownFormat format)
    {
        TraceWriter writer = format == CountDownFormat.Compact ? new CompactWriter(restateTarget: false) : new PaperWriter();
        var left = item.Numbers.ToList();
        for (var step = 0; step < solution.Length; step++)
        {
            left.Remove(solution[step].Left);
            left.Remove(solution[step].Right);
            left.Add(solution[step].Result);
            var view = new StateView(item.Target, item.Target, left.ToArray(), [], solution.AsSpan(0, step + 1), []);
            writer.Explore(view);
            if (left.Count > 1)
            {
                writer.Follow(view, step + 2);
            }
            else
            {
                writer.Leaf(view, reached: true);
            }
        }

        return writer.Text.ToString();
    }
}
