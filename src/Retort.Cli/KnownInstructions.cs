using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.Instructions;

namespace Retort.Cli;

/// <summary>Instructions on the command line.</summary>
internal sealed class KnownInstructions(InstructionTask task) : KnownTask
{
    private const int DefaultCount = 1000;

    public override ITask Task => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) =>
        [.. PromptLines.Read(path, most).Select(prompt => task.FromPrompt(prompt.Text, prompt.Where))];

    /// <summary>Stories have no solution to look for, only their prompts to read; they count as solved if a story can be told.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var prompts = path is null ? null : PromptLines.Read(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(prompts?.Count ?? count ?? DefaultCount, threads, i =>
        {
            var item = prompts is null ? task.Create(Split.Test, i) : task.FromPrompt(prompts[i].Text, prompts[i].Where);
            return task.Verify(item, InstructionTask.Solve(item.Prompt) ?? item.Answer).Correct;
        });
        return new OracleResult(solved.Length, solved.Count(right => right), null, time.GetElapsedTime(start).TotalSeconds);
    }

    public override void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation) =>
        PromptLines.Write(path, count, threads, index => Line(split, index), progress, cancellation);

    private byte[] Line(Split split, long index)
    {
        var item = task.Create(split, index);
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = item.Id,
            split = split.ToString().ToLowerInvariant(),
            kind = item.Kind.ToString().ToLowerInvariant(),
            prompt = item.Prompt,
            answer = item.Answer,
            output_tokens = item.OutputTokens,
        });
    }
}
