using System.Text;
using System.Text.Json;
using Retort.Core;
using Retort.Inference;
using Retort.Models.Tokenizers;
using Retort.Tasks;

namespace Retort.Training;

/// <summary>The file of an evaluation: graded samples, one a line, in the order (problem, sample).</summary>
public static class GradedSamples
{
    /// <summary>A <see cref="SampleLine"/> each. Writes the whole file or nothing.</summary>
    public static void Write(
        string path, string model, IReadOnlyList<TaskItem> items, IReadOnlyList<GradedCompletion> graded, float temperature) =>
        WriteLines(path, graded.Select(sample => SampleLine.Of(
            $"{items[sample.Problem].Id}/{sample.Sample}", items[sample.Problem].Prompt, sample.Text, sample.Completion, sample.Sample,
            GradeOf(model, items, sample, temperature))));

    /// <summary>The marks alone, of several temperatures one after the other.</summary>
    public static void WriteMarks(
        string path, string model, IReadOnlyList<TaskItem> items,
        IEnumerable<(float Temperature, IReadOnlyList<GradedCompletion> Graded)> evaluations) =>
        WriteLines(path, evaluations.SelectMany(evaluation => evaluation.Graded.Select(sample =>
            SampleLine.Marks(GradeOf(model, items, sample, evaluation.Temperature), sample.Sample))));

    /// <summary>What <see cref="Write"/> wrote of these problems, graded again; null if it is not there, or of others.</summary>
    public static IReadOnlyList<GradedCompletion>? Read(string path, ITask task, ITokenizer tokenizer, IReadOnlyList<TaskItem> items, int samples)
    {
        var graded = new List<GradedCompletion>();
        try
        {
            foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
            {
                using var document = JsonDocument.Parse(line);
                var (fields, problem, sample) = (document.RootElement, graded.Count / samples, graded.Count % samples);
                if (problem == items.Count || fields.GetProperty("id").GetString() != $"{items[problem].Id}/{sample}")
                {
                    return null;
                }

                var text = fields.GetProperty("text").GetString()!;
                var reason = fields.GetProperty("finish_reason").GetString() == "stop" ? FinishReason.Stop : FinishReason.Length;
                int[] tokens = [.. fields.GetProperty("tokens").EnumerateArray().Select(token => token.GetInt32())];
                float[] logprobs = [.. fields.GetProperty("logprob_bits").EnumerateArray().Select(
                    bits => BitConverter.UInt32BitsToSingle(Convert.ToUInt32(bits.GetString(), 16)))];
                graded.Add(new GradedCompletion(
                    problem, sample, tokenizer.Encode(items[problem].Prompt).Length, new Completion(problem, sample, tokens, logprobs, reason), text,
                    task.Verify(items[problem], text)));
            }
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }

        return graded.Count == items.Count * samples ? graded : null;
    }

    private static SampleGrade GradeOf(string model, IReadOnlyList<TaskItem> items, GradedCompletion sample, float temperature) => new(
        items[sample.Problem].Id, model, temperature, sample.Verdict.Correct, sample.Verdict.Answer, sample.Verdict.Plan, sample.Verdict.Execute);

    private static void WriteLines(string path, IEnumerable<string> lines) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (var line in lines)
        {
            writer.WriteLine(line);
        }
    });
}
