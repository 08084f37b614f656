using System.Text;
using Retort.Core;
using Retort.Inference;
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
