using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Retort.Core;

namespace Retort.Tasks.CountDown;

/// <summary>
/// Writes problems and demonstrations as JSON, one object a line
/// <c>{id,split,numbers,target,solution,variant,heuristic,trace,solved,tokens}</c>, in the order of their indices. Memory
/// is constant and the bytes are the same for every number of threads.
/// </summary>
public static class CountDownExport
{
    private const int ItemsPerChunk = 128;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes a file, atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">The task's settings.</param>
    /// <param name="split">Which split.</param>
    /// <param name="count">How many items, from index 0.</param>
    /// <param name="threads">How many items are made at once; at least 1.</param>
    /// <param name="progress">Told how many items are written, every chunk.</param>
    /// <param name="cancellation">Ends the work; the file is then left as it was.</param>
    public static void Write(
        string path, CountDownSettings settings, Split split, long count, int threads, Action<long>? progress = null,
        CancellationToken cancellation = default) =>
        AtomicFile.Write(path, stream => Write(stream, settings, split, count, threads, progress, cancellation));

    /// <summary>As <see cref="Write(string, CountDownSettings, Split, long, int, Action{long}?, CancellationToken)"/>, to a stream.</summary>
    public static void Write(
        Stream stream, CountDownSettings settings, Split split, long count, int threads, Action<long>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        OrderedChunks.Run(
            count, ItemsPerChunk, threads, () => new Worker(settings, split), (worker, index) => worker.Add(index),
            (worker, done) =>
            {
                stream.Write(worker.Bytes.WrittenSpan);
                worker.Bytes.Clear();
                progress?.Invoke(done);
            },
            cancellation);
    }

    /// <summary>The variant's name in files and on the command line: "backtracking", "stacked_direct", ...</summary>
    public static string NameOf(CountDownVariant variant) =>
        variant == CountDownVariant.StackedDirect ? "stacked_direct" : variant.ToString().ToLowerInvariant();

    private sealed class Worker
    {
        private readonly Demonstrator demonstrator;
        private readonly Split split;
        private readonly string splitName, variantName;

        public Worker(CountDownSettings settings, Split split)
        {
            demonstrator = new Demonstrator(settings);
            this.split = split;
            (splitName, variantName) = (CountDownTask.NameOf(split), NameOf(settings.Variant));
        }

        public ArrayBufferWriter<byte> Bytes { get; } = new(1 << 20);

        public void Add(long index)
        {
            var problem = demonstrator.CreateProblem(split, index);
            var shown = demonstrator.Demonstrate(problem, split, index);
            var writer = demonstrator.Writer;
            using var json = new Utf8JsonWriter(Bytes, Json);
            json.WriteStartObject();
            json.WriteString("id", $"{splitName}-{index}");
            json.WriteString("split", splitName);
            json.WriteStartArray("numbers");
            foreach (var number in problem.Numbers)
            {
                json.WriteNumberValue(number);
            }

            json.WriteEndArray();
            json.WriteNumber("target", problem.Target);
            json.WriteStartArray("solution");
            foreach (var operation in problem.Solution)
            {
                json.WriteStringValue(operation.ToString());
            }

            json.WriteEndArray();
            json.WriteString("variant", variantName);
            json.WriteString("heuristic", shown.Heuristic);
            json.WriteString("trace", writer.Text.Written);
            json.WriteBoolean("solved", shown.Solved);
            json.WriteNumber("tokens", writer.Tokens);
            json.WriteEndObject();
            json.Flush();
            Bytes.Write("\n"u8);
        }
    }
}
