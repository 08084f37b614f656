using CsCheck;
using Retort.Core;
using Retort.Tasks.SolutionTree;

namespace Retort.Tasks.Tests.SolutionTree;

public class SolutionTreeTaskTests
{
    private static readonly SolutionTreeTask Wall = new(), Base = new(SolutionTreeSettings.Base);

    private static readonly SolutionTreeTask[] Tasks =
        [Wall, Base, new(SolutionTreeSettings.Breaks with { Context = ContextMode.Dropped, NumIrrelevant = 0 })];

    private static readonly Gen<(SolutionTreeTask Task, SolutionTreeItem Item)> GenItem = Gen.Select(
        Gen.Int[0, Tasks.Length - 1], Gen.Enum<Split>(), Gen.Long[0, 1_000_000],
        (task, split, index) => (Tasks[task], Tasks[task].Create(split, index)));

    [Fact]
    public void Every_demonstration_verifies_and_every_changed_word_makes_it_wrong() =>
        Gen.Select(GenItem, Gen.Int[0, 1000], Gen.Int[0, 1000]).Sample((pair, at, word) =>
        {
            var (task, item) = pair;
            Assert.Equal(new Verdict(true, item.Answer, true, true), task.Verify(item, item.Answer));
            Assert.Equal(new Verdict(true, item.Answer, true, true), task.Verify(item, "\n" + item.Answer.Replace(" ", " \t", StringComparison.Ordinal)));
            var words = item.Answer.Split(' ');
            (at, word) = (at % words.Length, word % task.Vocabulary.Count);
            foreach (var middle in new string[][] { [], [words[at], words[at]], [task.Vocabulary[word]], ["00"], ["x"] })
            {
                var changed = string.Join(' ', [.. words[..at], .. middle, .. words[(at + 1)..]]);
                var verdict = task.Verify(item, changed);
                Assert.Equal(changed == item.Answer, verdict.Correct);
                Assert.Equal(verdict.Correct, verdict.Plan == true && verdict.Execute == true);
            }
        }, iter: 1000);

    [Fact]
    public void Prompts_and_answers_have_the_papers_form_lengths_and_vocabulary() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        var (n, m) = (item.Actions.Count, task.Settings.NumIrrelevant);
        var contexts = task.Settings.Context == ContextMode.Dropped ? "" : " C \\d+";
        Assert.Matches($"^S \\d+( P \\d+{contexts}){{{n}}} P \\d+( I \\d+){{{m}}} :$", item.Prompt);
        Assert.Matches($"^S \\d+( A \\d+ S \\d+){{{n}}}$", item.Answer);
        Assert.Equal(task.Settings.Context == ContextMode.Dropped ? 2 * n + 2 * m + 5 : 4 * n + 2 * m + 5, item.Prompt.Split(' ').Length);
        Assert.Equal(4 * n + 2, item.Answer.Split(' ').Length);
        Assert.True(item.Prompt.Split(' ').Length + item.Answer.Split(' ').Length + 2 <= task.Settings.MaxTokens);
        Assert.All($"{item.Prompt} {item.Answer}".Split(' '), word => Assert.Contains(word, task.Vocabulary));
        Assert.Equal(26, Base.Vocabulary.Count);
    }, iter: 300);

    [Fact]
    public void The_path_follows_from_the_prompt_alone() => GenItem.Sample(pair =>
    {
        var (task, item) = pair;
        var read = task.FromPrompt(item.Prompt, item.Id);
        Assert.Equal((item.Prompt, item.Answer), (read.Prompt, read.Answer));
        Assert.Equal(item.States, read.States);
        Assert.Equal(item.Actions, read.Actions);
        Assert.Equal(task.Verify(item, item.Answer), task.Verify(new TaskItem("x", item.Prompt, ""), item.Answer));
        Assert.Equal(item.Pairs(task.World), item.Actions.Select((action, i) => (item.States[i] * task.Settings.NumActions) + action));
    }, iter: 300);

    [Fact]
    public void A_slip_of_execution_is_told_from_a_slip_of_the_plan()
    {
        var world = Wall.World;
        for (var index = 0; index < 100; index++)
        {
            var item = Wall.Create(Split.Test, index);
            var (s, a, slip) = (item.States, item.Actions, index % 4);
            // The state after the slip is another one; everything after it follows from that.
            var executed = Judge(item, step => a[step], (step, next) => step == slip ? (next + 1) % 16 : next);
            Assert.True(executed.IsPlanned && !executed.IsExecuted && !executed.IsCorrect);
            Assert.Equal((1, 0.75), (executed.PlanAccuracy, executed.ExecutionAccuracy));
            Assert.Equal(Enumerable.Range(0, 4).Select(step => step != slip), executed.Steps.Select(step => step.IsExecuted));
            Assert.Equal((s[slip], a[slip]), (executed.Steps[slip].State, executed.Steps[slip].Action));

            var planned = Judge(item, step => step == slip ? (a[step] + 1) % 16 : a[step], (_, next) => next);
            Assert.True(!planned.IsPlanned && planned.IsExecuted && !planned.IsCorrect);
            Assert.Equal((0.75, 1), (planned.PlanAccuracy, planned.ExecutionAccuracy));
        }

        SolutionTreeJudgement Judge(SolutionTreeItem item, Func<int, int> action, Func<int, int, int> next)
        {
            var (state, text) = (item.States[0], $"S {item.States[0]}");
            for (var step = 0; step < item.Actions.Count; step++)
            {
                state = next(step, world.Next(state, action(step)));
                text += $" A {action(step)} S {state}";
            }

            return Wall.Judge(item, text)!;
        }
    }

    [Fact]
    public void Short_long_and_misled_answers_are_judged_by_the_problems_steps()
    {
        var item = Wall.Create(Split.Test, 3);
        var words = item.Answer.Split(' ');
        var cut = Wall.Judge(item, string.Join(' ', words[..6]))!;
        Assert.Equal((0.25, 0.25, false, false), (cut.PlanAccuracy, cut.ExecutionAccuracy, cut.IsPlanned, cut.IsExecuted));
        Assert.Equal(string.Join(' ', words[..6]), cut.Canonical);
        var more = Wall.Judge(item, $"{item.Answer} A 0 S {Wall.World.Next(item.States[^1], 0)}")!;
        Assert.Equal((1, 1, false, true, 4), (more.PlanAccuracy, more.ExecutionAccuracy, more.IsPlanned, more.IsExecuted, more.Steps.Count));
        words[1] = $"{(item.States[0] + 1) % 16}";
        var elsewhere = Wall.Judge(item, string.Join(' ', words))!;
        Assert.True(elsewhere.IsPlanned && !elsewhere.IsExecuted);
        Assert.Equal((false, (string?)null), (Wall.Verify(item, "").Correct, Wall.Verify(item, "").Answer));
        Assert.Equal(new Verdict(false), Wall.Verify(new TaskItem("x", "S 1 P 2 :", ""), item.Answer));
    }

    [Fact]
    public void Garbage_is_judged_wrong_and_never_throws() =>
        Gen.Select(GenItem, Gen.Int[0, 30].Array[0, 40]).Sample((pair, picks) =>
        {
            var words = picks.Select(pick => pick < pair.Task.Vocabulary.Count ? pair.Task.Vocabulary[pick] : "\0 99999999999");
            Assert.False(pair.Task.Verify(pair.Item, string.Join(' ', words)).Correct);
            pair.Task.Verify(new TaskItem("x", string.Join(' ', words), ""), pair.Item.Answer);
        }, iter: 500);

    [Fact]
    public void No_path_is_in_two_splits_whatever_the_seed()
    {
        // 1,296 paths: without the rule nearly all would be met again.
        SolutionTreeTask Small(ulong seed) => new(new() { NumStates = 6, NumActions = 6, Steps = new(3, 3), Seed = seed, Actions = ActionBias.Uniform });
        var paths = Enum.GetValues<Split>().Select(split => Enumerable.Range(0, 2000).Select(i =>
        {
            var item = Small(1 + (ulong)split).Create(split, i);
            return string.Join(' ', item.Actions.Prepend(item.States[0]));
        }).ToHashSet()).ToArray();
        Assert.Empty(paths[0].Intersect(paths[1]));
        Assert.Empty(paths[0].Intersect(paths[2]));
        Assert.Empty(paths[1].Intersect(paths[2]));
        Assert.InRange(paths[2].Count, 80, 200);
    }

    [Fact]
    public void Pretraining_draws_as_the_world_prefers_and_the_other_splits_evenly()
    {
        var train = Shares(Split.Train);
        foreach (var split in new[] { Split.Validation, Split.Test })
        {
            var (actions, contexts) = Shares(split);
            Assert.InRange(actions, 0.06, 0.16);
            Assert.InRange(contexts, 0.06, 0.16);
        }

        Assert.True(train.Actions > 0.35 && train.Contexts > 0.35, $"{train}");

        // Over states (actions): the share of the most frequent action (context), on average; 1/16 were it even.
        static (double Actions, double Contexts) Shares(Split split)
        {
            var (ofState, ofAction) = (new int[16, 16], new int[16, 16]);
            for (var i = 0; i < 2000; i++)
            {
                var item = Wall.Create(split, i);
                var words = item.Prompt.Split(' ');
                for (var step = 0; step < 4; step++)
                {
                    ofState[item.States[step], item.Actions[step]]++;
                    ofAction[item.Actions[step], int.Parse(words[5 + (4 * step)])]++;
                }
            }

            return (Peak(ofState), Peak(ofAction));
        }

        static double Peak(int[,] counts) => Enumerable.Range(0, 16).Average(row =>
        {
            var line = Enumerable.Range(0, 16).Select(column => counts[row, column]).ToArray();
            return line.Max() / (double)line.Sum();
        });
    }

    [Fact]
    public void A_probe_asks_for_one_entry_of_the_table_anywhere_on_a_path()
    {
        var places = new HashSet<int>();
        for (var pair = 0; pair < Wall.World.NumPairs; pair++)
        {
            var probe = Wall.CreateProbe(pair, pair % 3);
            var words = probe.Prompt.Split(' ');
            var (state, action) = (pair / 16, pair % 16);
            Assert.Equal(["S", $"{state}", "A", $"{action}", "S"], words[^5..]);
            Assert.Equal($"{Wall.World.Next(state, action)}", probe.Answer);
            // It is a problem of the task, cut off: the actions given are those that its prompt names.
            var close = Array.IndexOf(words, ":");
            var item = Wall.FromPrompt(string.Join(' ', words[..(close + 1)]), "x");
            Assert.StartsWith(string.Join(' ', words[(close + 1)..]) + $" {probe.Answer}", item.Answer, StringComparison.Ordinal);
            places.Add(words.Length - close);
        }

        Assert.Equal(4, places.Count);
        Assert.Equal(Wall.CreateProbe(7, 1), Wall.CreateProbe(7, 1));
        Assert.NotEqual(Wall.CreateProbe(7, 1).Prompt, Wall.CreateProbe(7, 2).Prompt);
    }

    [Theory]
    [InlineData("numStates", 1)]
    [InlineData("numActions", 17)]
    [InlineData("steps", 0)]
    [InlineData("alpha", 0)]
    [InlineData("beta", 2000)]
    [InlineData("heldOutPairs", 1)]
    [InlineData("numIrrelevant", -1)]
    public void A_setting_out_of_range_is_named(string name, int value)
    {
        var settings = name switch
        {
            "numStates" => new SolutionTreeSettings { NumStates = value },
            "numActions" => new SolutionTreeSettings { NumActions = value },
            "steps" => new SolutionTreeSettings { Steps = new(value, 3) },
            "alpha" => new SolutionTreeSettings { Alpha = value },
            "beta" => new SolutionTreeSettings { Beta = value },
            "heldOutPairs" => new SolutionTreeSettings { HeldOutPairs = value },
            _ => new SolutionTreeSettings { NumIrrelevant = value },
        };
        Assert.StartsWith($"task.{name}: is ", Assert.Throws<UserError>(() => new SolutionTreeTask(settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_world_without_paths_for_a_split_says_so()
    {
        var task = new SolutionTreeTask(new() { NumStates = 2, NumActions = 2, Steps = new(1, 1) });
        var errors = Enum.GetValues<Split>().Select(split => Record.Exception(() => task.Create(split, 0))).OfType<UserError>().ToArray();
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.Contains("belongs to the split", error.Message, StringComparison.Ordinal));
    }
}
