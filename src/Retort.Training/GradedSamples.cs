using System.Text;
using Retort.Core;
using Retort.Inference;
using Retort.Tasks;

namespace Retort.Training;

/// <summary>The file of an evaluation: graded samples, one <see cref="SampleLine"/> each, in the order (problem, sample).</summary>
public static class GradedSamples
{
    /// <summary>Writes the whole file or nothing.</summary>
    public static void Write(
        string path, string model, IReadOnlyList<TaskItem> items, IReadOnlyList<GradedCompletion> graded, float temperature) =>
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            foreach (var sample in graded)
            {
                var (item, verdict) = (items[sample.Problem], sample.Verdict);
                var grade = new SampleGrade(item.Id, model, temperature, verdict.Correct, verdict.Answer, verdict.Plan, verdict.Execute);
                writer.WriteLine(SampleLine.Of($"{item.Id}/{sample.Sample}", item.Prompt, sample.Text, sample.Completion, sample.Sample, grade));
            }
        });
}
