using Retort.Core;

namespace Retort.Tasks.Tests;

public class TextTaskTests
{
    private sealed class Doubling(int numPrompts) : TextTask
    {
        protected override (string, string) Generate(ref CounterRandom random)
        {
            var number = random.NextInt32(numPrompts);
            return ($"{number}*2=", $"{2 * number}");
        }

        protected override bool Verify(string prompt, string completion) =>
            int.TryParse(completion, out var answer) && prompt == $"{answer / 2.0}*2=";
    }

    [Fact]
    public void No_prompt_lies_in_two_splits_however_few_there_are()
    {
        var task = new Doubling(200);
        var prompts = Enum.GetValues<Split>()
            .Select(split => Enumerable.Range(0, 1000).Select(index => task.Create(split, index).Prompt).ToHashSet()).ToArray();
        Assert.All(prompts, split => Assert.NotEmpty(split));
        Assert.Equal(prompts.Sum(split => split.Count), prompts.SelectMany(split => split).Distinct().Count());
        Assert.InRange(prompts[(int)Split.Train].Count, 130, 180);
    }

    [Fact]
    public void A_problem_is_a_function_of_split_and_index_and_its_own_answer_solves_it()
    {
        var task = new Doubling(1_000_000);
        var forwards = Enumerable.Range(0, 100).Select(index => task.Create(Split.Test, index)).ToArray();
        var backwards = Enumerable.Range(0, 100).Reverse().Select(index => task.Create(Split.Test, index)).Reverse();
        Assert.Equal(forwards, backwards);
        Assert.All(forwards, item => Assert.Equal(new Verdict(true, item.Answer), task.Verify(item, item.Answer)));
        Assert.All(forwards, item => Assert.False(task.Verify(item, item.Answer + "1").Correct));
        Assert.Distinct(forwards.Select(item => item.Prompt));
        Assert.Distinct(forwards.Select(item => item.Id));
    }

    [Fact]
    public void A_generator_without_problems_for_a_split_is_an_error_and_not_an_endless_search()
    {
        var task = new Doubling(1);
        var faults = Enum.GetValues<Split>().Count(split => Record.Exception(() => task.Create(split, 0)) is UserError { ExitCode: 2 });
        Assert.Equal(2, faults);
    }
}
