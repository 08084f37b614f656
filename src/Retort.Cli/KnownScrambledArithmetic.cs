using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.ScrambledArithmetic;

namespace Retort.Cli;

/// <summary>Scrambled arithmetic on the command line.</summary>
internal sealed class KnownScrambledArithmetic(ScrambledArithmeticTask task) : KnownTask
{
    private const int DefaultCount = 1000;

    public override ITask Task => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) =>
        [.. PromptLines.Read(path, most).Select(prompt => task.FromPrompt(prompt.Text, prompt.Where))];

    /// <summary>Solves each problem in every format.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var items = path is null ? null : ReadItems(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(items?.Count ?? count ?? DefaultCount, threads, i =>
        {
            var item = items?[i] ?? task.Create(Split.Test, i);
            return Enum.GetValues<ArithmeticFormat>().All(format => task.Solution(item, format) is { } solution && task.Verify(item, solution).Correct);
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
            format = item.Format?.ToString().ToLowerInvariant(),
            prompt = item.Prompt,
            answer = item.Answer,
            steps = item.NumSteps,
            corrupted = item.IsCorrupted,
        });
    }
}
