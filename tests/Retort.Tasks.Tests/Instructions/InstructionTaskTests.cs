using CsCheck;
using Retort.Core;
using Retort.Tasks.Instructions;

namespace Retort.Tasks.Tests.Instructions;

public class InstructionTaskTests
{
    private static readonly InstructionTask Task = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly Gen<InstructionItem> GenItem = Gen.Select(
        Gen.ULong, Gen.Enum<Split>(), Gen.Long[0, 1_000_000], Gen.Int[1, 4],
        (seed, split, index, nesting) => new InstructionTask(new() { Seed = seed, Nesting = nesting }).Create(split, index));

    [Fact]
    public void Every_demonstration_verifies_and_follows_from_its_prompt_unless_it_is_a_story() => GenItem.Sample(item =>
    {
        Assert.Equal(new Verdict(true, item.Answer), Task.Verify(item, item.Answer));
        Assert.Equal(item.Kind == InstructionKind.Story ? null : item.Answer, InstructionTask.Solve(item.Prompt));
        Assert.Equal(item.Kind, InstructionTask.KindOf(item.Prompt));
        Assert.Equal(item.Answer.Split(' ').Length + 1, item.OutputTokens);
        Assert.True(item.OutputTokens <= 256 && 1 + item.Prompt.Split(' ').Length + item.OutputTokens <= 320);
        Assert.All($"{item.Prompt} {item.Answer}".Split(' '), word => Assert.Contains(word, Task.Vocabulary));
    }, iter: 500);

    [Fact]
    public void White_space_is_free() => GenItem.Sample(item =>
        Assert.Equal(new Verdict(true, item.Answer), Task.Verify(item, " " + item.Answer.Replace(" ", "\n  ", StringComparison.Ordinal) + "\t")), iter: 50);

    [Fact]
    public void A_demonstration_with_one_word_dropped_doubled_or_strange_does_not_verify() =>
        Gen.Select(GenItem, Gen.Int[0, 10_000], Gen.Int[0, InstructionWords.Kinds.Length]).Sample((item, at, strange) =>
        {
            var words = item.Answer.Split(' ');
            at %= words.Length;
            string[] other = strange == 0 ? ["unheard"] : [InstructionWords.Kinds[strange - 1]];
            foreach (var middle in new string[][] { [], [words[at], words[at]], other })
            {
                Assert.False(Task.Verify(item, string.Join(' ', [.. words[..at], .. middle, .. words[(at + 1)..]])).Correct);
            }
        }, iter: 500);

    [Fact]
    public void What_follows_from_the_prompt_has_no_other_answer() =>
        Gen.Select(GenItem, Gen.Int[0, 10_000], Gen.Int[0, InstructionWords.Vocabulary.Length - 1]).Sample((item, at, word) =>
        {
            var words = item.Answer.Split(' ');
            ref var changed = ref words[at % words.Length];
            var isSame = changed == InstructionWords.Vocabulary[word];
            changed = InstructionWords.Vocabulary[word];
            if (item.Kind != InstructionKind.Story)
            {
                Assert.Equal(new Verdict(isSame, string.Join(' ', words)), Task.Verify(item, string.Join(' ', words)));
            }
        }, iter: 500);

    [Theory]
    [InlineData("repeat 3 a c :", "3 a c 2 a c 1 a c")]
    [InlineData("repeat 1 z :", "1 z")]
    [InlineData("count 9 to 1 1 :", "9 , 1 0 , 1 1")]
    [InlineData("count 0 to 0 :", "0")]
    [InlineData("spell 4 0 7 :", "four zero seven")]
    [InlineData("reverse c a b :", "b a c")]
    [InlineData("sort c a b :", "a b c")]
    [InlineData("expand a 2 ( b 3 ( c ) d ) e :", "a 2 b 3 c 2 c 1 c d 1 b 3 c 2 c 1 c d e")]
    [InlineData("expand 2 ( 2 ( a ) 1 ( b ) ) :", "2 2 a 1 a 1 b 1 2 a 1 a 1 b")]
    [InlineData("walk a b 2 halt c 4 a a 3 b :", "a 3 2 1 b 2 1 halt")]
    public void Each_kind_means_what_it_says(string prompt, string answer) => Assert.Equal(answer, InstructionTask.Solve(prompt));

    [Theory]
    [InlineData("")]
    [InlineData("sing a :")]
    [InlineData("repeat 0 a :")]
    [InlineData("repeat 2 :")]
    [InlineData("count 5 to 4 :")]
    [InlineData("count 0 5 to 9 :")]
    [InlineData("count 1 to 1 0 0 :")]
    [InlineData("spell a :")]
    [InlineData("reverse a b")]
    [InlineData("sort a : b")]
    [InlineData("expand 2 ( a :")]
    [InlineData("expand 2 ( ) :")]
    [InlineData("expand a ) :")]
    [InlineData("expand 9 ( 9 ( 9 ( 9 ( a ) ) ) ) :")]
    [InlineData("walk :")]
    [InlineData("walk a a 2 b b 1 a :")]
    [InlineData("walk a a 2 b :")]
    [InlineData("walk a a 0 halt :")]
    [InlineData("walk a a 2 halt a 3 halt :")]
    [InlineData("story calm ann , key map rope :")]
    public void Prompts_without_one_answer_have_none(string prompt) => Assert.Null(InstructionTask.Solve(prompt));

    [Theory]
    [InlineData("chapter 1 ann sings .", true)]
    [InlineData("chapter 2 ann finds key . ann gives key to zoe . ann finds key . chapter 1 tom waits .", true)]
    [InlineData("chapter 3 ann waits . chapter 2 tom waits . chapter 1 ann waits .", true)]
    [InlineData("chapter 2 ann waits . chapter 1 ann waits .", false)] // Tom's turn.
    [InlineData("chapter 2 ann waits .", false)] // A chapter is missing.
    [InlineData("chapter 1 ann waits . chapter 1 tom waits .", false)]
    [InlineData("chapter 0", false)]
    [InlineData("chapter 1", false)]
    [InlineData("chapter 1 ann meets ann .", false)]
    [InlineData("chapter 1 ann finds key . ann finds key .", false)]
    [InlineData("chapter 1 ann gives key to zoe .", false)]
    [InlineData("chapter 1 ann finds key . ann gives key to ann .", false)]
    [InlineData("chapter 1 ann finds key . ann gives key to zoe . ann gives key to tom .", false)]
    [InlineData("chapter 3 ann finds key . chapter 2 tom waits . chapter 1 ann gives key to tom .", false)] // Found in another chapter.
    [InlineData("chapter 1 ann visits key .", false)]
    [InlineData("chapter 1 ann finds drum .", false)] // Not among the things.
    [InlineData("chapter 1 ann sings", false)]
    [InlineData("", false)]
    public void Stories_obey_their_grammar(string story, bool isRight) =>
        Assert.Equal(isRight, Task.Verify(new TaskItem("x", "story calm ann tom , key map rope :", ""), story).Correct);

    [Fact]
    public void Garbage_is_judged_wrong_and_never_throws()
    {
        var word = Gen.Int[0, InstructionWords.Vocabulary.Length + 2].Select(i => i < InstructionWords.Vocabulary.Length ? InstructionWords.Vocabulary[i] : "\u0000");
        Gen.Select(GenItem, word.Array[0, 60], Gen.String).Sample((item, words, noise) =>
        {
            foreach (var text in new[] { string.Join(' ', words), noise, string.Join(' ', Enumerable.Repeat("2 (", 2000)) })
            {
                Assert.False(Task.Verify(item, text).Correct && InstructionTask.Solve(item.Prompt) != text);
                Assert.False(Task.Verify(new TaskItem("x", text, ""), item.Answer).Correct);
                Assert.Null(InstructionTask.Solve("expand " + text));
            }
        }, iter: 200);
    }

    [Fact]
    public void Splits_share_no_prompt_even_across_seeds()
    {
        var seen = new Dictionary<string, Split>();
        for (var seed = 1UL; seed <= 2; seed++)
        {
            var task = new InstructionTask(new() { Seed = seed });
            foreach (var split in Enum.GetValues<Split>())
            {
                for (var i = 0; i < 2000; i++)
                {
                    var prompt = task.Create(split, i).Prompt;
                    Assert.Equal(split, seen.GetValueOrDefault(prompt, split));
                    seen[prompt] = split;
                }
            }
        }
    }

    [Fact]
    public void Items_do_not_depend_on_threads_or_order()
    {
        var one = ParallelItems.Make(500, 1, i => Task.Create(Split.Validation, i), Cancellation);
        Assert.Equal(one, ParallelItems.Make(500, 4, i => new InstructionTask().Create(Split.Validation, i), Cancellation));
        Assert.Equal(one[77], new InstructionTask().Create(Split.Validation, 77));
        Assert.NotEqual(one[0].Prompt, new InstructionTask(new() { Seed = 2 }).Create(Split.Validation, 0).Prompt);
    }

    [Fact]
    public void The_vocabulary_is_small_and_every_word_comes_once() =>
        Assert.InRange(Task.Vocabulary.Distinct().Count(), Math.Max(64, Task.Vocabulary.Count), 128 - 3);

    [Fact]
    public void Settings_out_of_range_name_the_setting()
    {
        Expect("task.weights", new() { Weights = new() { Repeat = -1 } });
        Expect("task.weights", InstructionSettings.Stories with { Weights = InstructionSettings.Stories.Weights with { Story = 0 } });
        Expect("task.maxOutputTokens", new() { MaxOutputTokens = 31 });
        Expect("task.stringLength", new() { StringLength = new(1, 27) });
        Expect("task.repeatRounds", new() { RepeatRounds = new(0, 9) });
        Expect("task.ticks", new() { Ticks = new(5, 4) });
        Expect("task.states", new() { States = new(1, 16) });
        Expect("task.epicContinuation", new() { EpicContinuation = 1 });

        static void Expect(string part, InstructionSettings settings) =>
            Assert.StartsWith(part, Assert.Throws<UserError>(() => new InstructionTask(settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tightest_cap_leaves_every_kind_a_prompt()
    {
        var task = new InstructionTask(new() { MaxOutputTokens = 32 });
        var items = ParallelItems.Make(500, 2, i => task.Create(Split.Test, i), Cancellation);
        Assert.All(items, item => Assert.True(item.OutputTokens <= 32 && task.Verify(item, item.Answer).Correct));
        Assert.Equal(8, items.Select(item => item.Kind).Distinct().Count());
        var impossible = new InstructionTask(InstructionSettings.Visible with { MaxOutputTokens = 32, StringLength = new(20, 24), RepeatRounds = new(9, 9) });
        Assert.Contains("'repeat'", Assert.Throws<UserError>(() => ParallelItems.Make(50, 2, i => impossible.Create(Split.Train, i), Cancellation)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_from_outside_is_answered_or_refused_with_the_reason()
    {
        Assert.Equal(new("mine", "sort b a :", "a b", InstructionKind.Sort), Task.FromPrompt("sort b a :", "mine"));
        var story = Task.FromPrompt("story epic ann , key map rope :", "mine");
        Assert.True(Task.Verify(story, story.Answer).Correct);
        Assert.Equal(story, Task.FromPrompt("story epic ann , key map rope :", "mine"));
        Expect("no instruction", "story epic ann , key map map :");
        Expect("task.maxOutputTokens", "expand 9 ( 9 ( 9 ( a ) ) ) :");

        static void Expect(string part, string prompt) =>
            Assert.Contains(part, Assert.Throws<UserError>(() => Task.FromPrompt(prompt, "here")).Message, StringComparison.Ordinal);
    }
}
