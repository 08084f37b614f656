using System.Globalization;
using System.Numerics;
using CsCheck;
using Retort.Core;
using Retort.Tasks.Arithmetic;
using Retort.Tasks.Copy;
using Retort.Tasks.Lengths;
using Retort.Tasks.Parity;
using Retort.Tasks.VariableAssignment;

namespace Retort.Tasks.Tests.Lengths;

public class LengthTaskTests
{
    private static readonly ILengthTask[] Tasks =
    [
        new ParityTask(), new ParityTask(new() { Reversed = true, Length = new(3, 30), LongWeight = 0 }), new CopyTask(CopySettings.Paper),
        new CopyTask(new() { NumSymbols = 13 }), new AdditionTask(), new AdditionTask(new() { ReversedOperands = true, Length = new(2, 20) }),
        new MultiplicationTask(), new MultiplicationTask(new() { SecondLength = 3, ReversedOperands = true }),
        new VariableAssignmentTask(), new VariableAssignmentTask(new() { Length = new(2, 40), LongWeight = 2 }),
    ];

    private static readonly Gen<(ILengthTask Task, LengthItem Item)> GenItem = Gen.Select(
        Gen.Int[0, Tasks.Length - 1], Gen.Enum<Split>(), Gen.Long[0, 1_000_000],
        (task, split, index) => (Tasks[task], Tasks[task].Create(split, index)));

    [Fact]
    public void The_answer_verifies_and_every_changed_word_makes_it_wrong() =>
        Gen.Select(GenItem, Gen.Int[0, 1000], Gen.Int[0, 1000]).Sample((pair, at, word) =>
        {
            var (task, item) = pair;
            Assert.Equal(new Verdict(true, item.Answer), task.Verify(item, item.Answer));
            Assert.Equal(new Verdict(true, item.Answer), task.Verify(new TaskItem("x", item.Prompt, ""), "\n" + item.Answer.Replace(" ", " \t", StringComparison.Ordinal)));
            var words = item.Answer.Split(' ');
            (at, word) = (at % words.Length, word % task.Vocabulary!.Count);
            foreach (var middle in new string[][] { [], [words[at], words[at]], [task.Vocabulary[word]], ["00"], ["x"] })
            {
                var changed = string.Join(' ', [.. words[..at], .. middle, .. words[(at + 1)..]]);
                Assert.Equal(changed == item.Answer, task.Verify(item, changed).Correct);
            }

            Assert.Equal(new Verdict(false), task.Verify(item, ""));
            Assert.False(task.Verify(new TaskItem("x", "= =", item.Answer), item.Answer).Correct);
        }, iter: 1000);

    [Fact]
    public void A_prompt_is_read_back_as_its_problem() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        Assert.Equal(item, task.FromPrompt(item.Prompt, item.Id));
        Assert.InRange(item.Length, task.Lengths.Low, task.Lengths.High);
        var words = $"{item.Prompt} {item.Answer}".Split(' ');
        Assert.All(words, word => Assert.Contains(word, task.Vocabulary!));
        Assert.True(words.Length + 2 <= task.MaxTokens);
        Assert.True(item.Length < task.Lengths.High || words.Length + 2 == task.MaxTokens);
    }, iter: 1000);

    [Fact]
    public void Garbage_is_judged_wrong_refused_as_a_prompt_and_never_throws_anything_else() =>
        Gen.Select(GenItem, Gen.Int[0, 70].Array[0, 40]).Sample((pair, picks) =>
        {
            var (task, item) = pair;
            var text = string.Join(' ', picks.Select(pick => pick < task.Vocabulary!.Count ? task.Vocabulary[pick] : "\0 99999999999"));
            Assert.Equal(text == item.Answer, task.Verify(item, text).Correct);
            task.Verify(new TaskItem("x", text, ""), item.Answer);
            if (Record.Exception(() => task.FromPrompt(text, "p:3")) is { } refused)
            {
                Assert.Throws<ArgumentException>(() => task.PositionIds(new TaskItem("x", text, item.Answer), PositionScheme.Coupled));
                Assert.StartsWith("p:3: '", Assert.IsType<UserError>(refused).Message, StringComparison.Ordinal);
            }
        }, iter: 1000);

    [Fact]
    public void Each_word_has_an_id_within_the_largest_and_consecutive_ids_count() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        var words = item.Prompt.Split(' ').Length + item.Answer.Split(' ').Length;
        Assert.Equal(Enumerable.Range(1, words), task.PositionIds(item, PositionScheme.Consecutive));
        foreach (var scheme in task.PositionSchemes)
        {
            var ids = task.PositionIds(item, scheme);
            Assert.Equal(words, ids.Length);
            Assert.InRange(ids.Max(), 1, task.MaxPositionId(scheme));
            Assert.True(ids.Min() >= 0);
            Assert.True(item.Length < task.Lengths.High || ids.Max() == task.MaxPositionId(scheme));
        }
    }, iter: 1000);

    // The ids of section 3 with s = 1, by hand.
    [Theory]
    [InlineData("parity", "1 0 1 1 =", "1 1 0 1", "2 3 4 5 1 2 3 4 5")]
    [InlineData("parity reversed", "1 0 0 1 =", "1 1 1 0", "1 2 3 4 5 4 3 2 1")]
    [InlineData("copy", "7 0 7 =", "7 0 7", "2 3 4 1 2 3 4")]
    [InlineData("copy abacus", "7 0 7 =", "7 0 7", "1 2 3 0 1 2 3")]
    [InlineData("addition", "0 9 + 9 3 =", "2 0 1", "3 2 1 3 2 1 2 3 4")]
    [InlineData("addition abacus", "0 9 + 9 3 =", "2 0 1", "2 1 0 2 1 0 1 2 3")]
    [InlineData("addition reversed", "9 0 + 3 9 =", "2 0 1", "2 3 1 2 3 1 2 3 4")]
    [InlineData("multiplication", "1 2 5 * 0 8 =", "0 0 0 1 0", "4 3 2 1 3 2 1 2 3 4 5 6")]
    [InlineData("variable-assignment", "v3 v8 v5 v1 v8 v2 v1 v4 = v3", "v8 v2", "1 1 2 2 3 3 4 4 0 1 3 0")]
    public void Answers_and_ids_are_the_literatures(string name, string prompt, string answer, string ids)
    {
        ILengthTask task = name switch
        {
            "parity" => new ParityTask(),
            "parity reversed" => new ParityTask(new() { Reversed = true }),
            "copy" or "copy abacus" => new CopyTask(),
            "addition" or "addition abacus" => new AdditionTask(),
            "addition reversed" => new AdditionTask(new() { ReversedOperands = true }),
            "multiplication" => new MultiplicationTask(),
            _ => new VariableAssignmentTask(),
        };
        var item = task.FromPrompt(prompt, "x");
        Assert.Equal(answer, item.Answer);
        var scheme = name.EndsWith("abacus", StringComparison.Ordinal) ? PositionScheme.Abacus : PositionScheme.Coupled;
        Assert.Equal(ids, string.Join(' ', task.PositionIds(item, scheme)));
        Assert.Equal(name != "variable-assignment", task.KnowsAnswerIds(scheme));
    }

    [Fact]
    public void Digits_are_calculated_as_whole_numbers_are() => Gen.Select(Gen.Enum<Split>(), Gen.Long[0, 100_000], Gen.Bool).Sample((split, index, isReversed) =>
    {
        var sum = new AdditionTask(new() { Length = new(1, 30), ReversedOperands = isReversed }).Create(split, index);
        var (a, b) = Operands(sum, '+');
        Assert.Equal(a + b, Number(sum.Answer, true));
        Assert.Equal(sum.Length + 1, sum.Answer.Split(' ').Length);
        var product = new MultiplicationTask(new() { Length = new(1, 20), SecondLength = 3, ReversedOperands = isReversed }).Create(split, index);
        (a, b) = Operands(product, '*');
        Assert.Equal(a * b, Number(product.Answer, true));
        Assert.Equal(product.Length + 3, product.Answer.Split(' ').Length);

        (BigInteger A, BigInteger B) Operands(LengthItem item, char sign)
        {
            var parts = item.Prompt.TrimEnd('=').Split(sign);
            return (Number(parts[0], isReversed), Number(parts[1], isReversed));
        }

        static BigInteger Number(string digits, bool isReversed)
        {
            var text = digits.Replace(" ", "", StringComparison.Ordinal);
            return BigInteger.Parse(isReversed ? string.Concat(text.Reverse()) : text, NumberStyles.None, CultureInfo.InvariantCulture);
        }
    }, iter: 500);

    [Fact]
    public void Half_of_the_lines_are_the_chain_asked_for_and_the_rest_lead_nowhere() => Gen.Select(Gen.Enum<Split>(), Gen.Long[0, 100_000]).Sample((split, index) =>
    {
        var item = new VariableAssignmentTask(new() { Length = new(2, 24) }).Create(split, index);
        var words = item.Prompt.Split(' ');
        var names = words[..^2].Distinct().ToArray();
        Assert.Equal((item.Length / 2, item.Length + 2), (item.Answer.Split(' ').Length, names.Length));
        var starts = names.Except(words[..^2].Where((_, i) => i % 2 == 1));
        Assert.Equal(2, starts.Count());
        Assert.Contains(words[^1], starts);
    }, iter: 300);

    [Fact]
    public void Splits_are_disjoint_whatever_the_seed_and_problems_pure()
    {
        foreach (var task in Tasks)
        {
            var prompts = Enum.GetValues<Split>().Select(split => Enumerable.Range(0, 400).Select(i => task.Create(split, i).Prompt).ToHashSet()).ToArray();
            Assert.Empty(prompts[0].Intersect(prompts[1]));
            Assert.Empty(prompts[0].Intersect(prompts[2]));
            Assert.Empty(prompts[1].Intersect(prompts[2]));
            Assert.Equal(task.Create(Split.Train, 17), task.Create(Split.Train, 17));
        }

        var other = Enumerable.Range(0, 2000).Select(i => new ParityTask(new() { Seed = 2, Length = new(5, 5) }).Create(Split.Train, i).Prompt).ToHashSet();
        Assert.Empty(other.Intersect(Enumerable.Range(0, 200).Select(i => new ParityTask(new() { Length = new(5, 5) }).Create(Split.Test, i).Prompt)));
        Assert.NotEqual(Tasks[0].Create(Split.Train, 3), new ParityTask(new() { Seed = 2 }).Create(Split.Train, 3));
    }

    [Fact]
    public void Long_inputs_come_as_often_as_their_weight_says()
    {
        var counts = new int[13];
        var task = new ParityTask(new() { Length = new(8, 12), LongWeight = 2 });
        for (var i = 0; i < 4000; i++)
        {
            counts[task.Create(Split.Train, i).Length]++;
        }

        double[] squares = [64, 81, 100, 121, 144];
        for (var i = 0; i < squares.Length; i++)
        {
            Assert.InRange(counts[8 + i], 4000 * (squares[i] / squares.Sum() - 0.03), 4000 * (squares[i] / squares.Sum() + 0.03));
        }
    }

    [Fact]
    public void Lengths_without_a_prompt_of_the_split_say_so()
    {
        var task = new ParityTask(new() { Length = new(1, 1) });
        var errors = Enum.GetValues<Split>().Select(split => Record.Exception(() => task.Create(split, 0))).OfType<UserError>().ToArray();
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.Contains("prompts of length 1..1 is of the split", error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("task.length: is 0..12; expected a range within 1..1024", "parity")]
    [InlineData("task.length: is 1..12; expected a range within 2..1024", "variable-assignment")]
    [InlineData("task.numNames: is 9; expected in 14..4096 with 12 lines", "names")]
    [InlineData("task.numSymbols: is 1; expected in 2..1000", "copy")]
    [InlineData("task.secondLength: is 0; expected in 1..16", "multiplication")]
    [InlineData("task.longWeight: is -1; expected in 0..8", "addition")]
    public void A_setting_that_cannot_work_is_named(string message, string name)
    {
        Func<ILengthTask> make = name switch
        {
            "parity" => () => new ParityTask(new() { Length = new(0, 12) }),
            "variable-assignment" => () => new VariableAssignmentTask(new() { Length = new(1, 12) }),
            "names" => () => new VariableAssignmentTask(new() { NumNames = 9 }),
            "copy" => () => new CopyTask(new() { NumSymbols = 1 }),
            "multiplication" => () => new MultiplicationTask(new() { SecondLength = 0 }),
            _ => () => new AdditionTask(new() { LongWeight = -1 }),
        };
        Assert.Equal(message, Assert.Throws<UserError>(make).Message);
    }
}
