using Retort.Core;
using Retort.Tasks.Answers;

namespace Retort.Tasks.Tests.Answers;

public sealed class AnswerTaskTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    private AnswerTask Task(string text, AnswerSettings? settings = null)
    {
        File.WriteAllText(path, text);
        return new AnswerTask((settings ?? new AnswerSettings()) with { File = path });
    }

    [Fact]
    public void A_file_of_sums_is_a_task()
    {
        var task = Task(string.Join('\n', Enumerable.Range(0, 200).Select(i => $"{{\"prompt\": \"{i} + 1 =\", \"answer\": {i + 1}}}")));

        Assert.Equal(200, Enum.GetValues<Split>().Sum(task.Count));
        Assert.InRange(task.Count(Split.Train), 120, 190);
        var item = task.Create(Split.Test, 0);
        Assert.True(task.Verify(item, item.Answer).Correct);
        Assert.True(task.Verify(item, $"it is ${item.Answer}.00").Correct);
        Assert.False(task.Verify(item, item.Answer + "0").Correct);
        Assert.Equal(task.Create(Split.Train, 0), task.Create(Split.Train, task.Count(Split.Train)));
        Assert.Contains("problems of the split test; expected at most that many", Assert.Throws<UserError>(() => task.Create(Split.Test, task.Count(Split.Test))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Splits_may_be_named_and_fields_called_otherwise()
    {
        var task = Task(
            "{\"question\": \"a\", \"solution\": \"steps\\n#### 18\", \"split\": \"train\"}\n\n{\"question\": \"b\", \"solution\": \"#### 7\", \"split\": \"test\"}\n",
            new AnswerSettings { PromptField = "question", AnswerField = "solution" });

        Assert.Equal((1, 0, 1), (task.Count(Split.Train), task.Count(Split.Validation), task.Count(Split.Test)));
        Assert.Equal(new TaskItem(path + ":3", "b", "#### 7"), task.Create(Split.Test, 0));
        Assert.Equal(new Verdict(true, "18"), task.Verify(task.Create(Split.Train, 5), "\\boxed{18}"));
    }

    [Theory]
    [InlineData("", "holds nothing; expected objects with \"prompt\" and \"answer\", and if known \"split\", one a line")]
    [InlineData("{\"prompt\": \"a\"}", ":1: has no \"answer\"; expected objects with")]
    [InlineData("{\"prompts\": \"a\", \"answer\": 1}", ":1: has no \"prompt\"; expected objects with \"prompt\" and \"answer\", and if known \"split\", one a line; did you mean 'prompts'?")]
    [InlineData("{\"prompt\": \"a\", \"answer\": \"none\"}", ":1: \"answer\" has no number; expected a number, or task.rule.kind=text")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1}\n{\"prompt\": \"b\", \"answer\": 1, \"split\": \"test\"}", ":2: has a \"split\"; expected it on every line or on none;")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1, \"split\": \"dev\"}", ":1: \"split\" is \"dev\"; expected \"train\", \"validation\" or \"test\"")]
    [InlineData("[1]", ":1: has no \"prompt\"; expected objects with")]
    [InlineData("{", ":1: is not JSON (")]
    public void Wrong_files_are_told_by_line(string text, string message)
    {
        var task = Task(text);

        var fault = Assert.Throws<UserError>(() => task.Create(Split.Train, 0));

        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.ExitCode);
    }

    [Fact]
    public void A_missing_file_is_told_when_it_is_needed()
    {
        Assert.Contains("task.file: is not given", Assert.Throws<UserError>(() => new AnswerTask(new()).Count(Split.Train)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<UserError>(() => new AnswerTask(new() { File = "none.jsonl" }).Count(Split.Train)).Message, StringComparison.Ordinal);
    }
}
