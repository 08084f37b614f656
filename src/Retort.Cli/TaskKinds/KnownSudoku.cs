using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;
using Retort.Tasks;
using Retort.Tasks.Sudoku;

namespace Retort.Cli.TaskKinds;

/// <summary>Sudoku on the command line.</summary>
internal sealed class KnownSudoku(SudokuTask task) : KnownTask
{
    private const int ItemsPerChunk = 512, DefaultCount = 1000;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override ITask Task => task;

    public SudokuTask Sudoku => task;

    public override IReadOnlyList<TaskItem> ReadItems(string path, int? most) =>
        [.. SudokuReader.ReadFile(path, task.Settings.Size).Take(most ?? int.MaxValue).Select(puzzle => task.FromPuzzle(puzzle, puzzle.Where))];

    /// <summary>Boards of any size: the solver needs no settings.</summary>
    public override OracleResult Solve(string? path, int? count, int threads, TimeProvider time)
    {
        var puzzles = path is null
            ? ParallelItems.Make(count ?? DefaultCount, threads, i => SudokuPuzzle.Parse(task.CreateItem(Split.Test, i).Puzzle))
            : SudokuReader.ReadFile(path);
        var report = SudokuOracle.Solve([.. puzzles.Take(count ?? int.MaxValue)], threads, time);
        return new OracleResult(report.Puzzles, report.Solved, report.Unique, report.Puzzles / report.PuzzlesPerSecond);
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
                }

                progress(first + size);
            }
        });

    private byte[] Line(Split split, long index)
    {
        var item = task.CreateItem(split, index);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Json))
        {
            json.WriteStartObject();
            json.WriteString("id", item.Id);
            json.WriteString("split", split.ToString().ToLowerInvariant());
            json.WriteString("puzzle", item.Puzzle);
            json.WriteString("solution", item.Solution);
            json.WriteString("variant", task.Settings.Variant.ToString().ToLowerInvariant());
            json.WriteNumber("reverts", item.NumReverts);
            // As everywhere, tokens are what single spaces separate.
            var trace = $"{item.Prompt} {item.Answer}";
            json.WriteString("trace", trace);
            json.WriteNumber("tokens", trace.Count(c => c == ' ') + 1);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        return bytes.WrittenSpan.ToArray();
    }
}
