using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.SolutionTree;

namespace Retort.Cli;

/// <summary>The solution tree on the command line.</summary>
internal sealed class KnownSolutionTree(SolutionTreeTask task) : KnownTask
{
    private const int ItemsPerChunk = 512, DefaultCount = 1000;
    private const string Expected = "objects with \"prompt\", one a line";

    public override ITask Task => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) =>
        [.. ReadPrompts(path, most).Select(prompt => task.FromPrompt(prompt.Text, prompt.Where))];

    /// <summary>The world's tables solve every prompt.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var prompts = path is null ? null : ReadPrompts(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(prompts?.Count ?? count ?? DefaultCount, threads, i =>
        {
            var item = prompts is null ? task.Create(Split.Test, i) : task.FromPrompt(prompts[i].Text, prompts[i].Where);
            return task.Verify(new TaskItem(item.Id, item.Prompt, ""), item.Answer).Correct;
        });
        return new OracleResult(solved.Length, solved.Count(right => right), null, time.GetElapsedTime(start).TotalSeconds);
    }

    public override void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation) =>
        AtomicFile.Write(path, stream =>
        {
            for (var first = 0L; first < count; first += ItemsPerChunk)
            {
                var (begin, size) = (first, (int)Math.Min(ItemsPerChunk, count - first));
                foreach (var line in ParallelItems.Make(size, threads, i => Line(split, begin + i), cancellation))
                {
                    stream.Write(line);
                    stream.WriteByte((byte)'\n');
                }

                progress(first + size);
            }
        });

    private byte[] Line(Split split, long index)
    {
        var item = task.Create(split, index);
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = item.Id,
            split = split.ToString().ToLowerInvariant(),
            prompt = item.Prompt,
            answer = item.Answer,
            states = item.States,
            actions = item.Actions,
        });
    }

    private static List<(string Text, string Where)> ReadPrompts(string path, int? most)
    {
        var prompts = new List<(string, string)>();
        foreach (var line in InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue))
        {
            prompts.Add(line.Fields.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String
                ? (prompt.GetString()!, line.Where)
                : throw UserError.Request(line.Where, "has no \"prompt\"", Expected));
        }

        return prompts;
    }
}
