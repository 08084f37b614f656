using System.Text.Json;
using Retort.Core;
using Retort.Tasks;

namespace Retort.Cli.TaskKinds;

/// <summary>A task whose problems are made one by one and read from lines, on the command line.</summary>
/// <param name="task">The task.</param>
/// <param name="create">Problem number n of a split.</param>
/// <param name="read">The problems of a file, at most so many.</param>
/// <param name="solves">Whether a solution of ours solves the problem.</param>
/// <param name="describe">The fields of an exported line.</param>
internal sealed class KnownPromptTask<TItem>(
    ITask task, Func<Split, long, TItem> create, Func<string, int?, TItem[]> read, Func<TItem, bool> solves, Func<TItem, string, object> describe) : KnownTask
    where TItem : TaskItem
{
    private const int DefaultCount = 1000;

    public override ITask Task => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) => read(path, most);

    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var items = path is null ? null : read(path, count);
        var start = time.GetTimestamp();
        var solved = ParallelItems.Make(items?.Length ?? count ?? DefaultCount, threads, i => solves(items?[i] ?? create(Split.Test, i)));
        return new OracleResult(solved.Length, solved.Count(right => right), null, time.GetElapsedTime(start).TotalSeconds);
    }

    public override void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation) =>
        PromptLines.Write(
            path, count, threads,
            index => JsonSerializer.SerializeToUtf8Bytes(describe(create(split, index), split.ToString().ToLowerInvariant())), progress, cancellation);
}
