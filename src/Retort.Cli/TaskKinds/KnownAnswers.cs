using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.Answers;

namespace Retort.Cli.TaskKinds;

/// <summary>Problems with answers from a file on the command line.</summary>
internal sealed class KnownAnswers(AnswerTask task) : KnownTask
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override ITask Task => task;

    public AnswerTask Answers => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) => [.. task.Read(path).Take(most ?? int.MaxValue).Select(line => line.Item)];

    /// <summary>There is no solver: a problem counts as solved if its own answer passes the rule.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var start = time.GetTimestamp();
        var items = path is null ? Own(Split.Test, count ?? int.MaxValue) : ReadItems(path, count);
        return new OracleResult(items.Count, items.Count(item => task.Verify(item, item.Answer).Correct), null, time.GetElapsedTime(start).TotalSeconds);
    }

    public override void Export(string path, Split split, long count, int threads, Action<long> progress, CancellationToken cancellation) =>
        AtomicFile.Write(path, stream =>
        {
            for (var i = 0L; i < count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var item = task.Create(split, i);
                JsonSerializer.Serialize(stream, new { id = item.Id, split = split.ToString().ToLowerInvariant(), prompt = item.Prompt, answer = item.Answer }, Json);
                stream.WriteByte((byte)'\n');
                progress(i + 1);
            }
        });

    /// <summary>The first problems of a split, at most as many as there are.</summary>
    public IReadOnlyList<TaskItem> Own(Split split, int most) =>
        [.. Enumerable.Range(0, Math.Min(most, task.Count(split))).Select(i => task.Create(split, i))];
}
