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
    [InlineData("{\"prompt\": \"a\", \"answer\": \"none\"}", ":1: \"answer\" is \"none\", which is not one number; expected a number with a unit")]
    [InlineData("{\"prompt\": \"a\", \"answer\": \"2\\\\sqrt{3}\"}", ":1: \"answer\" is \"2\\\\sqrt{3}\", which is not one number; expected a number with a unit")]
    [InlineData("{\"prompt\": \"a\", \"answer\": \"18 or 19\"}", "or task.rule.kind=text")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1e999999999}", ":1: \"answer\" is \"1e999999999\", which is not one number")]
    [InlineData("{\"prompt\": \"a\", \"answer\": \"\"}", ":1: \"answer\" is empty; expected a text or a number")]
    [InlineData("{\"prompt\": \"a\", \"answer\": true}", ":1: \"answer\" is true; expected a text or a number")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1}\n{\"prompt\": \"b\", \"answer\": 1, \"split\": \"test\"}", ":2: has a \"split\"; expected it on every line or on none;")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1, \"split\": \"dev\"}", ":1: \"split\" is \"dev\"; expected \"train\", \"validation\" or \"test\"")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1}\n{\"prompt\": \"a\", \"answer\": 2}", ":2: asks what was asked before and answers otherwise; expected one answer to a prompt; ")]
    [InlineData("{\"prompt\": \"a\", \"answer\": 1, \"answer\": 2}", ":1: is not JSON (")]
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
    public void A_prompt_may_come_again_with_the_same_answer() =>
        Assert.Equal(2, Task("{\"prompt\": \"a\", \"answer\": \"3 + 4\\n#### 7\"}\n{\"prompt\": \"a\", \"answer\": 7.0}").Read(path).Count);

    [Theory]
    [InlineData("1e-05", "0.00001")]
    [InlineData("1e+16", "10000000000000000")]
    [InlineData("1e5", "100000")]
    public void Numbers_are_whole_however_the_file_writes_them(string answer, string same)
    {
        var task = Task($"{{\"prompt\": \"a\", \"answer\": {answer}, \"split\": \"train\"}}");
        var item = task.Create(Split.Train, 0);

        Assert.True(task.Verify(item, same).Correct);
        Assert.True(task.Verify(item, item.Answer).Correct);
        Assert.False(task.Verify(item, "5").Correct);
    }

    [Theory]
    [InlineData("train.jsonl")]
    [InlineData("test.jsonl")]
    public void Real_problems_are_read(string name)
    {
        var file = Path.Combine(Gsm8k() ?? "none", name);
        Assert.SkipUnless(File.Exists(file), "the data set is not here");
        var task = new AnswerTask(new() { File = file, PromptField = "question" });

        var read = task.Read(file);

        Assert.True(read.Count > 1_000);
        Assert.All(read, one => Assert.True(task.Verify(one.Item, one.Item.Answer).Correct));
    }

    private static string? Gsm8k()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (var shared in (string[])["shared", "../shared"])
            {
                if (Path.Combine(folder.FullName, shared, "data", "gsm8k") is var found && Directory.Exists(found))
                {
                    return found;
                }
            }
        }

        return null;
    }

    [Fact]
    public void A_missing_file_is_told_when_it_is_needed()
    {
        Assert.Contains("task.file: is not given", Assert.Throws<UserError>(() => new AnswerTask(new()).Count(Split.Train)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<UserError>(() => new AnswerTask(new() { File = "none.jsonl" }).Count(Split.Train)).Message, StringComparison.Ordinal);
    }
}
