using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.Instructions;

namespace Retort.Cli;

/// <summary>Instructions on the command line.</summary>
internal sealed class KnownInstructions(InstructionTask task) : KnownTask
{
    private const int ItemsPerChunk = 512, DefaultCount = 1000;
    private const string Expected = "objects with \"prompt\", one a line";

    public override ITask Task => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) =>
        [.. ReadPrompts(path, most).Select(prompt => task.FromPrompt(prompt.Text, prompt.Where))];

    /// <summary>Stories have no solution to look for, only their prompts to read; they count as solved if a story can be told.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var prompts = path is null ? null : ReadPrompts(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(prompts?.Count ?? count ?? DefaultCount, threads, i =>
        {
            var item = prompts is null ? task.Create(Split.Test, i) : task.FromPrompt(prompts[i].Text, prompts[i].Where);
            return task.Verify(item, InstructionTask.Solve(item.Prompt) ?? item.Answer).Correct;
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
            kind = item.Kind.ToString().ToLowerInvariant(),
            prompt = item.Prompt,
            answer = item.Answer,
            output_tokens = item.OutputTokens,
        });
    }

    private static List<(string Text, string Where)> ReadPrompts(string path, int? most)
    {
        var prompts = new List<(string, string)>();
        foreach (var line in InputFile.ReadObjects(path, Expected).Take(most ?? int.MaxValue))
        {
            if (!line.Fields.TryGetProperty("prompt", out var prompt) || prompt.ValueKind != JsonValueKind.String)
            {
                throw UserError.Request(line.Where, "has no \"prompt\"", Expected);
            }

            prompts.Add((prompt.GetString()!, line.Where));
        }

        return prompts;
    }
}
